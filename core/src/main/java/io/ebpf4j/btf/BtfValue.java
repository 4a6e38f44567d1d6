package io.ebpf4j.btf;

import io.ebpf4j.btf.BtfType.Array;
import io.ebpf4j.btf.BtfType.Composite;
import io.ebpf4j.btf.BtfType.DataSection;
import io.ebpf4j.btf.BtfType.Enumeration;
import io.ebpf4j.btf.BtfType.Enumerator;
import io.ebpf4j.btf.BtfType.FloatType;
import io.ebpf4j.btf.BtfType.Int;
import io.ebpf4j.btf.BtfType.Member;
import io.ebpf4j.btf.BtfType.SectionVariable;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Writes plain Java values as the bytes of a BTF type: the inverse of {@link BtfPrinter}.
 *
 * <ul>
 *   <li>integers, bit fields, pointers: a whole {@link Number}, or a {@link String} in decimal or
 *       with {@code 0x}; the latter gives the bits, so {@code "0xffffffff"} is -1 of an {@code
 *       int}. A {@link Boolean} is 1 or 0
 *   <li>enums: a constant's name, or a number
 *   <li>floats: a {@link Number}, or a {@link String} that {@link Double#parseDouble} takes, {@code
 *       inf} or {@code nan}
 *   <li>arrays: a {@link List} of no more than their elements; one of {@code char} also a {@link
 *       String}, whose end is filled with zeros
 *   <li>structs and unions: a {@link Map} by member name; members of anonymous ones as in C, or in
 *       a map named "" as they are printed
 *   <li>data sections: a {@link Map} by variable
 * </ul>
 *
 * Members, elements and variables that are not given keep their bytes.
 */
public final class BtfValue {
  private static final String INFINITY = "Infinity";
  private static final BigInteger MAX_CHARACTER = BigInteger.valueOf(0xff);

  private final Btf btf;
  private final byte[] bytes;

  private BtfValue(Btf btf, byte[] bytes) {
    this.btf = btf;
    this.bytes = bytes;
  }

  /**
   * The bytes of a value; what is not given is zero.
   *
   * @param type the id of its type
   * @throws IllegalArgumentException where the type has no size, or the value does not fit it: a
   *     sentence that names the member
   */
  public static byte[] encode(Btf btf, int type, Object value) {
    byte[] bytes = new byte[btf.sizeOf(type)];
    write(btf, type, value, bytes, 0);
    return bytes;
  }

  /**
   * Writes a value over the bytes of another.
   *
   * @param type the id of its type
   * @param offset where it starts
   * @throws IndexOutOfBoundsException where it is not within the bytes
   * @throws IllegalArgumentException where the type has no size, or the value does not fit it; some
   *     of it may have been written
   */
  public static void write(Btf btf, int type, Object value, byte[] bytes, int offset) {
    Objects.checkFromIndexSize(offset, btf.sizeOf(type), bytes.length);
    new BtfValue(btf, bytes).write(type, value, offset * 8L, 0, "the value");
  }

  /** {@code where} is what is written, as the user would say it. */
  private void write(int id, Object value, long bit, int bitFieldSize, String where) {
    switch (btf.stripped(id)) {
      case Int type -> {
        int width = bitFieldSize == 0 ? type.bits() : bitFieldSize;
        putBits(bit + type.offset(), width, integer(id, type, width, value, where));
      }
      case BtfType.Pointer _ -> putBits(bit, 64, number(value, 64, false, true, where, id));
      case Enumeration type -> {
        int width = bitFieldSize == 0 ? type.size() * 8 : bitFieldSize;
        putBits(bit, width, constant(id, type, width, value, where));
      }
      case FloatType type -> floating(id, type, value, bit, where);
      case Array type -> array(id, type, value, bit, where);
      case Composite _ -> members(id, value, bit, where);
      case BtfType.Variable type -> write(type.type(), value, bit, 0, where);
      case DataSection type -> variables(type, value, bit, where);
      default -> throw wrong(where, id, "a type that has no values");
    }
  }

  private BigInteger integer(int id, Int type, int width, Object value, String where) {
    if (type.character() && value instanceof String text && text.length() == 1) {
      BigInteger character = BigInteger.valueOf(text.charAt(0));
      if (character.compareTo(MAX_CHARACTER) <= 0) {
        return character;
      }
    }
    if (!type.bool()) {
      return number(value, width, type.signed(), !type.signed(), where, id);
    }
    BigInteger truth = number(value, width, false, true, where, id);
    if (truth.compareTo(BigInteger.ONE) > 0) {
      throw wrong(where, id, "true or false, and not " + truth);
    }
    return truth;
  }

  private BigInteger constant(int id, Enumeration type, int width, Object value, String where) {
    if (value instanceof String name) {
      for (Enumerator enumerator : type.values()) {
        if (enumerator.name().equals(name)) {
          return number(BigInteger.valueOf(enumerator.value()), width, true, true, where, id);
        }
      }
      if (name.isEmpty() || !isNumberStart(name.charAt(0))) {
        throw wrong(
            where,
            id,
            "one of its constants %s, and not '%s'"
                .formatted(
                    String.join(
                        ", ", type.values().stream().limit(20).map(Enumerator::name).toList()),
                    name));
      }
    }
    return number(value, width, true, true, where, id);
  }

  private static boolean isNumberStart(char first) {
    return first == '-' || first >= '0' && first <= '9';
  }

  /** A number of that many bits, which may be of the signed range, the unsigned one, or either. */
  private BigInteger number(
      Object value, int width, boolean signed, boolean unsigned, String where, int id) {
    boolean hex = value instanceof String text && text.startsWith("0x");
    BigInteger number = wholeNumber(value, where, id);
    BigInteger low = signed ? BigInteger.ONE.shiftLeft(width - 1).negate() : BigInteger.ZERO;
    BigInteger high = BigInteger.ONE.shiftLeft(unsigned || hex ? width : width - 1);
    if (number.compareTo(low) < 0 || number.compareTo(high) >= 0) {
      throw wrong(
          where,
          id,
          "%d bits from %d to %d, and not %s"
              .formatted(width, low, high.subtract(BigInteger.ONE), value));
    }
    return number;
  }

  private BigInteger wholeNumber(Object value, String where, int id) {
    return switch (value) {
      case BigInteger number -> number;
      case Long number -> BigInteger.valueOf(number);
      case Integer number -> BigInteger.valueOf(number);
      case Short number -> BigInteger.valueOf(number);
      case Byte number -> BigInteger.valueOf(number);
      case Boolean truth -> truth ? BigInteger.ONE : BigInteger.ZERO;
      case String text -> parse(text, where, id);
      default -> throw wrong(where, id, "a whole number, and not " + shape(value));
    };
  }

  private BigInteger parse(String text, String where, int id) {
    boolean hex = text.startsWith("0x");
    // As long as 128 bits can be; a longer text would take long to read.
    if (text.length() <= 42) {
      try {
        BigInteger number = hex ? new BigInteger(text.substring(2), 16) : new BigInteger(text);
        if (!hex || number.signum() >= 0) {
          return number;
        }
      } catch (NumberFormatException e) {
        throw wrong(where, id, "a number, and not '%s'".formatted(text), e);
      }
    }
    throw wrong(where, id, "a number, and not '%s'".formatted(text));
  }

  /** Two's complement, the lowest bit first. */
  private void putBits(long bit, int width, BigInteger value) {
    if (bit % 8 == 0 && width % 8 == 0) {
      for (int i = 0; i < width / 8; i++) {
        bytes[(int) (bit / 8) + i] = value.shiftRight(i * 8).byteValue();
      }
      return;
    }
    for (int i = 0; i < width; i++) {
      int at = (int) ((bit + i) / 8);
      int mask = 1 << (bit + i) % 8;
      bytes[at] = (byte) (value.testBit(i) ? bytes[at] | mask : bytes[at] & ~mask);
    }
  }

  private void floating(int id, FloatType type, Object value, long bit, String where) {
    // Read as text, so that a float is rounded once.
    String text =
        switch (value) {
          case Number number -> number.toString();
          case String word -> javaName(word);
          default -> throw wrong(where, id, "a number, and not " + shape(value));
        };
    try {
      switch (type.size()) {
        case 4 -> {
          float number = Float.parseFloat(text);
          mustBeInRange(Float.isInfinite(number), text, "32", id, value, where);
          putBits(bit, 32, BigInteger.valueOf(Float.floatToRawIntBits(number)));
        }
        case 8 -> {
          double number = Double.parseDouble(text);
          mustBeInRange(Double.isInfinite(number), text, "64", id, value, where);
          putBits(bit, 64, BigInteger.valueOf(Double.doubleToRawLongBits(number)));
        }
        default ->
            throw wrong(
                where, id, "a float of %d bytes, which is not supported".formatted(type.size()));
      }
    } catch (NumberFormatException e) {
      throw wrong(where, id, "a number, and not '%s'".formatted(value), e);
    }
  }

  /** Infinity and NaN as C writes and reads them, in Java's words. */
  private static String javaName(String word) {
    return switch (word.toLowerCase(Locale.ROOT)) {
      case "inf", "+inf", "infinity", "+infinity" -> INFINITY;
      case "-inf", "-infinity" -> "-" + INFINITY;
      case "nan", "-nan" -> "NaN";
      default -> word;
    };
  }

  private void mustBeInRange(
      boolean infinite, String text, String bits, int id, Object value, String where) {
    if (infinite && !text.endsWith(INFINITY)) {
      throw wrong(where, id, "a number of %s bits, and not %s".formatted(bits, value));
    }
  }

  private void array(int id, Array type, Object value, long bit, String where) {
    if (value instanceof String text) {
      text(id, type, text, bit, where);
      return;
    }
    if (!(value instanceof List<?> elements)) {
      throw wrong(where, id, "an array, and not " + shape(value));
    }
    if (elements.size() > type.length()) {
      throw wrong(
          where,
          id,
          "an array of %d elements, and not %d".formatted(type.length(), elements.size()));
    }
    long elementBits = 8L * btf.sizeOf(type.elementType());
    for (int i = 0; i < elements.size(); i++) {
      String element = where + "[" + i + "]";
      write(
          type.elementType(), present(elements.get(i), element), bit + i * elementBits, 0, element);
    }
  }

  private void text(int id, Array type, String text, long bit, String where) {
    if (!(btf.stripped(type.elementType()) instanceof Int element) || element.size() != 1) {
      throw wrong(where, id, "an array, and not a string");
    }
    byte[] characters = text.getBytes(StandardCharsets.UTF_8);
    if (characters.length > type.length()) {
      throw wrong(
          where, id, "%d bytes of text, and not %d".formatted(type.length(), characters.length));
    }
    int start = (int) (bit / 8);
    Arrays.fill(bytes, start, start + type.length(), (byte) 0);
    System.arraycopy(characters, 0, bytes, start, characters.length);
  }

  private void members(int id, Object value, long bit, String where) {
    for (Map.Entry<?, ?> entry : map(id, value, where).entrySet()) {
      String name = String.valueOf(entry.getKey());
      String member = where + "." + name;
      if (name.isEmpty()) {
        // What is printed below "" are members of this struct by C's rule.
        members(id, present(entry.getValue(), member), bit, where);
      } else {
        member(id, name, present(entry.getValue(), member), bit, where);
      }
    }
  }

  private void member(int id, String name, Object value, long bit, String where) {
    Optional<Btf.MemberPlace> place = MemberPath.named(btf, new Btf.MemberPlace(id, bit, 0), name);
    if (place.isEmpty()) {
      Composite composite = (Composite) btf.stripped(id);
      throw new IllegalArgumentException(
          "%s: %s has no member '%s', it has %s"
              .formatted(
                  where,
                  btf.typeName(id),
                  name,
                  String.join(
                      ", ", composite.members().stream().limit(20).map(Member::name).toList())));
    }
    Btf.MemberPlace found = place.get();
    write(found.type(), value, found.bitOffset(), found.bitFieldSize(), where + "." + name);
  }

  private void variables(DataSection section, Object value, long bit, String where) {
    if (!(value instanceof Map<?, ?> variables)) {
      throw new IllegalArgumentException(
          "%s: section %s takes an object, and not %s"
              .formatted(where, section.name(), shape(value)));
    }
    for (Map.Entry<?, ?> entry : variables.entrySet()) {
      String name = String.valueOf(entry.getKey());
      SectionVariable place =
          section.variables().stream()
              .filter(variable -> btf.name(variable.type()).equals(name))
              .findFirst()
              .orElseThrow(() ->
                  new IllegalArgumentException(
                      "%s: section %s has no variable '%s'"
                          .formatted(where, section.name(), name)));
      if ((long) place.offset() + btf.sizeOf(place.type()) > bytes.length - bit / 8) {
        throw new IllegalArgumentException(
            "%s: variable '%s' lies behind the end of section %s"
                .formatted(where, name, section.name()));
      }
      write(place.type(), present(entry.getValue(), name), bit + place.offset() * 8L, 0, name);
    }
  }

  private Map<?, ?> map(int id, Object value, String where) {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw wrong(where, id, "an object, and not " + shape(value));
  }

  private static Object present(@Nullable Object value, String where) {
    if (value == null) {
      throw new IllegalArgumentException(where + ": null is no value of any type");
    }
    return value;
  }

  private static String shape(Object value) {
    return switch (value) {
      case Map<?, ?> _ -> "an object";
      case List<?> _ -> "an array";
      case String text -> "'" + text + "'";
      case Number number -> number.toString();
      case Boolean truth -> truth.toString();
      default -> "a " + value.getClass().getSimpleName();
    };
  }

  private IllegalArgumentException wrong(String where, int id, String expected) {
    return new IllegalArgumentException(
        "%s: %s takes %s".formatted(where, btf.typeName(id), expected));
  }

  private IllegalArgumentException wrong(
      String where, int id, String expected, NumberFormatException cause) {
    IllegalArgumentException wrong = wrong(where, id, expected);
    wrong.initCause(cause);
    return wrong;
  }
}
