package io.ebpf4j.linux;

import io.ebpf4j.PerfReader;
import io.ebpf4j.spec.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * A perf event of one CPU that collects what programs put out there, and its ring, as in
 * perf_event_open(2): a page of positions, then the records. Read by one thread at a time.
 */
final class PerfRing implements AutoCloseable {
  // struct perf_event_attr.
  private static final int ATTRIBUTE_BYTES = 112;
  private static final int SOFTWARE = 1;
  private static final int BPF_OUTPUT = 10;
  private static final int SAMPLE_RAW = 1 << 10;

  private static final int FLAG_CLOEXEC = 8;
  private static final int IOC_ENABLE = 0x2400;
  private static final int PAGE_BYTES = 4096;
  private static final int HEAD_OFFSET = 1024;
  private static final int TAIL_OFFSET = 1032;
  private static final int DATA_OFFSET = 1040;

  // struct perf_event_header and what follows.
  private static final int RECORD_LOST = 2;
  private static final int RECORD_SAMPLE = 9;
  private static final int SIZE_OFFSET = 6;
  private static final int HEADER_BYTES = 8;
  private static final int LOST_COUNT_OFFSET = 16;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  private final int cpu;
  private final int fd;
  private final SharedMemory memory;
  private final MemorySegment ring;

  private PerfRing(int cpu, int fd, SharedMemory memory, long dataOffset, int ringBytes) {
    this.cpu = cpu;
    this.fd = fd;
    this.memory = memory;
    this.ring = memory.segment().asSlice(dataOffset, ringBytes);
  }

  /**
   * Opens the event, or gives nothing where that CPU is not there now.
   *
   * @param ringBytes a power of two of pages
   */
  static Optional<PerfRing> open(int cpu, int ringBytes) {
    long opened = open(cpu);
    if (opened == -Errno.ENODEV.number()) {
      return Optional.empty();
    }
    if (opened < 0) {
      throw Bpf.failure(opened, "to open a perf event for CPU " + cpu);
    }
    int fd = (int) opened;
    try {
      SharedMemory memory =
          SharedMemory.map(
              fd,
              0,
              (long) ringBytes + PAGE_BYTES,
              true,
              "%d bytes for the perf ring of CPU %d; /proc/sys/kernel/perf_event_mlock_kb and the"
                      .formatted(ringBytes, cpu)
                  + " memlock limit (ulimit -l) allow so much without CAP_IPC_LOCK");
      long given = memory.segment().get(ValueLayout.JAVA_LONG, DATA_OFFSET);
      PerfRing ring = new PerfRing(cpu, fd, memory, given == 0 ? PAGE_BYTES : given, ringBytes);
      long enabled = Syscall.call(SystemCall.IOCTL, fd, IOC_ENABLE, 0, 0, 0, 0);
      if (enabled < 0) {
        memory.close();
        throw Bpf.failure(enabled, "to start the perf event of CPU " + cpu);
      }
      return Optional.of(ring);
    } catch (RuntimeException failure) {
      Bpf.closeFd(fd);
      throw failure;
    }
  }

  private static long open(int cpu) {
    try (Bpf bpf = new Bpf()) {
      MemorySegment attribute = bpf.buffer(ATTRIBUTE_BYTES);
      attribute.set(ValueLayout.JAVA_INT, 0, SOFTWARE);
      attribute.set(ValueLayout.JAVA_INT, 4, ATTRIBUTE_BYTES);
      attribute.set(ValueLayout.JAVA_LONG, 8, BPF_OUTPUT);
      attribute.set(ValueLayout.JAVA_LONG, 16, 1);
      attribute.set(ValueLayout.JAVA_LONG, 24, SAMPLE_RAW);
      attribute.set(ValueLayout.JAVA_INT, 48, 1);
      return Syscall.call(
          SystemCall.PERF_EVENT_OPEN, attribute.address(), -1, cpu, -1, FLAG_CLOEXEC, 0);
    }
  }

  int cpu() {
    return cpu;
  }

  int fd() {
    return fd;
  }

  /** Takes the next sample or note of lost ones. */
  Optional<PerfReader.Event> poll() {
    long at = memory.segment().get(ValueLayout.JAVA_LONG, TAIL_OFFSET);
    long head = memory.acquire(HEAD_OFFSET);
    while (at != head) {
      int type = ring.get(INT, at & ring.byteSize() - 1);
      int bytes =
          Short.toUnsignedInt(
              ring.get(ValueLayout.JAVA_SHORT, at + SIZE_OFFSET & ring.byteSize() - 1));
      MemorySegment record = copy(at, bytes);
      at += bytes;
      memory.release(TAIL_OFFSET, at);
      if (type == RECORD_SAMPLE) {
        int size = record.get(INT, HEADER_BYTES);
        MemorySegment data = record.asSlice(HEADER_BYTES + Integer.BYTES, size);
        return Optional.of(new PerfReader.Event(cpu, data.toArray(ValueLayout.JAVA_BYTE), 0));
      }
      if (type == RECORD_LOST) {
        long lost = record.get(ValueLayout.JAVA_LONG_UNALIGNED, LOST_COUNT_OFFSET);
        return Optional.of(new PerfReader.Event(cpu, new byte[0], lost));
      }
    }
    return Optional.empty();
  }

  /** A record's bytes, put together where it goes over the end of the ring. */
  private MemorySegment copy(long at, int bytes) {
    MemorySegment copy = MemorySegment.ofArray(new byte[bytes]);
    long from = at & ring.byteSize() - 1;
    long first = Math.min(bytes, ring.byteSize() - from);
    MemorySegment.copy(ring, from, copy, 0, first);
    MemorySegment.copy(ring, 0, copy, first, bytes - first);
    return copy;
  }

  @Override
  public void close() {
    memory.close();
    Bpf.closeFd(fd);
  }
}
