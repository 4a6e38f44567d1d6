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
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Tells a {@link BtfSink} what the bytes of a value mean, in the form of bpftool's map dump:
 * structs and unions are objects, with anonymous members as objects named "", arrays are arrays,
 * but an array of {@code char} is a string where it is printable up to its first zero; an enum is
 * its constant's name, or its number as signed; a data section is an object of one array, without
 * what has no bytes there (functions).
 */
public final class BtfPrinter {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Types may have far more members and elements than bytes, where those overlap or are empty. */
  private static final int SPARE_VALUES = 100_000;

  private static final int VALUES_PER_BYTE = 64;

  private final Btf btf;
  private final MemorySegment bytes;
  private final BtfSink sink;
  private long valuesLeft;

  private BtfPrinter(Btf btf, MemorySegment bytes, BtfSink sink) {
    this.btf = btf;
    this.bytes = bytes;
    this.sink = sink;
    this.valuesLeft = SPARE_VALUES + bytes.byteSize() * VALUES_PER_BYTE;
  }

  /**
   * Prints one value.
   *
   * @param type the id of its type, which has a size
   * @param value its bytes, from their start on
   * @throws IllegalArgumentException where the type has no size, or more bytes than there are
   * @throws BtfFormatException where the type has far more members or elements than bytes
   */
  public static void print(Btf btf, int type, MemorySegment value, BtfSink sink) {
    int size = btf.sizeOf(type);
    if (value.byteSize() < size) {
      throw new IllegalArgumentException(
          "%d bytes are too few for a value of %s, which has %d"
              .formatted(value.byteSize(), btf.typeName(type), size));
    }
    new BtfPrinter(btf, value, sink).print(type, 0);
  }

  private void print(int id, long at) {
    if (--valuesLeft < 0) {
      throw new BtfFormatException(
          "type %d: it has too many members or elements for a value of %d bytes"
              .formatted(id, bytes.byteSize()));
    }
    switch (btf.stripped(id)) {
      case Int type -> integer(type, at);
      case BtfType.Pointer _ -> sink.pointer(bytes.get(LONG, at));
      case Array type -> array(type, at);
      case Composite type -> composite(type, at);
      case Enumeration type -> enumeration(type, at);
      case FloatType type -> floating(type, at);
      case BtfType.Variable type -> print(type.type(), at);
      case DataSection type -> section(type, at);
      default -> throw new AssertionError("type " + id + " has no size and was let through");
    }
  }

  private void integer(Int type, long at) {
    if (type.offset() != 0 || !isPlainWidth(type.bits()) || type.bits() > type.size() * 8) {
      sink.hex(bits(at * 8 + type.offset(), type.bits()));
    } else if (type.bool()) {
      sink.bool(bytes.get(ValueLayout.JAVA_BYTE, at) != 0);
    } else if (type.character()) {
      byte[] character = {bytes.get(ValueLayout.JAVA_BYTE, at)};
      sink.string(new String(character, StandardCharsets.ISO_8859_1));
    } else if (type.signed()) {
      sink.number(signed(at, type.bits() / 8));
    } else if (type.bits() == 64) {
      sink.unsigned(bytes.get(LONG, at));
    } else {
      sink.unsigned(signed(at, type.bits() / 8) & (1L << type.bits()) - 1);
    }
  }

  private static boolean isPlainWidth(int bits) {
    return bits == 8 || bits == 16 || bits == 32 || bits == 64;
  }

  private long signed(long at, int size) {
    return switch (size) {
      case 1 -> bytes.get(ValueLayout.JAVA_BYTE, at);
      case 2 -> bytes.get(SHORT, at);
      case 4 -> bytes.get(INT, at);
      default -> bytes.get(LONG, at);
    };
  }

  private void array(Array type, long at) {
    if (isText(type, at)) {
      sink.string(text(at, type.length()));
      return;
    }
    sink.startArray();
    int elementBytes = btf.sizeOf(type.elementType());
    for (int i = 0; i < type.length(); i++) {
      print(type.elementType(), at + (long) i * elementBytes);
    }
    sink.endArray();
  }

  /** A typedef of char does not count, only {@code char} itself. */
  private boolean isText(Array type, long at) {
    int element = type.elementType();
    while (btf.kind(element) != BtfKind.TYPEDEF && btf.kind(element).isTransparent()) {
      element = btf.type(element) instanceof BtfType.Modifier m ? m.target() : tagTarget(element);
    }
    if (!(btf.type(element) instanceof Int number)
        || number.size() != 1
        || !(number.character() || number.name().equals("char"))) {
      return false;
    }
    for (int i = 0; i < type.length(); i++) {
      byte character = bytes.get(ValueLayout.JAVA_BYTE, at + i);
      if (character == 0) {
        return true;
      }
      if (character < 0x20 || character == 0x7f) {
        return false;
      }
    }
    return false;
  }

  private int tagTarget(int id) {
    return ((BtfType.TypeTag) btf.type(id)).target();
  }

  private String text(long at, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      byte character = bytes.get(ValueLayout.JAVA_BYTE, at + i);
      if (character == 0) {
        break;
      }
      text.append((char) character);
    }
    return text.toString();
  }

  private void composite(Composite type, long at) {
    sink.startObject();
    for (Member member : type.members()) {
      sink.name(member.name());
      long bit = at * 8 + Integer.toUnsignedLong(member.bitOffset());
      if (member.bitFieldSize() != 0) {
        sink.hex(bits(bit, member.bitFieldSize()));
      } else if (bit % 8 != 0) {
        Int old = (Int) btf.stripped(member.type());
        sink.hex(bits(bit + old.offset(), old.bits()));
      } else {
        print(member.type(), bit / 8);
      }
    }
    sink.endObject();
  }

  /** Little-endian: the lowest bit is the first. */
  private BigInteger bits(long bit, int width) {
    long first = bit / 8;
    int count = (int) ((bit + width + 7) / 8 - first);
    byte[] bigEndian = new byte[count];
    for (int i = 0; i < count; i++) {
      bigEndian[count - 1 - i] = bytes.get(ValueLayout.JAVA_BYTE, first + i);
    }
    BigInteger mask = BigInteger.ONE.shiftLeft(width).subtract(BigInteger.ONE);
    return new BigInteger(1, bigEndian).shiftRight((int) (bit % 8)).and(mask);
  }

  /** As bpftool: an ENUM is signed whatever it says; an ENUM64 of fewer bytes is as it says. */
  private void enumeration(Enumeration type, long at) {
    long value = signed(at, type.size());
    if (type.wide() && !type.signed() && type.size() < 8) {
      value &= (1L << type.size() * 8) - 1;
    }
    for (Enumerator enumerator : type.values()) {
      long constant = type.wide() ? enumerator.value() : (int) enumerator.value();
      if (constant == value) {
        sink.string(enumerator.name());
        return;
      }
    }
    sink.number(value);
  }

  private void floating(FloatType type, long at) {
    switch (type.size()) {
      case 4 -> {
        float value = Float.intBitsToFloat(bytes.get(INT, at));
        sink.floating(value, Float.toString(value));
      }
      case 8 -> {
        double value = Double.longBitsToDouble(bytes.get(LONG, at));
        sink.floating(value, Double.toString(value));
      }
      default -> sink.hex(bits(at * 8, type.size() * 8));
    }
  }

  private void section(DataSection type, long at) {
    sink.startObject();
    sink.name(type.name());
    sink.startArray();
    for (SectionVariable place : type.variables()) {
      if (!btf.hasSize(place.type())) {
        continue;
      }
      long end = at + place.offset() + btf.sizeOf(place.type());
      if (end > bytes.byteSize()) {
        throw new BtfFormatException(
            "section %s: its variable %s ends at byte %d, behind its end at byte %d"
                .formatted(type.name(), btf.name(place.type()), end, bytes.byteSize()));
      }
      sink.startObject();
      sink.name(btf.name(place.type()));
      print(place.type(), at + place.offset());
      sink.endObject();
    }
    sink.endArray();
    sink.endObject();
  }
}
