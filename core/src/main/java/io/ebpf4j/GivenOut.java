package io.ebpf4j;

import io.ebpf4j.BpfMap.Mapping;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * For implementations of {@link Kernel}: the readers and mappings that one gave out and that are
 * open. Thread safe.
 */
public final class GivenOut {
  private final Set<AutoCloseable> open = ConcurrentHashMap.newKeySet();

  /** Makes a register in which nothing is. */
  public GivenOut() {}

  /** The open ones; each tells in words what it is. */
  public Set<AutoCloseable> open() {
    return Set.copyOf(open);
  }

  /** A reader that is registered until it is closed. */
  public PerfReader add(BpfMap map, PerfReader reader) {
    PerfReader registered = new Perf("the perf reader of " + map, reader, open);
    open.add(registered);
    return registered;
  }

  /** A reader that is registered until it is closed. */
  public RingReader add(BpfMap map, RingReader reader) {
    RingReader registered = new Ring("the ring reader of " + map, reader, open);
    open.add(registered);
    return registered;
  }

  /** A mapping that is registered until it is closed. */
  public Mapping add(BpfMap map, Mapping mapping) {
    Mapping registered = new View("a mapping of " + map, mapping, open);
    open.add(registered);
    return registered;
  }

  // Their equality is that of objects: a map may have several of them.

  private static final class Perf implements PerfReader {
    private final String words;
    private final PerfReader reader;
    private final Set<AutoCloseable> open;

    Perf(String words, PerfReader reader, Set<AutoCloseable> open) {
      this.words = words;
      this.reader = reader;
      this.open = open;
    }

    @Override
    public Optional<Event> read(Duration timeout) {
      return reader.read(timeout);
    }

    @Override
    public void close() {
      open.remove(this);
      reader.close();
    }

    @Override
    public String toString() {
      return words;
    }
  }

  private static final class Ring implements RingReader {
    private final String words;
    private final RingReader reader;
    private final Set<AutoCloseable> open;

    Ring(String words, RingReader reader, Set<AutoCloseable> open) {
      this.words = words;
      this.reader = reader;
      this.open = open;
    }

    @Override
    public int read(Consumer<MemorySegment> records, int most, Duration timeout) {
      return reader.read(records, most, timeout);
    }

    @Override
    public void close() {
      open.remove(this);
      reader.close();
    }

    @Override
    public String toString() {
      return words;
    }
  }

  private static final class View implements Mapping {
    private final String words;
    private final Mapping mapping;
    private final Set<AutoCloseable> open;

    View(String words, Mapping mapping, Set<AutoCloseable> open) {
      this.words = words;
      this.mapping = mapping;
      this.open = open;
    }

    @Override
    public MemorySegment segment() {
      return mapping.segment();
    }

    @Override
    public void close() {
      open.remove(this);
      mapping.close();
    }

    @Override
    public String toString() {
      return words;
    }
  }
}
