package io.ebpf4j.jvm.map;

import static io.ebpf4j.spec.MapFlags.NO_COMMON_LRU;
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

/** The creation rules of the hashes, in the order in which Linux checks them. */
enum HashKind implements MapKind {
  HASH(MapType.HASH) {
    @Override
    JvmMap createChecked(Machine machine, MapSpec spec, int id, SpecialFields fields) {
      return PlainHashMap.create(machine, spec, id, fields);
    }
  },
  PERCPU_HASH(MapType.PERCPU_HASH) {
    @Override
    JvmMap createChecked(Machine machine, MapSpec spec, int id, SpecialFields fields) {
      return PerCpuHashMap.create(machine, spec, id, fields);
    }
  },
  LRU_HASH(MapType.LRU_HASH) {
    @Override
    JvmMap createChecked(Machine machine, MapSpec spec, int id, SpecialFields fields) {
      return LruHashMap.create(machine, divided(spec, machine), id, fields);
    }
  },
  LRU_PERCPU_HASH(MapType.LRU_PERCPU_HASH) {
    @Override
    JvmMap createChecked(Machine machine, MapSpec spec, int id, SpecialFields fields) {
      return LruPerCpuHashMap.create(machine, divided(spec, machine), id, fields);
    }
  };

  private static final int PROGRAM_ACCESS = RDONLY_PROG | WRONLY_PROG;
  private static final int FLAGS =
      NO_PREALLOC | NO_COMMON_LRU | NUMA_NODE | RDONLY | WRONLY | PROGRAM_ACCESS | ZERO_SEED;

  /** Bytes of the largest key with its value, and what Linux has in front of them. */
  private static final long ELEMENT_BYTES = (4 << 20) - 48;

  private static final int PERCPU_VALUE_BYTES = 32_768;
  private static final int MAX_BUCKETS = 1 << 27;

  private final MapType type;

  HashKind(MapType type) {
    this.type = type;
  }

  @Override
  public MapType type() {
    return type;
  }

  @Override
  public JvmMap create(Machine machine, MapSpec spec, int id) {
    check(spec);
    return createChecked(machine, spec, id, MapTypes.fields(spec));
  }

  abstract JvmMap createChecked(Machine machine, MapSpec spec, int id, SpecialFields fields);

  /** The rules of HASH_OF_MAPS. */
  static void checkOfMaps(MapSpec spec) {
    if (spec.valueSize() != Integer.BYTES) {
      throw MapTypes.refusal(
          spec,
          Errno.EINVAL,
          "values of HASH_OF_MAPS are descriptors of 4 bytes, not %s"
              .formatted(Integer.toUnsignedString(spec.valueSize())));
    }
    check(spec);
  }

  private static void check(MapSpec spec) {
    MapType type = spec.type();
    int flags = spec.flags();
    if ((flags & ~FLAGS) != 0) {
      throw MapTypes.refusal(
          spec, Errno.EINVAL, "%s does not take the flags 0x%x".formatted(type, flags & ~FLAGS));
    }
    if ((flags & PROGRAM_ACCESS) == PROGRAM_ACCESS) {
      throw MapTypes.refusal(spec, Errno.EINVAL, "RDONLY_PROG and WRONLY_PROG exclude each other");
    }
    boolean lru = type == MapType.LRU_HASH || type == MapType.LRU_PERCPU_HASH;
    boolean perCpu = type == MapType.PERCPU_HASH || type == MapType.LRU_PERCPU_HASH;
    boolean perCpuLists = (flags & NO_COMMON_LRU) != 0;
    if (perCpuLists && !lru) {
      throw MapTypes.refusal(spec, Errno.EINVAL, "NO_COMMON_LRU is for the LRU hashes");
    }
    if (lru && (flags & NO_PREALLOC) != 0) {
      throw MapTypes.refusal(
          spec, Errno.ENOTSUPP, type + " has all its elements from the start: no NO_PREALLOC");
    }
    if ((perCpu || perCpuLists) && MapTypes.numaNode(spec) >= 0) {
      throw MapTypes.refusal(spec, Errno.EINVAL, "what each CPU has of its own takes no NUMA node");
    }
    checkSizes(spec);
    if (perCpu && (Integer.toUnsignedLong(spec.valueSize()) + 7 & -8L) > PERCPU_VALUE_BYTES) {
      throw MapTypes.refusal(
          spec,
          Errno.E2BIG,
          "a per-CPU value has at most %d bytes, not %s"
              .formatted(PERCPU_VALUE_BYTES, Integer.toUnsignedString(spec.valueSize())));
    }
    if (Integer.compareUnsigned(spec.maxEntries(), MAX_BUCKETS) > 0) {
      throw MapTypes.refusal(
          spec,
          Errno.E2BIG,
          "a hash takes at most %d keys, not %s"
              .formatted(MAX_BUCKETS, Integer.toUnsignedString(spec.maxEntries())));
    }
  }

  /** With a list for each CPU each has the same share of the elements. */
  private static MapSpec divided(MapSpec spec, Machine machine) {
    if ((spec.flags() & NO_COMMON_LRU) == 0) {
      return spec;
    }
    int cpus = machine.cpus().size();
    return spec.withMaxEntries((spec.maxEntries() + cpus - 1) / cpus * cpus);
  }

  private static void checkSizes(MapSpec spec) {
    if (spec.maxEntries() == 0) {
      throw MapTypes.refusal(spec, Errno.EINVAL, "it takes no keys: set max_entries above 0");
    }
    if (spec.keySize() == 0 || spec.valueSize() == 0) {
      throw MapTypes.refusal(
          spec,
          Errno.EINVAL,
          "its keys have %s bytes and its values %s: both need at least 1"
              .formatted(
                  Integer.toUnsignedString(spec.keySize()),
                  Integer.toUnsignedString(spec.valueSize())));
    }
    long bytes = Integer.toUnsignedLong(spec.keySize()) + Integer.toUnsignedLong(spec.valueSize());
    if (bytes >= ELEMENT_BYTES) {
      throw MapTypes.refusal(
          spec,
          Errno.E2BIG,
          "a key and its value have at most %d bytes together, not %d"
              .formatted(ELEMENT_BYTES - 1, bytes));
    }
  }
}
