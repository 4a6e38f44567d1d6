package io.ebpf4j.btf;

import static io.ebpf4j.btf.BtfSamples.struct;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.btf.BtfType.Int;
import io.ebpf4j.btf.BtfType.Linkage;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.AbstractStringAssert;
import org.junit.jupiter.api.Test;

final class BtfValueTest {
  private final Btf sample = BtfSamples.btf();
  private final BtfBuilder types = new BtfBuilder();

  @Test
  void numbersAreLittleEndian() {
    assertThat(hex(types.unsigned("u32", 4), 0x0102_0304L)).isEqualTo("04030201");
    assertThat(hex(types.signed("int", 4), -2L)).isEqualTo("feffffff");
    assertThat(hex(types.unsigned("u64", 8), new BigInteger("18446744073709551615")))
        .isEqualTo("ffffffffffffffff");
    assertThat(hex(types.unsigned("u16", 2), "0x1234")).isEqualTo("3412");
    assertThat(hex(types.unsigned("u16", 2), "513")).isEqualTo("0102");
    assertThat(hex(types.bool(), true)).isEqualTo("01");
    assertThat(hex(types.pointer(0), 16L)).isEqualTo("1000000000000000");
    assertThat(hex(types.signed("__int128", 16), -1L)).isEqualTo("ff".repeat(16));
  }

  @Test
  void hexGivesTheBitsOfASignedType() {
    assertThat(hex(types.signed("int", 4), "0xffffffff")).isEqualTo("ffffffff");
  }

  @Test
  void numbersOutOfRangeAreRefusedWithTheRange() {
    refused(types.unsigned("u8", 1), 256L)
        .isEqualTo("the value: u8 takes 8 bits from 0 to 255, and not 256");
    refused(types.unsigned("u8", 1), -1L)
        .isEqualTo("the value: u8 takes 8 bits from 0 to 255, and not -1");
    refused(types.signed("s8", 1), 128L)
        .isEqualTo("the value: s8 takes 8 bits from -128 to 127, and not 128");
    refused(types.signed("s8", 1), "0x100").contains("and not 0x100");
    refused(types.bool(), 2L).isEqualTo("the value: _Bool takes true or false, and not 2");
  }

  @Test
  void whatIsNoNumberIsRefused() {
    int u32 = types.unsigned("u32", 4);
    refused(u32, "many").isEqualTo("the value: u32 takes a number, and not 'many'");
    refused(u32, "0x-1").contains("a number, and not '0x-1'");
    refused(u32, "9".repeat(1000)).contains("a number");
    refused(u32, 1.5).isEqualTo("the value: u32 takes a whole number, and not 1.5");
    refused(u32, List.of()).contains("a whole number, and not an array");
    refused(u32, Map.of()).contains("a whole number, and not an object");
  }

  @Test
  void structsAreGivenByMember() {
    int inner = struct(sample, "inner");
    assertThat(BtfValue.encode(sample, inner, Map.of("y", 2L))).containsExactly(0, 0, 2, 0);
    assertThatThrownBy(() -> BtfValue.encode(sample, inner, Map.of("z", 2L)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the value: struct inner has no member 'z', it has x, y");
    assertThatThrownBy(() -> BtfValue.encode(sample, inner, 5L))
        .hasMessage("the value: struct inner takes an object, and not 5");
    assertThatThrownBy(() -> BtfValue.encode(sample, inner, Map.of("x", 70_000L)))
        .hasMessage("the value.x: short takes 16 bits from -32768 to 32767, and not 70000");
  }

  @Test
  void nullIsRefused() {
    Map<String, Object> holdsNull = new HashMap<>();
    holdsNull.put("x", null);
    assertThatThrownBy(() -> BtfValue.encode(sample, struct(sample, "inner"), holdsNull))
        .hasMessage("the value.x: null is no value of any type");
  }

  @Test
  void membersOfAnonymousStructsAreGivenEitherWay() {
    int everything = struct(sample, "everything");
    byte[] flat = BtfValue.encode(sample, everything, Map.of("left", 1L, "right", 2L));
    byte[] nested =
        BtfValue.encode(
            sample, everything, Map.of("", Map.of("", Map.of("left", 1L, "right", 2L))));
    assertThat(flat).isEqualTo(nested);
    int at = (int) sample.member(everything, "left").orElseThrow().bitOffset() / 8;
    assertThat(flat[at]).isEqualTo((byte) 1);
    assertThat(flat[at + 1]).isEqualTo((byte) 2);
  }

  @Test
  void bitFieldsLeaveTheirNeighbours() {
    int flags = struct(sample, "flags");
    byte[] value = new byte[8];
    Arrays.fill(value, (byte) 0xff);
    BtfValue.write(sample, flags, Map.of("middle", 0L, "negative", -1L), value, 0);
    assertThat(JsonSink.of(sample, flags, value))
        .isEqualTo(
            "{\"low\":\"0x7\",\"middle\":\"0x0\",\"negative\":\"0x1f\",\"high\":\"0xffffffffff\",\"on\":\"0x1\"}");
    assertThatThrownBy(() -> BtfValue.encode(sample, flags, Map.of("low", 8L)))
        .hasMessage("the value.low: u32 takes 3 bits from 0 to 7, and not 8");
  }

  @Test
  void arraysTakeNoMoreThanTheirElements() {
    int array = types.array(types.unsigned("u8", 1), 3);
    assertThat(hex(array, List.of(1L, 2L))).isEqualTo("010200");
    refused(array, List.of(1L, 2L, 3L, 4L))
        .isEqualTo("the value: u8[3] takes an array of 3 elements, and not 4");
    refused(array, List.of(1L, 300L)).startsWith("the value[1]: u8 takes 8 bits");
    refused(array, 1L).isEqualTo("the value: u8[3] takes an array, and not 1");
  }

  @Test
  void textFillsItsArray() {
    int text = types.array(types.signed("char", 1), 3);
    byte[] value = {9, 9, 9, 9};
    BtfValue.write(types.build(), text, "a", value, 0);
    assertThat(value).containsExactly('a', 0, 0, 9);
    refused(text, "abcd").isEqualTo("the value: char[3] takes 3 bytes of text, and not 4");
    refused(types.array(types.unsigned("u32", 4), 3), "abc").contains("an array, and not a string");
  }

  @Test
  void enumsAreGivenByName() {
    int color = sample.find("color", BtfKind.ENUM).orElseThrow();
    assertThat(BtfValue.encode(sample, color, "BLUE")).containsExactly(-1, -1, -1, -1);
    assertThat(BtfValue.encode(sample, color, 7L)).containsExactly(7, 0, 0, 0);
    assertThat(BtfValue.encode(sample, color, "7")).containsExactly(7, 0, 0, 0);
    assertThatThrownBy(() -> BtfValue.encode(sample, color, "PINK"))
        .hasMessage(
            "the value: enum color takes one of its constants RED, GREEN, BLUE, and not 'PINK'");
  }

  @Test
  void floatsTakeAnyNumber() {
    assertThat(hex(types.floating("float", 4), 0.1)).isEqualTo("cdcccc3d");
    assertThat(hex(types.floating("double", 8), "0.1")).isEqualTo("9a9999999999b93f");
    assertThat(hex(types.floating("float", 4), 1L)).isEqualTo("0000803f");
    refused(types.floating("float", 4), 1e300).contains("a number of 32 bits, and not 1.0E300");
    refused(types.floating("double", 8), new BigDecimal("1e999")).contains("of 64 bits");
    assertThat(hex(types.floating("float", 4), "inf")).isEqualTo("0000807f");
    assertThat(hex(types.floating("double", 8), "-INF")).isEqualTo("000000000000f0ff");
    refused(types.floating("float", 4), "half").contains("a number, and not 'half'");
  }

  @Test
  void characterTakesItsLetter() {
    int character = types.add(new Int("uchr", 1, 8, 0, false, true, false));
    assertThat(hex(character, "A")).isEqualTo("41");
    assertThat(hex(character, 65L)).isEqualTo("41");
  }

  @Test
  void sectionsAreGivenByVariable() {
    int u32 = types.unsigned("u32", 4);
    int section =
        types.section(
            ".data",
            types.variable("a", u32, Linkage.GLOBAL),
            types.variable("b", u32, Linkage.GLOBAL));
    byte[] value = {1, 0, 0, 0, 2, 0, 0, 0};
    BtfValue.write(types.build(), section, Map.of("b", 7L), value, 0);
    assertThat(value).containsExactly(1, 0, 0, 0, 7, 0, 0, 0);
    refused(section, Map.of("c", 1L)).isEqualTo("the value: section .data has no variable 'c'");
    refused(section, 1L).isEqualTo("the value: section .data takes an object, and not 1");
  }

  private String hex(int type, Object value) {
    return HexFormat.of().formatHex(BtfValue.encode(types.build(), type, value));
  }

  private AbstractStringAssert<?> refused(int type, Object value) {
    try {
      return assertThat(hex(type, value));
    } catch (IllegalArgumentException e) {
      return assertThat(String.valueOf(e.getMessage()));
    }
  }
}
