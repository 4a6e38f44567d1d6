package io.ebpf4j.linux;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.PerfReader;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/** Reads a PERF_EVENT_ARRAY of the Linux kernel: one perf event for each CPU that is there. */
final class LinuxPerfReader implements PerfReader {
  private static final int PAGE_BYTES = 4096;

  private final String map;
  private final MapFile file;
  private final boolean entriesStay;
  private final List<PerfRing> rings = new ArrayList<>();
  private final Wakeup wakeup = new Wakeup();
  private final AtomicBoolean closed = new AtomicBoolean();
  private int next;

  private LinuxPerfReader(BpfMap map, MapFile file) {
    this.map = map.toString();
    this.file = file;
    this.entriesStay = (map.spec().flags() & MapFlags.PRESERVE_ELEMS) != 0;
  }

  /**
   * Opens an event for each CPU and puts it into the map.
   *
   * @throws BpfException EINVAL for another map type or size; what the kernel refuses
   */
  static LinuxPerfReader open(BpfMap map, int ringBytes) {
    if (map.spec().type() != MapType.PERF_EVENT_ARRAY) {
      throw new BpfException(Errno.EINVAL, "%s is no PERF_EVENT_ARRAY".formatted(map));
    }
    if (ringBytes < PAGE_BYTES || Integer.bitCount(ringBytes) != 1) {
      throw new BpfException(
          Errno.EINVAL, "a perf ring has a power of two of bytes, at least 4096, not " + ringBytes);
    }
    MapFile file = MapFile.reopen(map);
    LinuxPerfReader reader;
    try {
      reader = new LinuxPerfReader(map, file);
    } catch (RuntimeException failure) {
      file.close();
      throw failure;
    }
    try {
      int cpus = (int) Math.min(LinuxKernel.readPossibleCpus(), maxEntries(map));
      for (int cpu = 0; cpu < cpus; cpu++) {
        PerfRing.open(cpu, ringBytes).ifPresent(reader::add);
      }
      return reader;
    } catch (RuntimeException failure) {
      reader.close();
      throw failure;
    }
  }

  private static long maxEntries(BpfMap map) {
    return Integer.toUnsignedLong(map.spec().maxEntries());
  }

  private void add(PerfRing ring) {
    rings.add(ring);
    file.update(ring.cpu(), ring.fd());
    wakeup.add(ring.fd());
  }

  @Override
  public synchronized Optional<Event> read(Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      if (closed.get()) {
        throw new IllegalStateException("the perf reader of %s was closed".formatted(map));
      }
      Optional<Event> event = poll();
      if (event.isPresent()) {
        return event;
      }
      long left = deadline - System.nanoTime();
      if (left <= 0 || Thread.currentThread().isInterrupted()) {
        return Optional.empty();
      }
      wakeup.await(left);
    }
  }

  /** The next event, CPUs by turns. */
  private Optional<Event> poll() {
    for (int i = 0; i < rings.size(); i++) {
      PerfRing ring = rings.get(next);
      next = (next + 1) % rings.size();
      Optional<Event> event = ring.poll();
      if (event.isPresent()) {
        return event;
      }
    }
    return Optional.empty();
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      wakeup.wake();
      release();
    }
  }

  private synchronized void release() {
    for (PerfRing ring : rings) {
      if (entriesStay || !file.own()) {
        file.delete(ring.cpu());
      }
    }
    file.close();
    rings.forEach(PerfRing::close);
    wakeup.close();
  }
}
