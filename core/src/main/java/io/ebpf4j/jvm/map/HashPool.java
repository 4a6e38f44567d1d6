package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.map.JvmMap.ValueArea;
import io.ebpf4j.jvm.memory.Blocks;
import io.ebpf4j.jvm.memory.Memory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * The elements of a hash that hold no key. Those of a preallocated hash lie in one chunk, others
 * come in chunks as they are needed; all stay until the map goes, so a pointer to a value is good
 * memory for as long as a program may hold it, though another key may get the element meanwhile, as
 * on Linux.
 *
 * <p>Free elements are a stack. Its head is an address and a count of changes in one word, so that
 * a thread that was slow sees that an element went and came back. Each CPU keeps one element aside:
 * replacing a value swaps it for the old one. Whoever holds an element outside of the map waits for
 * nobody who needs one, so there are a few more elements than keys and waiting ends. Thread safe.
 */
final class HashPool {
  private static final long CACHE_LINE_BYTES = 64;
  private static final long CHUNK_BYTES = 1 << 16;
  private static final int TAG_BITS = 20;
  private static final int SPARE_STRIDE = 16;
  private static final int SPINS = 100;

  private final HashLayout layout;
  private final Blocks blocks;
  private final int cpus;
  private final long limit;
  private final long chunkElements;
  private final long cpuStride;
  private final AtomicLong free = new AtomicLong();
  private final long[] spares;
  private volatile long[] chunks = {};

  /**
   * Makes a pool.
   *
   * @param keys how many keys the map takes
   */
  HashPool(HashLayout layout, Blocks blocks, int cpus, long keys, boolean preallocated) {
    this.layout = layout;
    this.blocks = blocks;
    this.cpus = cpus;
    this.limit = keys + cpus + 1;
    long bytes = layout.stride() + (layout.perCpu() ? (long) cpus * layout.valueSize() : 0);
    this.chunkElements =
        preallocated ? limit : Math.clamp(CHUNK_BYTES / bytes, Math.min(limit, 8), limit);
    this.cpuStride = lines(multiplied(chunkElements, layout.valueSize()));
    this.spares = new long[cpus * SPARE_STRIDE];
    if (preallocated) {
      grow();
    }
  }

  /** Bytes from one CPU's values to the next's. */
  long cpuStride() {
    return cpuStride;
  }

  /** An element for the thread that is on a CPU. */
  long take(Cpu cpu) {
    int spare = cpu.number() * SPARE_STRIDE;
    long element = spares[spare];
    if (element == 0) {
      return take();
    }
    spares[spare] = 0;
    return element;
  }

  /** Takes back an element from the thread that is on a CPU. */
  void give(Cpu cpu, long element) {
    int spare = cpu.number() * SPARE_STRIDE;
    if (spares[spare] == 0) {
      spares[spare] = element;
    } else {
      give(element);
    }
  }

  /** An element for any thread. */
  long take() {
    for (int tries = 0; ; tries++) {
      long head = free.get();
      long element = address(head);
      if (element == 0) {
        if (!grow()) {
          pause(tries);
        }
        continue;
      }
      long next = Memory.getLong(element + HashLayout.NEXT_FREE);
      if (free.compareAndSet(head, head(next, head))) {
        return element;
      }
    }
  }

  /** Takes back an element from any thread. */
  void give(long element) {
    long head;
    do {
      head = free.get();
      Memory.putLong(element + HashLayout.NEXT_FREE, address(head));
    } while (!free.compareAndSet(head, head(element, head)));
  }

  /** Whether a value of an element, used or not, lies there; for a per-CPU hash: of CPU 0. */
  boolean holdsValue(long value) {
    for (long chunk : chunks) {
      long offset = value - chunk - layout.valueOffset();
      if (offset >= 0 && offset < chunkElements * layout.stride()) {
        return offset % layout.stride() == 0;
      }
    }
    return false;
  }

  /** Where values lie. */
  List<ValueArea> valueAreas(int valueSize, boolean readable, boolean writable) {
    List<ValueArea> areas = new ArrayList<>();
    for (long chunk : chunks) {
      if (layout.perCpu()) {
        for (int cpu = 0; cpu < cpus; cpu++) {
          long base = perCpuValues(chunk) + cpu * cpuStride;
          areas.add(
              new ValueArea(
                  base, chunkElements, layout.valueSize(), valueSize, readable, writable));
        }
      } else {
        long base = chunk + layout.valueOffset();
        areas.add(
            new ValueArea(base, chunkElements, layout.stride(), valueSize, readable, writable));
      }
    }
    return areas;
  }

  /** Adds a chunk of free elements, unless there are all, and says whether there may be some. */
  private synchronized boolean grow() {
    if (address(free.get()) != 0) {
      return true;
    }
    long[] old = chunks;
    if (old.length * chunkElements >= limit) {
      return false;
    }
    long elementBytes = lines(multiplied(chunkElements, layout.stride()));
    long valueBytes = layout.perCpu() ? multiplied(cpuStride, cpus) : 0;
    long chunk = blocks.allocate(Math.addExact(elementBytes, valueBytes), CACHE_LINE_BYTES);
    long[] all = new long[old.length + 1];
    System.arraycopy(old, 0, all, 0, old.length);
    all[old.length] = chunk;
    chunks = all;
    for (long i = chunkElements - 1; i >= 0; i--) {
      long element = chunk + i * layout.stride();
      if (layout.perCpu()) {
        Memory.putLong(
            element + layout.valueOffset(), perCpuValues(chunk) + i * layout.valueSize());
      }
      give(element);
    }
    return true;
  }

  private long perCpuValues(long chunk) {
    return chunk + lines(chunkElements * layout.stride());
  }

  private static long lines(long bytes) {
    return (bytes + CACHE_LINE_BYTES - 1) & -CACHE_LINE_BYTES;
  }

  private static long multiplied(long count, long bytes) {
    if (bytes != 0 && count > Long.MAX_VALUE / 4 / bytes) {
      throw new OutOfMemoryError(
          "%d times %d bytes are more than the address space".formatted(count, bytes));
    }
    return count * bytes;
  }

  // Elements are multiples of 8 below 2^47: an address takes 44 bits of the head.

  private static long address(long head) {
    return head >>> TAG_BITS << 3;
  }

  private static long head(long element, long before) {
    return element >>> 3 << TAG_BITS | before + 1 & (1 << TAG_BITS) - 1;
  }

  private static void pause(int tries) {
    if (tries < SPINS) {
      Thread.onSpinWait();
    } else {
      LockSupport.parkNanos(1_000);
    }
  }
}
