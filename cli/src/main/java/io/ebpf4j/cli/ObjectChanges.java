package io.ebpf4j.cli;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Handle;
import io.ebpf4j.btf.BtfValue;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.object.Variable;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** What the options choose from an object and change in it, before its load and after. */
final class ObjectChanges {
  private static final BigInteger MAX_ENTRIES =
      BigInteger.ONE.shiftLeft(32).subtract(BigInteger.ONE);

  private final ObjectFile file;
  private final ObjectOptions options;
  private final CommandLine command;
  private final List<Assignment> elements = new ArrayList<>();

  ObjectChanges(
      ObjectFile file, ObjectOptions options, List<String> elements, CommandLine command) {
    this.file = file;
    this.options = options;
    this.command = command;
    for (String element : elements) {
      this.elements.add(parsed("--put", () -> Assignment.keyed(element, "MAP[KEY]=VALUE")));
    }
  }

  /** The program that is to run; all that it does not need are left out of the load. */
  ProgramSpec choose(@Nullable String name) {
    if (file.programs().isEmpty()) {
      throw new RefusedException(file.name() + " has no programs: nothing can be run");
    }
    String names = String.join(", ", file.programs().keySet());
    if (name == null && file.programs().size() > 1) {
      throw usage(
          "%s has several programs: choose one with --prog: %s".formatted(file.name(), names));
    }
    ProgramSpec chosen =
        name == null ? file.programs().firstEntry().getValue() : file.programs().get(name);
    if (chosen == null) {
      throw usage("--prog: %s has no program %s; it has %s".formatted(file.name(), name, names));
    }
    Set<String> needed = new HashSet<>();
    needed.add(chosen.name());
    file.maps().values().forEach(map -> needed.addAll(map.values().values()));
    elements.forEach(element -> needed.add(element.value()));
    for (String program : file.programs().keySet()) {
      if (needed.contains(program)) {
        file.include(program);
      } else {
        file.omit(program);
      }
    }
    return chosen;
  }

  /**
   * The program of that name, or all where it is null. None of them is loaded with the object, and
   * no map holds one.
   */
  List<ProgramSpec> chooseToLoadLater(@Nullable String name) {
    if (name != null && !file.programs().containsKey(name)) {
      throw usage(
          "--prog: %s has no program %s; it has %s"
              .formatted(file.name(), name, String.join(", ", file.programs().keySet())));
    }
    file.programs().keySet().forEach(file::omit);
    file.maps()
        .forEach((mapName, map) -> {
          if (map.type() == MapType.PROG_ARRAY) {
            file.replaceMap(mapName, map.withValues(Map.of()));
          }
        });
    return name == null ? List.copyOf(file.programs().values()) : List.of(file.program(name));
  }

  /** Resizes maps and sets variables. */
  void beforeLoad() {
    // A run leaves nothing behind, and begins without what an earlier one left.
    file.maps()
        .forEach((name, map) -> file.replaceMap(name, map.withPinning(MapSpec.Pinning.NONE)));
    for (String size : options.sizes) {
      Assignment assignment = parsed("--map", () -> Assignment.plain(size, "NAME=ENTRIES"));
      MapSpec map = map("--map", assignment.name());
      BigInteger entries = parsed("--map", () -> Literal.wholeNumber(assignment.value()));
      if (entries.signum() < 0 || entries.compareTo(MAX_ENTRIES) > 0) {
        throw usage("--map %s: the number of entries is 0 to %s".formatted(size, MAX_ENTRIES));
      }
      file.replaceMap(assignment.name(), map.withMaxEntries(entries.intValue()));
    }
    for (String variable : options.variables) {
      Assignment assignment = parsed("--set", () -> Assignment.plain(variable, "VARIABLE=VALUE"));
      parsed(
          "--set " + variable,
          () -> {
            set(assignment);
            return assignment;
          });
    }
    elements.forEach(element -> map("--put", element.name()));
  }

  /** Puts the elements into the live maps. */
  void afterLoad(BpfObject loaded) {
    for (Assignment element : elements) {
      parsed(
          "--put %s[%s]=%s".formatted(element.name(), element.key(), element.value()),
          () -> {
            put(loaded, element);
            return element;
          });
    }
  }

  private void set(Assignment assignment) {
    Object value = Literal.parse(assignment.value());
    if (!(value instanceof byte[] bytes)) {
      file.set(assignment.name(), value);
      return;
    }
    Variable variable = file.variable(assignment.name());
    MapSpec map = file.map(variable.section());
    byte[] section = new byte[map.valueSize()];
    if (map.contents() != null) {
      MemorySegment.ofArray(section).copyFrom(map.contents());
    }
    System.arraycopy(
        exactly(bytes, variable.size()), 0, section, variable.offset(), variable.size());
    file.replaceMap(variable.section(), map.withContents(MemorySegment.ofArray(section)));
  }

  private static void put(BpfObject loaded, Assignment element) {
    BpfMap map = loaded.map(element.name());
    MapSpec spec = map.spec();
    byte[] key = bytes(spec, spec.keyType(), spec.keySize(), element.key());
    byte[] value =
        switch (spec.type()) {
          case PROG_ARRAY -> fd(loaded.programs().get(element.value()), element);
          case ARRAY_OF_MAPS, HASH_OF_MAPS -> fd(loaded.maps().get(element.value()), element);
          default ->
              onEveryCpu(map, bytes(spec, spec.valueType(), spec.valueSize(), element.value()));
        };
    map.update(key, value);
  }

  /** The bytes of a literal: by its type where the map has types, else as a number. */
  private static byte[] bytes(MapSpec spec, int type, int size, String text) {
    Object value = Literal.parse(text);
    if (value instanceof byte[] bytes) {
      return exactly(bytes, size);
    }
    if (spec.btf() != null && type != 0) {
      return BtfValue.encode(spec.btf(), type, value);
    }
    if (value instanceof BigInteger number) {
      return littleEndian(number, size);
    }
    throw new IllegalArgumentException(
        "map %s has no types: write '%s' as a number or as hex:BYTES".formatted(spec.name(), text));
  }

  private static byte[] littleEndian(BigInteger number, int size) {
    if (number.bitLength() > 8L * size) {
      throw new IllegalArgumentException("%s does not fit %d bytes".formatted(number, size));
    }
    byte[] bytes = new byte[size];
    for (int index = 0; index < size; index++) {
      bytes[index] = number.shiftRight(8 * index).byteValue();
    }
    return bytes;
  }

  private static byte[] exactly(byte[] bytes, int size) {
    if (bytes.length != size) {
      throw new IllegalArgumentException(
          "%s given, and %s needed".formatted(count(bytes.length), count(size)));
    }
    return bytes;
  }

  private static String count(int bytes) {
    return bytes == 1 ? "1 byte is" : bytes + " bytes are";
  }

  private static byte[] onEveryCpu(BpfMap map, byte[] value) {
    byte[] all = Arrays.copyOf(value, map.userValueSize());
    int stride = (value.length + 7) & -8;
    for (int at = stride; at + value.length <= all.length; at += stride) {
      System.arraycopy(value, 0, all, at, value.length);
    }
    return all;
  }

  private static byte[] fd(@Nullable Handle handle, Assignment element) {
    if (handle == null) {
      throw new IllegalArgumentException(
          "the object has no program or map " + element.value() + " to put there");
    }
    return littleEndian(BigInteger.valueOf(handle.fd()), Integer.BYTES);
  }

  private MapSpec map(String option, String name) {
    return parsed(option, () -> file.map(name));
  }

  /** What is wrong in an option's argument is wrong usage, and said with the option's name. */
  private <T> T parsed(String option, Supplier<T> parser) {
    try {
      return parser.get();
    } catch (IllegalArgumentException e) {
      throw usage(option + ": " + e.getMessage());
    } catch (BpfException e) {
      throw new RefusedException(option + ": " + e.getMessage(), e);
    }
  }

  private ParameterException usage(String sentence) {
    return new ParameterException(command, sentence);
  }
}
