package io.ebpf4j.jvm.verifier;

import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.JvmMap.ValueArea;
import io.ebpf4j.jvm.map.MapShape;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.MapType;
import java.util.List;
import java.util.OptionalLong;

/** What a map that nobody can change any more holds: {@code .rodata} of an object. */
final class FrozenValue {
  private FrozenValue() {}

  /** The number at an offset of the only value, zero-extended, if it can never change. */
  static OptionalLong read(MapShape shape, long offset, int size) {
    if (!(shape instanceof JvmMap map)) {
      return OptionalLong.empty();
    }
    if (!map.constant() || map.spec().type() != MapType.ARRAY) {
      return OptionalLong.empty();
    }
    List<ValueArea> areas = map.valueAreas();
    if (areas.size() != 1 || areas.getFirst().count() != 1) {
      return OptionalLong.empty();
    }
    long at = areas.getFirst().base() + offset;
    return OptionalLong.of(
        switch (size) {
          case 1 -> Memory.getByte(at) & 0xffL;
          case 2 -> Memory.getShort(at) & 0xffffL;
          case 4 -> Integer.toUnsignedLong(Memory.getInt(at));
          default -> Memory.getLong(at);
        });
  }

  /** The bytes up to the first zero byte, or -1 where there is none before the end. */
  static int stringLength(JvmMap map, long offset) {
    ValueArea area = map.valueAreas().getFirst();
    for (long at = offset; at < area.valueSize(); at++) {
      if (Memory.getByte(area.base() + at) == 0) {
        return (int) (at - offset);
      }
    }
    return -1;
  }

  /** The text at an offset, without its zero byte. */
  static String text(JvmMap map, long offset, int length) {
    ValueArea area = map.valueAreas().getFirst();
    StringBuilder text = new StringBuilder(length);
    for (int i = 0; i < length; i++) {
      text.append((char) (Memory.getByte(area.base() + offset + i) & 0xff));
    }
    return text.toString();
  }
}
