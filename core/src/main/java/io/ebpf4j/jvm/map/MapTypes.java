package io.ebpf4j.jvm.map;

import static io.ebpf4j.spec.MapFlags.INNER_MAP;
import static io.ebpf4j.spec.MapFlags.MMAPABLE;
import static io.ebpf4j.spec.MapFlags.NUMA_NODE;
import static io.ebpf4j.spec.MapFlags.PRESERVE_ELEMS;
import static io.ebpf4j.spec.MapFlags.RDONLY;
import static io.ebpf4j.spec.MapFlags.RDONLY_PROG;
import static io.ebpf4j.spec.MapFlags.WRONLY;
import static io.ebpf4j.spec.MapFlags.WRONLY_PROG;

import io.ebpf4j.BpfException;
import io.ebpf4j.btf.Btf;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The creation rules of each map type, checked in the order in which Linux's BPF_MAP_CREATE checks
 * them, and the factory.
 */
public final class MapTypes {
  private static final int USER_ACCESS = RDONLY | WRONLY;
  private static final int PROGRAM_ACCESS = RDONLY_PROG | WRONLY_PROG;
  private static final int NAME_LENGTH = 15;
  private static final int NO_NODE = -1;
  private static final int NODES = 1;
  private static final int PERCPU_VALUE_BYTES = 32_768;

  private MapTypes() {}

  /**
   * Makes a map, held once.
   *
   * @param id the kernel-wide id that it is to have
   * @param innerTemplate the template of a map of maps; its shape is taken, it is not held
   * @throws BpfException EINVAL, E2BIG, ENOMEM, EACCES, ENOTSUP, ENOTSUPP, as bpf(2) answers
   */
  public static JvmMap create(
      Machine machine, MapSpec spec, int id, @Nullable JvmMap innerTemplate) {
    checkGeneral(spec);
    return switch (spec.type()) {
      case ARRAY -> {
        checkArray(spec, NUMA_NODE | USER_ACCESS | PROGRAM_ACCESS | MMAPABLE | INNER_MAP);
        checkValueSize(spec);
        yield withMemory(spec, () -> ArrayMap.create(machine, spec, id, fields(spec)));
      }
      case PERCPU_ARRAY -> {
        checkArray(spec, NUMA_NODE | USER_ACCESS | PROGRAM_ACCESS);
        if (numaNode(spec) != NO_NODE) {
          throw refusal(spec, Errno.EINVAL, "PERCPU_ARRAY takes no NUMA node");
        }
        checkValueSize(spec);
        if (ArrayLayout.roundedValueSize(spec) > PERCPU_VALUE_BYTES) {
          throw refusal(
              spec,
              Errno.E2BIG,
              "a per-CPU value has at most %d bytes, not %s"
                  .formatted(PERCPU_VALUE_BYTES, Integer.toUnsignedString(spec.valueSize())));
        }
        yield withMemory(spec, () -> PerCpuArrayMap.create(machine, spec, id, fields(spec)));
      }
      case PROG_ARRAY -> {
        checkFdArray(spec, NUMA_NODE | USER_ACCESS);
        yield withMemory(spec, () -> ProgArray.create(machine, spec, id));
      }
      case PERF_EVENT_ARRAY -> {
        checkFdArray(spec, NUMA_NODE | USER_ACCESS | PRESERVE_ELEMS);
        yield withMemory(spec, () -> PerfEventArray.create(machine, spec, id));
      }
      case CGROUP_ARRAY -> {
        checkFdArray(spec, NUMA_NODE | USER_ACCESS);
        yield withMemory(spec, () -> CgroupArray.create(machine, spec, id));
      }
      case ARRAY_OF_MAPS -> {
        checkFdArray(spec, NUMA_NODE | USER_ACCESS);
        InnerTemplate template = checkTemplate(spec, innerTemplate);
        yield withMemory(spec, () -> ArrayOfMaps.create(machine, spec, id, template));
      }
      case HASH_OF_MAPS -> {
        HashKind.checkOfMaps(spec);
        InnerTemplate template = checkTemplate(spec, innerTemplate);
        checkName(spec);
        checkNoTypes(spec);
        yield withMemory(spec, () -> HashOfMaps.create(machine, spec, id, template));
      }
      case UNSPEC -> throw refusal(spec, Errno.EINVAL, "UNSPEC is no map type");
      default -> {
        MapKind kind =
            machine
                .slots()
                .get(MapTable.SLOT)
                .kind(spec.type())
                .orElseThrow(() ->
                    refusal(
                        spec,
                        Errno.EINVAL,
                        "map type %s is not built in the JVM kernel yet".formatted(spec.type())));
        yield withMemory(spec, () -> kind.create(machine, spec, id));
      }
    };
  }

  /** Whether maps of that type can be made. */
  public static boolean isBuilt(Machine machine, MapType type) {
    return switch (type) {
      case ARRAY,
          PERCPU_ARRAY,
          PROG_ARRAY,
          PERF_EVENT_ARRAY,
          CGROUP_ARRAY,
          ARRAY_OF_MAPS,
          HASH_OF_MAPS ->
          true;
      default -> machine.slots().get(MapTable.SLOT).kind(type).isPresent();
    };
  }

  /** The NUMA node that a map is to lie on, -1 for any. */
  public static int numaNode(MapSpec spec) {
    return (spec.flags() & NUMA_NODE) != 0 ? spec.numaNode() : NO_NODE;
  }

  /** A refusal that names the map. */
  public static BpfException refusal(MapSpec spec, Errno errno, String sentence) {
    return new BpfException(errno, "map %s: %s".formatted(spec.name(), sentence));
  }

  private static void checkGeneral(MapSpec spec) {
    if (spec.extra() != 0 && spec.type() != MapType.BLOOM_FILTER && spec.type() != MapType.ARENA) {
      throw refusal(
          spec, Errno.EINVAL, "%s takes no map_extra, not %d".formatted(spec.type(), spec.extra()));
    }
    if ((spec.flags() & USER_ACCESS) == USER_ACCESS) {
      throw refusal(spec, Errno.EINVAL, "RDONLY and WRONLY exclude each other");
    }
    int node = numaNode(spec);
    if (node != NO_NODE && (node < 0 || node >= NODES)) {
      throw refusal(spec, Errno.EINVAL, "there is no NUMA node %d, only 0".formatted(node));
    }
  }

  /**
   * Checks what arrays have in common.
   *
   * @throws BpfException EINVAL
   */
  public static void checkArray(MapSpec spec, int allowedFlags) {
    if (spec.maxEntries() == 0) {
      throw refusal(spec, Errno.EINVAL, "it has no elements: set max_entries above 0");
    }
    if (spec.keySize() != Integer.BYTES) {
      throw refusal(
          spec,
          Errno.EINVAL,
          "%s has keys of 4 bytes, not %s"
              .formatted(spec.type(), Integer.toUnsignedString(spec.keySize())));
    }
    if (spec.valueSize() == 0) {
      throw refusal(spec, Errno.EINVAL, "its values have 0 bytes");
    }
    if ((spec.flags() & ~allowedFlags) != 0) {
      throw refusal(
          spec,
          Errno.EINVAL,
          "%s does not take the flags 0x%x".formatted(spec.type(), spec.flags() & ~allowedFlags));
    }
    if ((spec.flags() & PROGRAM_ACCESS) == PROGRAM_ACCESS) {
      throw refusal(spec, Errno.EINVAL, "RDONLY_PROG and WRONLY_PROG exclude each other");
    }
  }

  private static void checkFdArray(MapSpec spec, int allowedFlags) {
    if (spec.valueSize() != Integer.BYTES) {
      throw refusal(
          spec,
          Errno.EINVAL,
          "values of %s are descriptors of 4 bytes, not %s"
              .formatted(spec.type(), Integer.toUnsignedString(spec.valueSize())));
    }
    checkArray(spec, allowedFlags);
    checkName(spec);
    checkNoKeyTypeAlone(spec);
    if (spec.valueType() != 0 && spec.type() != MapType.PROG_ARRAY) {
      throw noTypes(spec);
    }
  }

  /**
   * Refuses BTF types of keys and values, as types do that have no use for them.
   *
   * @throws BpfException EINVAL, ENOTSUPP
   */
  public static void checkNoTypes(MapSpec spec) {
    checkNoKeyTypeAlone(spec);
    if (spec.valueType() != 0) {
      throw noTypes(spec);
    }
  }

  private static BpfException noTypes(MapSpec spec) {
    return refusal(
        spec,
        Errno.ENOTSUPP,
        "%s takes no BTF types: leave them out, as loaders do".formatted(spec.type()));
  }

  private static void checkNoKeyTypeAlone(MapSpec spec) {
    if (spec.keyType() != 0 && spec.valueType() == 0) {
      throw refusal(spec, Errno.EINVAL, "it has a BTF type for its keys but none for its values");
    }
  }

  private static InnerTemplate checkTemplate(MapSpec spec, @Nullable JvmMap template) {
    if (template == null) {
      throw refusal(spec, Errno.EINVAL, "a map of maps needs a template of its inner maps");
    }
    if (template.inner() != null) {
      throw refusal(spec, Errno.EINVAL, "an inner map cannot be a map of maps itself");
    }
    if (template instanceof ProgArray) {
      throw refusal(spec, Errno.ENOTSUPP, "a PROG_ARRAY cannot be an inner map");
    }
    return InnerTemplate.of(template);
  }

  private static void checkValueSize(MapSpec spec) {
    if (spec.valueSize() < 0) {
      throw refusal(
          spec,
          Errno.E2BIG,
          "a value has at most 2147483647 bytes, not "
              + Integer.toUnsignedString(spec.valueSize()));
    }
  }

  /**
   * The last checks before a map is made: its name, its types.
   *
   * @return the special fields of its values
   * @throws BpfException EINVAL and others as bpf(2) answers
   */
  public static SpecialFields fields(MapSpec spec) {
    checkName(spec);
    Btf btf = spec.btf();
    if (btf == null || spec.valueType() == 0) {
      checkNoKeyTypeAlone(spec);
      return SpecialFields.NONE;
    }
    return MapValueTypes.check(spec, btf);
  }

  /**
   * Refuses a name that bpf(2) does not take.
   *
   * @throws BpfException EINVAL
   */
  public static void checkName(MapSpec spec) {
    String name = spec.name();
    boolean characters =
        name.chars()
            .allMatch(c -> c < 128 && (Character.isLetterOrDigit(c) || c == '_' || c == '.'));
    if (name.length() > NAME_LENGTH || !characters) {
      throw refusal(
          spec, Errno.EINVAL, "a name has at most 15 letters, digits, underscores and dots");
    }
  }

  private static JvmMap withMemory(MapSpec spec, Supplier<JvmMap> creation) {
    try {
      return creation.get();
    } catch (OutOfMemoryError e) {
      throw refusal(
          spec,
          Errno.ENOMEM,
          "no memory for %s elements of %d bytes: %s"
              .formatted(
                  Integer.toUnsignedString(spec.maxEntries()), spec.valueSize(), e.getMessage()));
    }
  }
}
