package io.ebpf4j.object;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The {@code .kconfig} map: where each {@code __kconfig} extern lies in it, and its values. */
final class ConfigurationMap {
  static final String SECTION = ".kconfig";

  private static final int LARGEST = 1 << 20;

  private final ElfFile elf;
  private final Map<String, Option> options = new LinkedHashMap<>();
  private int size;

  private enum Form {
    BOOL,
    CHARACTER,
    INTEGER,
    TRISTATE,
    STRING
  }

  private record Option(
      String name, Form form, boolean signed, int offset, int size, int alignment, boolean weak) {
    Option at(int newOffset) {
      return new Option(name, form, signed, newOffset, size, alignment, weak);
    }
  }

  /** Lays the externs out: by falling alignment, then size, then name, as libbpf does. */
  ConfigurationMap(ElfFile elf, @Nullable Btf btf, Collection<Extern> externs) {
    this.elf = elf;
    List<Option> unplaced = new ArrayList<>();
    for (Extern extern : externs) {
      if (btf != null && extern.kind() == Extern.Kind.CONFIGURATION) {
        unplaced.add(option(btf, extern));
      }
    }
    unplaced.sort(
        Comparator.comparingInt(Option::alignment)
            .reversed()
            .thenComparingInt(Option::size)
            .thenComparing(Option::name));
    for (Option option : unplaced) {
      int offset = (size + option.alignment - 1) / option.alignment * option.alignment;
      if (option.size > LARGEST - offset) {
        throw elf.broken("its __kconfig externs have more than %d bytes together", LARGEST);
      }
      options.put(option.name, option.at(offset));
      size = offset + option.size;
    }
  }

  /** Bytes of the map's element; 0 where the object has no such extern. */
  int size() {
    return size;
  }

  /** Where each extern begins. */
  Map<String, Integer> offsets() {
    Map<String, Integer> offsets = new LinkedHashMap<>();
    options.forEach((name, option) -> offsets.put(name, option.offset));
    return offsets;
  }

  /** The section's type as a kernel takes it: each extern in its place in the map. */
  BtfType.DataSection placed(Btf btf, BtfType.DataSection section) {
    List<BtfType.SectionVariable> placed = new ArrayList<>();
    for (BtfType.SectionVariable variable : section.variables()) {
      Option option = options.get(btf.name(variable.type()));
      if (option != null) {
        placed.add(new BtfType.SectionVariable(variable.type(), option.offset, option.size));
      }
    }
    placed.sort(Comparator.comparingInt(BtfType.SectionVariable::offset));
    return new BtfType.DataSection(SECTION, size, placed);
  }

  /** Whether a variable lies in the map. */
  boolean holds(BtfType.Variable variable) {
    return options.containsKey(variable.name());
  }

  /**
   * The element for a kernel. A weak option that is not set is zero.
   *
   * @throws ObjectFormatException where another one is not set, or its value does not fit its type
   */
  byte[] contents(KernelConfiguration kernel) {
    ByteBuffer contents = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    for (Option option : options.values()) {
      Optional<String> value = kernel.value(option.name);
      if (value.isPresent()) {
        write(contents, option, value.get());
      } else if (!option.weak) {
        throw elf.broken(
            "the kernel's configuration does not say what %s is; declare it __weak to read 0 then",
            option.name);
      }
    }
    return contents.array();
  }

  private void write(ByteBuffer contents, Option option, String value) {
    boolean letter = value.equals("y") || value.equals("n") || value.equals("m");
    switch (option.form) {
      case CHARACTER -> {
        if (letter) {
          contents.put(option.offset, (byte) value.charAt(0));
        } else {
          writeNumber(contents, option, value);
        }
      }
      case BOOL -> {
        if (letter && !value.equals("m")) {
          contents.put(option.offset, (byte) (value.equals("y") ? 1 : 0));
        } else {
          writeNumber(contents, option, value);
        }
      }
      case TRISTATE -> {
        if (!letter) {
          throw unfit(option, value);
        }
        // enum libbpf_tristate: no, yes, module.
        contents.putInt(option.offset, "nym".indexOf(value.charAt(0)));
      }
      case INTEGER -> writeNumber(contents, option, value);
      case STRING -> {
        if (value.length() < 2 || !value.startsWith("\"") || !value.endsWith("\"")) {
          throw unfit(option, value);
        }
        byte[] bytes = value.substring(1, value.length() - 1).getBytes(StandardCharsets.UTF_8);
        contents.put(option.offset, bytes, 0, Math.min(bytes.length, option.size - 1));
      }
    }
  }

  private void writeNumber(ByteBuffer contents, Option option, String value) {
    long number;
    try {
      number = value.startsWith("-") ? Long.decode(value) : decodeUnsigned(value);
    } catch (NumberFormatException _) {
      throw unfit(option, value);
    }
    int bits = option.size * Byte.SIZE;
    boolean fits =
        bits == Long.SIZE
            || (option.signed
                ? number >= -(1L << (bits - 1)) && number < 1L << (bits - 1)
                : number >>> bits == 0);
    if (!fits || (option.form == Form.BOOL && number >>> 1 != 0)) {
      throw unfit(option, value);
    }
    for (int i = 0; i < option.size; i++) {
      contents.put(option.offset + i, (byte) (number >>> (i * Byte.SIZE)));
    }
  }

  private static long decodeUnsigned(String value) {
    return value.startsWith("0x") || value.startsWith("0X")
        ? Long.parseUnsignedLong(value.substring(2), 16)
        : Long.parseUnsignedLong(value);
  }

  private ObjectFormatException unfit(Option option, String value) {
    return elf.broken(
        "the kernel's configuration has %s=%s, which does not fit its C type of %d bytes",
        option.name, value, option.size);
  }

  private Option option(Btf btf, Extern extern) {
    BtfType.Variable variable = (BtfType.Variable) btf.type(extern.btfType());
    return switch (btf.stripped(variable.type())) {
      case BtfType.Int number when isPowerOfTwo(number.size()) && number.size() <= Long.BYTES -> {
        Form form = number.bool() ? Form.BOOL : number.size() == 1 ? Form.CHARACTER : Form.INTEGER;
        yield new Option(
            extern.name(), form, number.signed(), 0, number.size(), number.size(), extern.weak());
      }
      case BtfType.Enumeration tristate
          when tristate.name().equals("libbpf_tristate") && tristate.size() == Integer.BYTES ->
          new Option(
              extern.name(), Form.TRISTATE, false, 0, Integer.BYTES, Integer.BYTES, extern.weak());
      case BtfType.Array text
          when text.length() > 0
              && btf.stripped(text.elementType())
                  instanceof BtfType.Int(_, int size, _, _, _, _, boolean bool)
              && size == 1
              && !bool ->
          new Option(extern.name(), Form.STRING, false, 0, text.length(), 1, extern.weak());
      default ->
          throw elf.broken(
              "the __kconfig extern %s has a type that is no bool, char, integer, enum"
                  + " libbpf_tristate or array of char",
              extern.name());
    };
  }

  private static boolean isPowerOfTwo(int number) {
    return Integer.bitCount(number) == 1;
  }
}
