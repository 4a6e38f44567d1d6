package io.ebpf4j.btf;

import static io.ebpf4j.btf.BtfSamples.struct;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.btf.BtfType.DataSection;
import io.ebpf4j.btf.BtfType.Enumeration;
import io.ebpf4j.btf.BtfType.Enumerator;
import io.ebpf4j.btf.BtfType.Int;
import io.ebpf4j.btf.BtfType.Linkage;
import io.ebpf4j.btf.BtfType.SectionVariable;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What bpftool 7.1 prints of the same bytes on Linux 6.18, but for floats. */
final class BtfPrinterTest {
  private final Btf sample = BtfSamples.btf();
  private final BtfBuilder types = new BtfBuilder();

  @Test
  void structsAreObjectsAndArraysArrays() {
    int inner = struct(sample, "inner");
    assertThat(JsonSink.of(sample, inner, "81a6cbf0")).isEqualTo("{\"x\":-22911,\"y\":-3893}");
    BtfBuilder more = new BtfBuilder(sample);
    int grid = more.array(more.array(inner, 2), 1);
    assertThat(JsonSink.of(more.build(), grid, "81a6cbf0153a5f84"))
        .isEqualTo("[[{\"x\":-22911,\"y\":-3893},{\"x\":14869,\"y\":-31649}]]");
  }

  @Test
  void integersAreSignedAsTheirType() {
    assertThat(JsonSink.of(types.unsigned("u8", 1), types, "ff")).isEqualTo("255");
    assertThat(JsonSink.of(types.signed("s8", 1), types, "ff")).isEqualTo("-1");
    assertThat(JsonSink.of(types.unsigned("u16", 2), types, "ffff")).isEqualTo("65535");
    assertThat(JsonSink.of(types.unsigned("u32", 4), types, "81a6cbf0")).isEqualTo("4039878273");
    assertThat(JsonSink.of(types.signed("int", 4), types, "81a6cbf0")).isEqualTo("-255089023");
    assertThat(JsonSink.of(types.unsigned("u64", 8), types, "ffffffffffffffff"))
        .isEqualTo("18446744073709551615");
    assertThat(JsonSink.of(types.signed("long", 8), types, "ffffffffffffffff")).isEqualTo("-1");
  }

  @Test
  void integersOfUnusualWidthAreHex() {
    assertThat(JsonSink.of(types.signed("__int128", 16), types, "ff".repeat(16)))
        .isEqualTo("\"0x" + "f".repeat(32) + '"');
    assertThat(JsonSink.of(types.signed("__int128", 16), types, "01" + "00".repeat(15)))
        .isEqualTo("\"0x1\"");
    int u24 = types.add(new Int("u24", 4, 24, 0, false, false, false));
    assertThat(JsonSink.of(u24, types, "fefefefe")).isEqualTo("\"0xfefefe\"");
    int shifted = types.add(new Int("u5", 4, 5, 3, true, false, false));
    assertThat(JsonSink.of(shifted, types, "08ff0000")).isEqualTo("\"0x1\"");
  }

  @Test
  void bitFieldsAreHexWhateverTheirType() {
    assertThat(JsonSink.of(sample, struct(sample, "flags"), "4142434445464748"))
        .isEqualTo(
            "{\"low\":\"0x1\",\"middle\":\"0x48\",\"negative\":\"0x10\",\"high\":\"0x8e8c8a8886\",\"on\":\"0x0\"}");
  }

  @Test
  void bitFieldsOfOlderCompilersAreHex() {
    int five = types.add(new Int("int", 4, 5, 0, true, false, false));
    int struct = types.struct("old", members -> members.memberAt("x", five, 0));
    assertThat(JsonSink.of(struct, types, "ff000000")).isEqualTo("{\"x\":\"0x1f\"}");
  }

  @Test
  void boolIsTrueWhereItsFirstByteIsNotZero() {
    assertThat(JsonSink.of(types.bool(), types, "41")).isEqualTo("true");
    assertThat(JsonSink.of(types.bool(), types, "00")).isEqualTo("false");
    int wide = types.add(new Int("bool32", 4, 32, 0, false, false, true));
    assertThat(JsonSink.of(wide, types, "00010000")).isEqualTo("false");
  }

  @Test
  void terminatedPrintableCharsAreText() {
    int text = types.array(types.signed("char", 1), 4);
    assertThat(JsonSink.of(text, types, "61620063")).isEqualTo("\"ab\"");
    assertThat(JsonSink.of(text, types, "00000000")).isEqualTo("\"\"");
    assertThat(JsonSink.of(text, types, "61626364")).isEqualTo("[97,98,99,100]");
    assertThat(JsonSink.of(text, types, "61090000")).isEqualTo("[97,9,0,0]");
    assertThat(JsonSink.of(text, types, "617f0000")).isEqualTo("[97,127,0,0]");
    assertThat(JsonSink.of(text, types, "61ff0000")).isEqualTo("[97,-1,0,0]");
    assertThat(JsonSink.of(types.array(types.signed("char", 1), 0), types, "")).isEqualTo("[]");
  }

  @Test
  void onlyCharItselfMakesText() {
    int character = types.signed("char", 1);
    int named = types.array(types.typedef("byte", character), 2);
    assertThat(JsonSink.of(named, types, "6100")).isEqualTo("[97,0]");
    assertThat(JsonSink.of(types.array(types.unsigned("u8", 1), 2), types, "6100"))
        .isEqualTo("[97,0]");
    int constant = types.array(types.qualified(BtfType.Qualifier.CONST, character), 2);
    assertThat(JsonSink.of(constant, types, "6100")).isEqualTo("\"a\"");
  }

  @Test
  void charactersByEncodingAreText() {
    int character = types.add(new Int("uchr", 1, 8, 0, false, true, false));
    assertThat(JsonSink.of(character, types, "41")).isEqualTo("\"A\"");
    assertThat(JsonSink.of(character, types, "ff")).isEqualTo("\"\u00ff\"");
    assertThat(JsonSink.of(types.array(character, 4), types, "61620000")).isEqualTo("\"ab\"");
  }

  @Test
  void enumsAreNamesOrSignedNumbers() {
    int color = sample.find("color", BtfKind.ENUM).orElseThrow();
    assertThat(JsonSink.of(sample, color, "05000000")).isEqualTo("\"GREEN\"");
    assertThat(JsonSink.of(sample, color, "ffffffff")).isEqualTo("\"BLUE\"");
    assertThat(JsonSink.of(sample, color, "fefefefe")).isEqualTo("-16843010");
    int wide = sample.find("wide", BtfKind.ENUM64).orElseThrow();
    assertThat(JsonSink.of(sample, wide, "0000000001000000")).isEqualTo("\"LARGE\"");
    assertThat(JsonSink.of(sample, wide, "fefefefefefefefe")).isEqualTo("-72340172838076674");
  }

  @Test
  void narrowUnsignedEnumIsReadAsSigned() {
    int narrow = types.add(enumeration(1, 200));
    assertThat(JsonSink.of(narrow, types, "c8")).isEqualTo("-56");
    int full = types.add(enumeration(4, 0xffff_ffffL));
    assertThat(JsonSink.of(full, types, "ffffffff")).isEqualTo("\"V\"");
  }

  @Test
  void pointersAreNumbers() {
    assertThat(JsonSink.of(types.pointer(0), types, "ffffffffffffffff"))
        .isEqualTo("18446744073709551615");
  }

  @Test
  void anonymousMembersAreNamedByNothing() {
    int u8 = types.unsigned("u8", 1);
    int pair = types.struct("", members -> members.member("c", u8).member("d", u8));
    int union =
        types.union("", members -> members.member("b", types.unsigned("u16", 2)).member("", pair));
    int outer = types.struct("s", members -> members.member("a", u8).memberAt("", union, 2));
    assertThat(JsonSink.of(outer, types, "01000203"))
        .isEqualTo("{\"a\":1,\"\":{\"b\":770,\"\":{\"c\":2,\"d\":3}}}");
  }

  @Test
  void floatsAreTheirShortestDecimal() {
    assertThat(JsonSink.of(types.floating("float", 4), types, "cdcccc3d")).isEqualTo("0.1");
    assertThat(JsonSink.of(types.floating("double", 8), types, "9a9999999999b93f"))
        .isEqualTo("0.1");
    assertThat(JsonSink.of(types.floating("float", 4), types, "0000c07f")).isEqualTo("NaN");
  }

  @Test
  void sectionIsAnObjectOfOneArrayOfVariables() {
    int u32 = types.unsigned("u32", 4);
    int section =
        types.section(
            ".data",
            types.variable("g", u32, Linkage.GLOBAL),
            types.variable("s", types.array(types.signed("char", 1), 4), Linkage.STATIC));
    assertThat(JsonSink.of(section, types, "0500000061620000"))
        .isEqualTo("{\".data\":[{\"g\":5},{\"s\":\"ab\"}]}");
  }

  @Test
  void functionsOfASectionAreLeftOut() {
    int function = types.function("kfunc", types.prototype(0), Linkage.EXTERN);
    int section =
        types.add(new DataSection(".ksyms", 0, List.of(new SectionVariable(function, 0, 0))));
    assertThat(JsonSink.of(section, types, "")).isEqualTo("{\".ksyms\":[]}");
  }

  @Test
  void flexibleArrayIsEmpty() {
    int everything = struct(sample, "everything");
    assertThat(JsonSink.of(sample, everything, new byte[sample.sizeOf(everything)]))
        .endsWith("\"rest\":[]}");
  }

  @Test
  void tooFewBytesAreRefused() {
    int inner = struct(sample, "inner");
    assertThatThrownBy(() -> JsonSink.of(sample, inner, "0000"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("2 bytes are too few for a value of struct inner, which has 4");
  }

  @Test
  void typeWithoutBytesButManyElementsIsRefused() {
    int empty = types.struct("empty", members -> {});
    int array = types.array(empty, Integer.MAX_VALUE);
    assertThatThrownBy(() -> JsonSink.of(array, types, ""))
        .isInstanceOf(BtfFormatException.class)
        .hasMessageContaining("too many members or elements");
  }

  private static Enumeration enumeration(int size, long value) {
    return new Enumeration("e", size, false, false, List.of(new Enumerator("V", value)));
  }
}
