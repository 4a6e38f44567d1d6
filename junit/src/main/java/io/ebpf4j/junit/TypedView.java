package io.ebpf4j.junit;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Codec;
import io.ebpf4j.TypedMap;
import io.ebpf4j.btf.Btf;
import io.ebpf4j.spec.MapType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.List;
import java.util.Set;

/** The view of a map that a parameter's type arguments ask for. */
final class TypedView {
  private static final Set<MapType> PER_CPU =
      Set.of(
          MapType.PERCPU_ARRAY,
          MapType.PERCPU_HASH,
          MapType.LRU_PERCPU_HASH,
          MapType.PERCPU_CGROUP_STORAGE);

  private final BpfMap map;
  private final int possibleCpus;

  private TypedView(BpfMap map, int possibleCpus) {
    this.map = map;
    this.possibleCpus = possibleCpus;
  }

  /**
   * A view.
   *
   * @param type {@code TypedMap<K, V>} with both types given
   * @throws IllegalArgumentException where the map does not have such keys or values
   */
  static TypedMap<?, ?> of(BpfMap map, Type type, int possibleCpus) {
    if (!(type instanceof ParameterizedType typed)) {
      throw new IllegalArgumentException(
          "a TypedMap is asked for without the types of its keys and values: write"
              + " TypedMap<Integer, Long>, say");
    }
    TypedView view = new TypedView(map, possibleCpus);
    Type[] arguments = typed.getActualTypeArguments();
    return TypedMap.of(
        map,
        view.one("keys", arguments[0], map.spec().keySize(), map.spec().keyType()),
        view.values(arguments[1]));
  }

  private Codec<?> values(Type type) {
    if (type instanceof ParameterizedType list && list.getRawType() == List.class) {
      if (!PER_CPU.contains(map.spec().type())) {
        throw new IllegalArgumentException(
            "map %s has one value for a key, no List: it is no per-CPU map".formatted(map.name()));
      }
      return Codec.perCpu(value(list.getActualTypeArguments()[0]), possibleCpus);
    }
    if (PER_CPU.contains(map.spec().type())) {
      throw new IllegalArgumentException(
          "map %s has a value for each CPU: write List<%s>"
              .formatted(map.name(), type.getTypeName()));
    }
    return value(type);
  }

  private Codec<?> value(Type type) {
    return one("values", type, map.spec().valueSize(), map.spec().valueType());
  }

  private Codec<?> one(String what, Type type, int size, int btfType) {
    if (type == Byte.class) {
      return Codec.int8();
    }
    if (type == Short.class) {
      return Codec.int16();
    }
    if (type == Integer.class) {
      return Codec.int32();
    }
    if (type == Long.class) {
      return Codec.int64();
    }
    if (type == byte[].class) {
      return Codec.bytes(size);
    }
    if (type instanceof Class<?> record && record.isRecord()) {
      Btf btf = map.spec().btf();
      if (btf == null || btfType == 0) {
        throw new IllegalArgumentException(
            "map %s does not tell the layout of its %s: declare it with __type, or take byte[]"
                .formatted(map.name(), what));
      }
      return Codec.record(record.asSubclass(Record.class), btf, btfType);
    }
    throw new IllegalArgumentException(
        "%s of map %s cannot be %s: take Byte, Short, Integer, Long, byte[] or a record"
            .formatted(what, map.name(), type.getTypeName()));
  }
}
