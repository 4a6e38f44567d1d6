package io.ebpf4j;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.ebpf4j.btf.Btf;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * How keys or values of a {@link TypedMap} lie in bytes. Little-endian, as on the hosts that ebpf4j
 * runs on. Thread safe.
 *
 * @param <T> what they are in Java
 */
public interface Codec<T> {
  /** Bytes, fixed. */
  int size();

  /** What {@link #size} bytes are, which are used for other values afterwards. */
  T read(MemorySegment bytes);

  /**
   * Writes {@link #size} bytes, which are zero before.
   *
   * @throws IllegalArgumentException where the value does not fit
   */
  void write(T value, MemorySegment bytes);

  /** One byte. */
  static Codec<Byte> int8() {
    return of(1, bytes -> bytes.get(JAVA_BYTE, 0), (v, bytes) -> bytes.set(JAVA_BYTE, 0, v));
  }

  /** Two bytes. */
  static Codec<Short> int16() {
    return of(
        2,
        bytes -> bytes.get(JAVA_SHORT_UNALIGNED, 0),
        (v, bytes) -> bytes.set(JAVA_SHORT_UNALIGNED, 0, v));
  }

  /** Four bytes. */
  static Codec<Integer> int32() {
    return IntCodec.INSTANCE;
  }

  /** Eight bytes. */
  static Codec<Long> int64() {
    return of(
        8,
        bytes -> bytes.get(JAVA_LONG_UNALIGNED, 0),
        (v, bytes) -> bytes.set(JAVA_LONG_UNALIGNED, 0, v));
  }

  /** That many bytes as they are. */
  static Codec<byte[]> bytes(int size) {
    return of(
        size,
        bytes -> bytes.toArray(JAVA_BYTE),
        (value, bytes) -> {
          if (value.length != size) {
            throw new IllegalArgumentException(
                "%d bytes are given where there are %d".formatted(value.length, size));
          }
          MemorySegment.copy(value, 0, bytes, JAVA_BYTE, 0, size);
        });
  }

  /**
   * A record laid out as a C struct: its components are members by name. A number may be wider in
   * Java than in C (a {@code long} for a u32): it is zero-extended, and written only where it fits.
   * An array of bytes takes a member of any type, a record a nested struct.
   *
   * @param type BTF id of the struct
   * @throws IllegalArgumentException where a component has no member, or one of another size
   */
  static <R extends Record> Codec<R> record(Class<R> record, Btf btf, int type) {
    return RecordCodec.of(record, StructShape.of(btf, type));
  }

  /**
   * The same, laid out by hand.
   *
   * @throws IllegalArgumentException as {@link #record(Class, Btf, int)}
   */
  static <R extends Record> Codec<R> record(Class<R> record, MemoryLayout layout) {
    return RecordCodec.of(record, StructShape.of(layout));
  }

  /** The values of a per-CPU map: one for each possible CPU, by its number. */
  static <T> Codec<List<T>> perCpu(Codec<T> one, int possibleCpus) {
    long stride = (one.size() + 7L) & -8L;
    return of(
        Math.toIntExact(stride * possibleCpus),
        bytes -> {
          List<T> values = new ArrayList<>(possibleCpus);
          for (int cpu = 0; cpu < possibleCpus; cpu++) {
            values.add(one.read(bytes.asSlice(cpu * stride, one.size())));
          }
          return List.copyOf(values);
        },
        (values, bytes) -> {
          if (values.size() != possibleCpus) {
            throw new IllegalArgumentException(
                "%d values are given for %d CPUs".formatted(values.size(), possibleCpus));
          }
          for (int cpu = 0; cpu < possibleCpus; cpu++) {
            one.write(values.get(cpu), bytes.asSlice(cpu * stride, one.size()));
          }
        });
  }

  /** A codec of two functions. */
  static <T> Codec<T> of(
      int size, Function<MemorySegment, T> reader, BiConsumer<T, MemorySegment> writer) {
    return new Codec<>() {
      @Override
      public int size() {
        return size;
      }

      @Override
      public T read(MemorySegment bytes) {
        return reader.apply(bytes);
      }

      @Override
      public void write(T value, MemorySegment bytes) {
        writer.accept(value, bytes);
      }
    };
  }
}
