package io.ebpf4j.jvm.map;

import io.ebpf4j.PerfReader;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.handle.Counted;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A perf event of one CPU that collects what programs put out there: a ring of records as in
 * perf_event_open(2), written by the thread on that CPU and read by one reader, without locks.
 *
 * <p>A sample is a header, the size of its data as a u32, and the data, padded so that the record
 * is a multiple of 8 bytes; the padding counts as data and holds what lay in the ring before. A
 * record that finds no room is lost; the next that finds room has the number of lost ones before
 * it. One byte of the ring stays free, so that a full ring differs from an empty one.
 */
public final class PerfEvent extends Counted {
  private static final int SAMPLE = 9;
  private static final int LOST = 2;
  private static final int HEADER_BYTES = 8;
  private static final int LOST_BYTES = 24;
  private static final int LOST_COUNT_OFFSET = 16;
  private static final int MAX_RECORD_BYTES = 65_528;
  private static final int PAGE_BYTES = 4096;

  private final Machine machine;
  private final int cpu;
  private final Block ring;
  private final long mask;
  private final AtomicLong head = new AtomicLong();
  private final AtomicLong tail = new AtomicLong();
  private volatile @Nullable Thread waiter;
  private long lost;

  /**
   * An event, held once.
   *
   * @param cpu the CPU whose programs write it
   * @param ringBytes room for records: a power of two, at least 4096
   * @throws IllegalArgumentException for other sizes
   */
  public PerfEvent(Machine machine, int cpu, int ringBytes) {
    if (ringBytes < PAGE_BYTES || Integer.bitCount(ringBytes) != 1) {
      throw new IllegalArgumentException(
          "a perf ring has a power of two of bytes, at least %d, not %d"
              .formatted(PAGE_BYTES, ringBytes));
    }
    this.machine = machine;
    this.cpu = cpu;
    this.ring = Block.allocate(ringBytes, Long.BYTES);
    this.mask = ringBytes - 1L;
  }

  /** Gives bytes of the packet that a program wants behind its data. */
  public interface PacketBytes {
    /** Copies {@code bytes} bytes from {@code offset} of the packet to an address. */
    void copy(long offset, long to, long bytes);
  }

  /** The CPU whose programs write it. */
  public int cpu() {
    return cpu;
  }

  /**
   * Adds a sample; called on the event's CPU.
   *
   * @param packet where the bytes behind the data come from, or null for none
   * @return 0, ENOSPC below 0 where the ring is full, or E2BIG below 0 for more than a record holds
   */
  long output(long data, long dataBytes, @Nullable PacketBytes packet, long packetBytes) {
    long dataSize = dataBytes + packetBytes;
    long recordBytes = HEADER_BYTES + ((Integer.BYTES + dataSize + 7) & -8L);
    if (recordBytes > MAX_RECORD_BYTES) {
      return -Errno.E2BIG.number();
    }
    long at = head.getPlain();
    long free = (tail.getAcquire() - at - 1) & mask;
    if (recordBytes + (lost > 0 ? LOST_BYTES : 0) > free) {
      lost++;
      return -Errno.ENOSPC.number();
    }
    if (lost > 0) {
      putHeader(at, LOST, 0, LOST_BYTES);
      putLong(at + HEADER_BYTES, 0);
      putLong(at + LOST_COUNT_OFFSET, lost);
      at += LOST_BYTES;
      lost = 0;
    }
    putHeader(at, SAMPLE, 1, recordBytes);
    Memory.putInt(address(at + HEADER_BYTES), (int) (recordBytes - HEADER_BYTES - Integer.BYTES));
    long to = at + HEADER_BYTES + Integer.BYTES;
    long first = Math.min(dataBytes, toWrap(to));
    Memory.copy(data, address(to), first);
    Memory.copy(data + first, ring.address(), dataBytes - first);
    if (packet != null) {
      long behind = to + dataBytes;
      long firstOfPacket = Math.min(packetBytes, toWrap(behind));
      packet.copy(0, address(behind), firstOfPacket);
      if (firstOfPacket < packetBytes) {
        packet.copy(firstOfPacket, ring.address(), packetBytes - firstOfPacket);
      }
    }
    head.set(at + recordBytes);
    Thread waiting = waiter;
    if (waiting != null) {
      LockSupport.unpark(waiting);
    }
    return 0;
  }

  /** Whether there is nothing to read. */
  boolean isEmpty() {
    return head.get() == tail.getPlain();
  }

  /** Takes the next record, or gives null; for one reader. */
  PerfReader.@Nullable Event poll() {
    long at = tail.getPlain();
    if (head.getAcquire() == at) {
      return null;
    }
    int type = Memory.getInt(address(at));
    int recordBytes = Short.toUnsignedInt(Memory.getShort(address(at + 6)));
    PerfReader.Event event =
        type == LOST
            ? new PerfReader.Event(
                cpu, new byte[0], Memory.getLong(address(at + LOST_COUNT_OFFSET)))
            : new PerfReader.Event(cpu, sample(at), 0);
    tail.setRelease(at + recordBytes);
    return event;
  }

  /** Names the thread to wake when something has been written, or null for none. */
  void waiter(@Nullable Thread thread) {
    waiter = thread;
  }

  @Override
  public String toString() {
    return "perf event of CPU " + cpu;
  }

  @Override
  protected void free() {
    machine.rcu().call(ring::close);
  }

  /** Whether a program on that CPU may write. */
  boolean isOn(Cpu running) {
    return running.number() == cpu;
  }

  private byte[] sample(long at) {
    byte[] data = new byte[Memory.getInt(address(at + HEADER_BYTES))];
    long from = at + HEADER_BYTES + Integer.BYTES;
    int first = (int) Math.min(data.length, toWrap(from));
    Memory.copy(address(from), data, 0, first);
    Memory.copy(ring.address(), data, first, data.length - first);
    return data;
  }

  // A header is one aligned word: records are multiples of 8 bytes, so it never wraps.
  private void putHeader(long at, int type, int misc, long bytes) {
    putLong(at, type | (long) misc << 32 | bytes << 48);
  }

  private void putLong(long at, long value) {
    Memory.putLong(address(at), value);
  }

  private long address(long at) {
    return ring.address() + (at & mask);
  }

  private long toWrap(long at) {
    return mask + 1 - (at & mask);
  }
}
