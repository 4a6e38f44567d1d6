package io.ebpf4j.conformance;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.spec.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Element operations by numbers, and their answers in the words of errno(3). */
final class Elements {
  private Elements() {}

  static MemorySegment u32(long value) {
    MemorySegment bytes = MemorySegment.ofArray(new byte[4]);
    bytes.set(ValueLayout.JAVA_INT_UNALIGNED, 0, (int) value);
    return bytes;
  }

  static MemorySegment u64(long... values) {
    MemorySegment bytes = MemorySegment.ofArray(new byte[8 * values.length]);
    for (int i = 0; i < values.length; i++) {
      bytes.set(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i, values[i]);
    }
    return bytes;
  }

  static MemorySegment room(int bytes) {
    return MemorySegment.ofArray(new byte[bytes]);
  }

  /** OK or the errno of something that is done. */
  static String answer(Runnable operation) {
    return answer(() -> {
      operation.run();
      return true;
    });
  }

  /** OK, or ENOENT for false, or the errno. */
  static String answer(BooleanSupplier operation) {
    try {
      return operation.getAsBoolean() ? "OK" : Errno.ENOENT.name();
    } catch (BpfException e) {
      return e.errno().name();
    }
  }

  static String update(BpfMap map, long key, MemorySegment value, long flags) {
    return answer(() -> map.update(u32(key), value, flags));
  }

  static String lookup(BpfMap map, long key, long flags) {
    return answer(() -> map.lookup(u32(key), room(map.userValueSize()), flags));
  }

  static String delete(BpfMap map, long key) {
    return answer(() -> map.delete(u32(key)));
  }

  /** The key after {@code key} (null: the first), or the errno. */
  static String next(BpfMap map, @Nullable Long key) {
    MemorySegment next = room(4);
    String answer = answer(() -> map.nextKey(key == null ? null : u32(key), next));
    return answer.equals("OK")
        ? Integer.toString(next.get(ValueLayout.JAVA_INT_UNALIGNED, 0))
        : answer;
  }

  static long value(BpfMap map, long key) {
    MemorySegment value = room(map.userValueSize());
    map.lookup(u32(key), value, 0);
    return value.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
  }
}
