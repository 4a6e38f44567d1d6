package io.ebpf4j.cli;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A map's elements as bpftool dumps them: in the map's order, each with its value or error. */
final class MapDump {
  private final String name;
  private final BpfMap map;
  private final MapSpec spec;

  /** A map by its name in the object: for global data the section's. */
  MapDump(String name, BpfMap map) {
    this.name = name;
    this.map = map;
    this.spec = map.spec();
  }

  String name() {
    return name;
  }

  MapSpec spec() {
    return spec;
  }

  /** Whether a value is one for each CPU. */
  boolean perCpu() {
    return switch (spec.type()) {
      case PERCPU_ARRAY, PERCPU_HASH, LRU_PERCPU_HASH, PERCPU_CGROUP_STORAGE -> true;
      default -> false;
    };
  }

  /** The CPUs that a per-CPU value has parts for. */
  int cpus() {
    return map.userValueSize() / stride();
  }

  /** The part of a per-CPU value that belongs to a CPU. */
  byte[] valueOf(int cpu, byte[] value) {
    return Arrays.copyOfRange(value, cpu * stride(), cpu * stride() + spec.valueSize());
  }

  /**
   * Calls the visitor for each element; the arrays are used again for the next one. Maps without
   * keys (queues, rings, Bloom filters) have none.
   */
  void forEach(Visitor visitor) throws IOException {
    if (spec.keySize() == 0) {
      return;
    }
    byte[] key = new byte[spec.keySize()];
    byte[] value = new byte[map.userValueSize()];
    MemorySegment keySegment = MemorySegment.ofArray(key);
    MemorySegment valueSegment = MemorySegment.ofArray(value);
    for (boolean more = map.nextKey(null, keySegment);
        more;
        more = map.nextKey(keySegment, keySegment)) {
      try {
        if (map.lookup(keySegment, valueSegment, 0)) {
          visitor.element(key, value, null);
        } else if (!holdsObjects()) {
          visitor.element(key, value, Errno.ENOENT);
        }
      } catch (BpfException e) {
        visitor.element(key, value, e.errno());
      }
    }
  }

  /**
   * A value, or why there is none.
   *
   * @param error why the value cannot be read, or null where it can
   */
  @SuppressWarnings("ArrayRecordComponent") // Looked at once.
  record Found(byte[] value, @Nullable Errno error) {}

  /** The value of a key, or null where there is no such element. */
  @Nullable Found find(byte[] key) {
    byte[] value = new byte[map.userValueSize()];
    try {
      if (map.lookup(MemorySegment.ofArray(key), MemorySegment.ofArray(value), 0)) {
        return new Found(value, null);
      }
      return null;
    } catch (BpfException e) {
      return new Found(value, e.errno());
    }
  }

  /** Whether the values are maps. */
  boolean holdsMaps() {
    return spec.type() == MapType.ARRAY_OF_MAPS || spec.type() == MapType.HASH_OF_MAPS;
  }

  /** Sees the elements of a map. */
  interface Visitor {
    /**
     * An element.
     *
     * @param error why there is no value, or null where there is one
     */
    void element(byte[] key, byte[] value, @Nullable Errno error) throws IOException;
  }

  /** Whether an element without a value is an empty slot, which bpftool leaves out. */
  private boolean holdsObjects() {
    return spec.type() == MapType.PROG_ARRAY || holdsMaps();
  }

  private int stride() {
    return (spec.valueSize() + 7) & -8;
  }
}
