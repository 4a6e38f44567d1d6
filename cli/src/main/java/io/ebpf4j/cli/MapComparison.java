package io.ebpf4j.cli;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Compares the maps of both kernels, element by element. Maps and programs that a map holds have
 * numbers of their own on each kernel: of those the contents and the names are compared.
 */
final class MapComparison {
  private static final Difference.Side NO_ELEMENT = new Difference.Side("no element", null);

  private final Kernel jvm;
  private final Kernel linux;
  private final Differences differences;

  MapComparison(Kernel jvm, Kernel linux, Differences differences) {
    this.jvm = jvm;
    this.linux = linux;
    this.differences = differences;
  }

  /** Compares maps of the same names. */
  void compare(Map<String, BpfMap> onJvm, Map<String, BpfMap> onLinux) throws IOException {
    for (Map.Entry<String, BpfMap> entry : onJvm.entrySet()) {
      BpfMap other = onLinux.get(entry.getKey());
      if (other != null) {
        compare(entry.getKey(), entry.getValue(), other);
      }
    }
  }

  private void compare(String name, BpfMap onJvm, BpfMap onLinux) throws IOException {
    MapDump one = new MapDump(name, onJvm);
    MapDump other = new MapDump(name, onLinux);
    TypedElements types = new TypedElements(one.spec(), ValueText.Style.PLAIN);
    one.forEach((key, value, error) -> {
      MapDump.Found found = other.find(key);
      if (found == null) {
        element(one, types, key, -1, side(types, value, error), NO_ELEMENT);
      } else {
        values(one, types, key, value, error, found);
      }
    });
    other.forEach((key, value, error) -> {
      if (one.find(key) == null) {
        element(one, types, key, -1, NO_ELEMENT, side(types, value, error));
      }
    });
  }

  private void values(
      MapDump map,
      TypedElements types,
      byte[] key,
      byte[] value,
      @Nullable Errno error,
      MapDump.Found onLinux)
      throws IOException {
    if (error != onLinux.error()) {
      element(
          map,
          types,
          key,
          -1,
          side(types, value, error),
          side(types, onLinux.value(), onLinux.error()));
    } else if (error != null) {
      return;
    } else if (map.holdsMaps()) {
      inner(map.name() + "[" + types.key(key) + "]", value, onLinux.value());
    } else if (map.spec().type() == MapType.PROG_ARRAY) {
      String one = programName(jvm, value);
      String other = programName(linux, onLinux.value());
      if (!one.equals(other)) {
        element(
            map,
            types,
            key,
            -1,
            new Difference.Side(one, value.clone()),
            new Difference.Side(other, onLinux.value()));
      }
    } else if (map.perCpu()) {
      for (int cpu = 0; cpu < map.cpus(); cpu++) {
        value(map, types, key, cpu, map.valueOf(cpu, value), map.valueOf(cpu, onLinux.value()));
      }
    } else {
      value(map, types, key, -1, value, onLinux.value());
    }
  }

  private void value(
      MapDump map, TypedElements types, byte[] key, int cpu, byte[] jvmValue, byte[] linuxValue) {
    if (!Arrays.equals(jvmValue, linuxValue)) {
      if (variables(map, types, key, jvmValue, linuxValue)) {
        return;
      }
      element(map, types, key, cpu, side(types, jvmValue, null), side(types, linuxValue, null));
    }
  }

  /** Tells of variables that differ; false where what differs lies between them. */
  private boolean variables(
      MapDump map, TypedElements types, byte[] key, byte[] jvmValue, byte[] linuxValue) {
    List<TypedElements.VariableText> onJvm = types.variables(jvmValue);
    List<TypedElements.VariableText> onLinux = types.variables(linuxValue);
    boolean found = false;
    for (int index = 0; index < onJvm.size(); index++) {
      TypedElements.VariableText one = onJvm.get(index);
      TypedElements.VariableText other = onLinux.get(index);
      if (!Arrays.equals(one.bytes(), other.bytes())) {
        found = true;
        differences.add(
            new Difference.Element(
                map.name(),
                types.key(key),
                key.clone(),
                one.name(),
                -1,
                new Difference.Side(one.text(), one.bytes()),
                new Difference.Side(other.text(), other.bytes())));
      }
    }
    return found;
  }

  private void inner(String name, byte[] jvmValue, byte[] linuxValue) throws IOException {
    Optional<BpfMap> onJvm = jvm.mapById(number(jvmValue));
    Optional<BpfMap> onLinux = linux.mapById(number(linuxValue));
    try (BpfMap one = onJvm.orElse(null);
        BpfMap other = onLinux.orElse(null)) {
      if (one != null && other != null) {
        compare(name, one, other);
      }
    }
  }

  private static String programName(Kernel kernel, byte[] value) {
    try (Program program = kernel.programById(number(value)).orElse(null)) {
      return program == null ? "no program" : program.name();
    }
  }

  private static int number(byte[] value) {
    return ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getInt();
  }

  private static Difference.Side side(TypedElements types, byte[] value, @Nullable Errno error) {
    return error == null
        ? new Difference.Side(types.value(value), value.clone())
        : new Difference.Side(error.name(), null);
  }

  private void element(
      MapDump map,
      TypedElements types,
      byte[] key,
      int cpu,
      Difference.Side onJvm,
      Difference.Side onLinux) {
    differences.add(
        new Difference.Element(map.name(), types.key(key), key.clone(), "", cpu, onJvm, onLinux));
  }
}
