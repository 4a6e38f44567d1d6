package io.ebpf4j.cli;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.spec.MapSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Keys and values of a map as text, by their types where the map was made with some. */
final class TypedElements {
  private static final HexFormat HEX = HexFormat.ofDelimiter(" ");

  private final @Nullable Btf btf;
  private final int keyType;
  private final int valueType;
  private final ValueText.Style style;

  TypedElements(MapSpec spec, ValueText.Style style) {
    this.btf = spec.valueType() == 0 ? null : spec.btf();
    this.keyType = spec.keyType();
    this.valueType = spec.valueType();
    this.style = style;
  }

  /** Whether the map has types. */
  boolean known() {
    return btf != null;
  }

  /** Whether keys have a type; those of global data have none. */
  boolean hasKeyType() {
    return btf != null && keyType != 0;
  }

  /** A key by its type, or as hex without one. */
  String key(byte[] key) {
    return text(keyType, key);
  }

  /** A value by its type, or as hex without one. */
  String value(byte[] value) {
    return text(valueType, value);
  }

  /** Whether the value is a section of global variables. */
  boolean isSection() {
    return btf != null && btf.type(valueType) instanceof BtfType.DataSection;
  }

  /** A global variable in a section. */
  @SuppressWarnings("ArrayRecordComponent") // Bytes to be shown or compared one by one.
  record VariableText(String name, String text, byte[] bytes) {}

  /** The variables of a section with their values; none where the value is no section. */
  List<VariableText> variables(byte[] section) {
    List<VariableText> variables = new ArrayList<>();
    if (btf != null && btf.type(valueType) instanceof BtfType.DataSection type) {
      for (BtfType.SectionVariable place : type.variables()) {
        byte[] value =
            Arrays.copyOfRange(section, place.offset(), place.offset() + btf.sizeOf(place.type()));
        variables.add(new VariableText(btf.name(place.type()), text(place.type(), value), value));
      }
    }
    return variables;
  }

  private String text(int type, byte[] value) {
    return btf == null || type == 0 ? HEX.formatHex(value) : ValueText.of(btf, type, value, style);
  }
}
