package io.ebpf4j.jvm.map;

import io.ebpf4j.BpfException;
import io.ebpf4j.PerfReader;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.handle.FdTable;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Reads a PERF_EVENT_ARRAY of the kernel in the JVM: one event for each CPU. */
public final class PerfEventReader implements PerfReader {
  private final PerfEventArray map;
  private final List<PerfEvent> events = new ArrayList<>();
  private int next;
  private boolean released;
  private volatile @Nullable Thread waiting;
  private volatile boolean closed;

  private PerfEventReader(PerfEventArray map) {
    this.map = map;
  }

  /**
   * Makes an event for each CPU and puts it into the map, which it holds.
   *
   * @param ringBytes room for records for each CPU: a power of two, at least 4096
   * @throws BpfException EINVAL for other sizes and maps, EPERM where the map refuses updates
   */
  public static PerfEventReader open(Machine machine, JvmMap map, int ringBytes) {
    if (!(map instanceof PerfEventArray array)) {
      throw new BpfException(
          Errno.EINVAL, "%s is no PERF_EVENT_ARRAY but %s".formatted(map, map.spec().type()));
    }
    if (ringBytes < 4096 || Integer.bitCount(ringBytes) != 1) {
      throw new BpfException(
          Errno.EINVAL, "a perf ring has a power of two of bytes, at least 4096, not " + ringBytes);
    }
    array.retain();
    PerfEventReader reader = new PerfEventReader(array);
    try {
      long count = Math.min(machine.cpus().size(), array.layout.count());
      for (int cpu = 0; cpu < count; cpu++) {
        reader.add(machine, cpu, ringBytes);
      }
      return reader;
    } catch (Throwable failure) {
      reader.close();
      throw failure;
    }
  }

  @Override
  public synchronized Optional<Event> read(Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      if (closed) {
        throw new IllegalStateException("the perf reader of %s was closed".formatted(map));
      }
      Event event = poll();
      if (event != null) {
        return Optional.of(event);
      }
      long left = deadline - System.nanoTime();
      if (left <= 0 || Thread.currentThread().isInterrupted()) {
        return Optional.empty();
      }
      await(left);
    }
  }

  @Override
  public void close() {
    closed = true;
    Thread reading = waiting;
    if (reading != null) {
      LockSupport.unpark(reading);
    }
    release();
  }

  private void add(Machine machine, int cpu, int ringBytes) {
    FdTable fds = machine.slots().get(FdTable.SLOT);
    PerfEvent event = new PerfEvent(machine, cpu, ringBytes);
    events.add(event);
    int fd = fds.open(event);
    try {
      map.user().update(number(cpu), number(fd), MapFlags.ANY);
    } finally {
      fds.close(fd);
    }
  }

  private synchronized void release() {
    if (released) {
      return;
    }
    released = true;
    for (int cpu = 0; cpu < events.size(); cpu++) {
      map.remove(cpu, events.get(cpu));
      events.get(cpu).release();
    }
    map.release();
  }

  /** The next event, CPUs by turns, or null. */
  private @Nullable Event poll() {
    for (int i = 0; i < events.size(); i++) {
      PerfEvent candidate = events.get(next);
      next = (next + 1) % events.size();
      Event event = candidate.poll();
      if (event != null) {
        return event;
      }
    }
    return null;
  }

  private void await(long nanos) {
    waiting = Thread.currentThread();
    events.forEach(event -> event.waiter(Thread.currentThread()));
    try {
      if (!closed && events.stream().allMatch(PerfEvent::isEmpty)) {
        LockSupport.parkNanos(this, nanos);
      }
    } finally {
      events.forEach(event -> event.waiter(null));
      waiting = null;
    }
  }

  private static MemorySegment number(int value) {
    MemorySegment bytes = MemorySegment.ofArray(new byte[Integer.BYTES]);
    bytes.set(ValueLayout.JAVA_INT_UNALIGNED, 0, value);
    return bytes;
  }
}
