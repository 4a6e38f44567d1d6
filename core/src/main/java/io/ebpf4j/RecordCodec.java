package io.ebpf4j;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A record as a struct.
 *
 * @param <R> the record
 */
final class RecordCodec<R extends Record> implements Codec<R> {
  private final int size;
  private final Constructor<R> constructor;
  private final List<Part> parts;

  private RecordCodec(int size, Constructor<R> constructor, List<Part> parts) {
    this.size = size;
    this.constructor = constructor;
    this.parts = parts;
  }

  static <R extends Record> RecordCodec<R> of(Class<R> record, StructShape shape) {
    RecordComponent[] components = record.getRecordComponents();
    List<Part> parts = Arrays.stream(components).map(c -> part(record, c, shape)).toList();
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      Constructor<R> constructor = record.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return new RecordCodec<>(shape.size(), constructor, parts);
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException(record + " has no canonical constructor", e);
    }
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public R read(MemorySegment bytes) {
    Object[] values = new Object[parts.size()];
    for (int i = 0; i < values.length; i++) {
      Part part = parts.get(i);
      values[i] = part.codec().read(bytes.asSlice(part.offset(), part.codec().size()));
    }
    try {
      return constructor.newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException(
          "%s cannot be made of these bytes: %s".formatted(constructor.getName(), e.getCause()), e);
    }
  }

  @Override
  public void write(R value, MemorySegment bytes) {
    bytes.asSlice(0, size).fill((byte) 0);
    for (Part part : parts) {
      part.codec().write(part.of(value), bytes.asSlice(part.offset(), part.codec().size()));
    }
  }

  private record Part(Method accessor, int offset, Codec<Object> codec) {
    Object of(Record value) {
      try {
        return Objects.requireNonNull(accessor.invoke(value), accessor.getName());
      } catch (ReflectiveOperationException e) {
        throw new IllegalArgumentException(accessor + " gives nothing", e);
      }
    }
  }

  private static Part part(Class<?> record, RecordComponent component, StructShape shape) {
    StructShape.Member member = shape.members().get(component.getName());
    if (member == null) {
      throw new IllegalArgumentException(
          "%s.%s is no member of the struct, which has %s"
              .formatted(record.getSimpleName(), component.getName(), shape.members().keySet()));
    }
    component.getAccessor().setAccessible(true);
    return new Part(component.getAccessor(), member.offset(), codec(record, component, member));
  }

  /** The codec by the component's type; the component gives and takes nothing else. */
  @SuppressWarnings("unchecked") // A component's codec reads and writes what its type boxes to.
  private static Codec<Object> codec(
      Class<?> record, RecordComponent component, StructShape.Member member) {
    Class<?> type = component.getType();
    if (type == byte[].class) {
      return (Codec<Object>) (Codec<?>) Codec.bytes(member.size());
    }
    if (type.isRecord() && member.nested() != null) {
      return (Codec<Object>) (Codec<?>) of(type.asSubclass(Record.class), member.nested());
    }
    int width = width(type);
    if (width == 0 || member.size() > width || Integer.bitCount(member.size()) != 1) {
      throw new IllegalArgumentException(
          "%s.%s is a %s, which does not take a member of %d bytes"
              .formatted(
                  record.getSimpleName(),
                  component.getName(),
                  type.getSimpleName(),
                  member.size()));
    }
    return number(type, member.size(), width);
  }

  private static int width(Class<?> type) {
    if (type == byte.class || type == boolean.class) {
      return Byte.BYTES;
    } else if (type == short.class) {
      return Short.BYTES;
    } else if (type == int.class) {
      return Integer.BYTES;
    }
    return type == long.class ? Long.BYTES : 0;
  }

  private static Codec<Object> number(Class<?> type, int bytes, int width) {
    return Codec.of(
        bytes,
        segment -> boxed(type, load(segment, bytes)),
        (value, segment) -> store(segment, bytes, width, unboxed(value)));
  }

  private static long load(MemorySegment segment, int bytes) {
    long number = 0;
    for (int i = 0; i < bytes; i++) {
      number |= (segment.get(JAVA_BYTE, i) & 0xffL) << 8 * i;
    }
    return number;
  }

  private static void store(MemorySegment segment, int bytes, int width, long number) {
    if (bytes < width && number >>> 8 * bytes != 0) {
      throw new IllegalArgumentException(
          "%d does not fit into a member of %d bytes".formatted(number, bytes));
    }
    for (int i = 0; i < bytes; i++) {
      segment.set(JAVA_BYTE, i, (byte) (number >>> 8 * i));
    }
  }

  private static Object boxed(Class<?> type, long number) {
    if (type == byte.class) {
      return (byte) number;
    } else if (type == short.class) {
      return (short) number;
    } else if (type == int.class) {
      return (int) number;
    }
    return type == boolean.class ? (Object) (number != 0) : (Object) number;
  }

  private static long unboxed(Object value) {
    return switch (value) {
      case Boolean truth -> truth ? 1 : 0;
      case Number number -> number.longValue();
      default -> throw new IllegalArgumentException(value + " is no number");
    };
  }
}
