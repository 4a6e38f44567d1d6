package io.ebpf4j.jvm.map;

import static io.ebpf4j.spec.MapFlags.NO_PREALLOC;
import static io.ebpf4j.spec.MapFlags.NUMA_NODE;
import static io.ebpf4j.spec.MapFlags.RDONLY;
import static io.ebpf4j.spec.MapFlags.RDONLY_PROG;
import static io.ebpf4j.spec.MapFlags.WRONLY;
import static io.ebpf4j.spec.MapFlags.WRONLY_PROG;
import static io.ebpf4j.spec.MapFlags.ZERO_SEED;

import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;

/** The creation rules of queues, stacks, Bloom filters and tries of prefixes. */
enum GeneralKind implements MapKind {
  QUEUE(MapType.QUEUE, 0),
  STACK(MapType.STACK, 0),
  BLOOM_FILTER(MapType.BLOOM_FILTER, ZERO_SEED),
  LPM_TRIE(MapType.LPM_TRIE, NO_PREALLOC);

  private static final int PROGRAM_ACCESS = RDONLY_PROG | WRONLY_PROG;
  private static final int MOST_BYTES = 4 << 20;
  private static final int LPM_HEADER_BYTES = 4;
  private static final int LPM_DATA_BYTES = 256;
  private static final int LPM_NODE_BYTES = 40;
  private static final int MOST_HASHES = 15;

  private final MapType type;
  private final int flags;

  GeneralKind(MapType type, int moreFlags) {
    this.type = type;
    this.flags = NUMA_NODE | RDONLY | WRONLY | PROGRAM_ACCESS | moreFlags;
  }

  @Override
  public MapType type() {
    return type;
  }

  @Override
  public JvmMap create(Machine machine, MapSpec spec, int id) {
    checkFlags(spec);
    if (spec.maxEntries() == 0) {
      throw MapTypes.refusal(spec, Errno.EINVAL, "it takes nothing: set max_entries above 0");
    }
    return switch (this) {
      case QUEUE, STACK -> {
        checkKeyless(spec);
        if (Integer.compareUnsigned(spec.valueSize(), MOST_BYTES) > 0) {
          throw MapTypes.refusal(
              spec, Errno.E2BIG, "a value has at most %d bytes".formatted(MOST_BYTES));
        }
        MapTypes.fields(spec);
        yield QueueMap.create(machine, spec, id);
      }
      case BLOOM_FILTER -> {
        checkKeyless(spec);
        if (Long.compareUnsigned(spec.extra(), MOST_HASHES) > 0) {
          throw MapTypes.refusal(
              spec,
              Errno.EINVAL,
              "map_extra is the number of hashes, at most %d".formatted(MOST_HASHES));
        }
        MapTypes.fields(spec);
        yield BloomFilterMap.create(machine, spec, id);
      }
      case LPM_TRIE -> {
        checkPrefixes(spec);
        MapTypes.fields(spec);
        yield LpmTrieMap.create(machine, spec, id);
      }
    };
  }

  private void checkFlags(MapSpec spec) {
    if ((spec.flags() & ~flags) != 0) {
      throw MapTypes.refusal(
          spec,
          Errno.EINVAL,
          "%s does not take the flags 0x%x".formatted(type, spec.flags() & ~flags));
    }
    if ((spec.flags() & PROGRAM_ACCESS) == PROGRAM_ACCESS) {
      throw MapTypes.refusal(spec, Errno.EINVAL, "RDONLY_PROG and WRONLY_PROG exclude each other");
    }
  }

  private static void checkKeyless(MapSpec spec) {
    if (spec.keySize() != 0 || spec.valueSize() == 0) {
      throw MapTypes.refusal(
          spec,
          Errno.EINVAL,
          "%s has values without keys: a key size of 0 and a value size above"
              .formatted(spec.type()));
    }
  }

  private static void checkPrefixes(MapSpec spec) {
    if ((spec.flags() & NO_PREALLOC) == 0) {
      throw MapTypes.refusal(spec, Errno.EINVAL, "LPM_TRIE needs the flag NO_PREALLOC");
    }
    int bytes = spec.keySize() - LPM_HEADER_BYTES;
    if (spec.keySize() < 0 || bytes < 1 || bytes > LPM_DATA_BYTES) {
      throw MapTypes.refusal(
          spec,
          Errno.EINVAL,
          "a key is 4 bytes with the number of bits and 1 to %d bytes more, not %s together"
              .formatted(LPM_DATA_BYTES, Integer.toUnsignedString(spec.keySize())));
    }
    int most = MOST_BYTES - LPM_HEADER_BYTES - LPM_DATA_BYTES - LPM_NODE_BYTES;
    if (spec.valueSize() < 1 || spec.valueSize() > most) {
      throw MapTypes.refusal(
          spec,
          Errno.EINVAL,
          "a value has 1 to %d bytes, not %s"
              .formatted(most, Integer.toUnsignedString(spec.valueSize())));
    }
  }
}
