package io.ebpf4j.btf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.btf.BtfType.Composite;
import io.ebpf4j.btf.BtfType.DataSection;
import io.ebpf4j.btf.BtfType.Enumerator;
import io.ebpf4j.btf.BtfType.Linkage;
import io.ebpf4j.btf.BtfType.Member;
import io.ebpf4j.btf.BtfType.Parameter;
import io.ebpf4j.btf.BtfType.SectionVariable;
import java.util.List;
import org.junit.jupiter.api.Test;

final class BtfBuilderTest {
  private final BtfBuilder types = new BtfBuilder();

  @Test
  void membersAreAlignedAsInC() {
    int u8 = types.unsigned("u8", 1);
    int u32 = types.unsigned("u32", 4);
    int struct =
        types.struct(
            "s",
            members ->
                members
                    .member("a", u8)
                    .member("b", u32)
                    .member("c", types.array(u8, 3))
                    .member("d", types.pointer(0))
                    .member("e", u8));
    assertThat(offsets(struct)).containsExactly(0, 32, 64, 128, 192);
    assertThat(types.build().sizeOf(struct)).isEqualTo(32);
  }

  @Test
  void bitFieldsAreLaidOutAsByClang() {
    Composite clang =
        (Composite) BtfSamples.btf().stripped(BtfSamples.struct(BtfSamples.btf(), "flags"));
    int u32 = types.unsigned("u32", 4);
    int u64 = types.unsigned("u64", 8);
    int struct =
        types.struct(
            "flags",
            members ->
                members
                    .bitField("low", u32, 3)
                    .bitField("middle", u32, 7)
                    .bitField("negative", types.signed("int", 4), 5)
                    .bitField("high", u64, 40)
                    .bitField("on", types.bool(), 1));
    assertThat(offsets(struct)).isEqualTo(clang.members().stream().map(Member::bitOffset).toList());
    assertThat(types.build().sizeOf(struct)).isEqualTo(clang.size());
  }

  @Test
  void bitFieldDoesNotCrossItsType() {
    int u8 = types.unsigned("u8", 1);
    int struct = types.struct("s", m -> m.bitField("a", u8, 5).bitField("b", u8, 5));
    assertThat(offsets(struct)).containsExactly(0, 8);
  }

  @Test
  void unionMembersStartTogether() {
    int u8 = types.unsigned("u8", 1);
    int union = types.union("u", m -> m.member("a", u8).member("b", types.unsigned("u64", 8)));
    assertThat(offsets(union)).containsExactly(0, 0);
    assertThat(types.build().sizeOf(union)).isEqualTo(8);
  }

  @Test
  void offsetsAndSizeCanBeGiven() {
    int u32 = types.unsigned("u32", 4);
    int struct = types.struct("bpf_map", m -> m.memberAt("max_entries", u32, 36).size(256));
    assertThat(offsets(struct)).containsExactly(36 * 8);
    assertThat(types.build().sizeOf(struct)).isEqualTo(256);
    assertThatThrownBy(() -> types.struct("t", m -> m.memberAt("x", u32, 4).size(6)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("t: 6 bytes are less than its members' 8");
  }

  @Test
  void sameTypeIsDeclaredOnce() {
    int u32 = types.unsigned("u32", 4);
    assertThat(types.unsigned("u32", 4)).isEqualTo(u32);
    assertThat(types.pointer(u32)).isEqualTo(types.pointer(u32));
    assertThat(types.unsigned("__u32", 4)).isNotEqualTo(u32);
  }

  @Test
  void structTakesThePlaceOfItsDeclaration() {
    int declared = types.forward("node", false);
    int pointer = types.pointer(declared);
    int node = types.struct("node", m -> m.member("next", pointer));
    assertThat(node).isEqualTo(declared);
    Btf btf = types.build();
    assertThat(btf.typeName(pointer)).isEqualTo("struct node *");
    assertThat(btf.sizeOf(node)).isEqualTo(8);
  }

  @Test
  void structThatHoldsAnIncompleteTypeIsRefused() {
    int declared = types.forward("node", false);
    assertThatThrownBy(() -> types.struct("s", m -> m.member("node", declared)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("type 1, FWD node, has no size");
  }

  @Test
  void typesOfAnotherBtfKeepTheirIds() {
    Btf sample = BtfSamples.btf();
    BtfBuilder more = new BtfBuilder(sample);
    int added = more.struct("added", m -> m.member("inner", BtfSamples.struct(sample, "inner")));
    assertThat(more.build().types().subList(0, sample.size())).isEqualTo(sample.types());
    assertThat(added).isEqualTo(sample.size());
  }

  @Test
  void functionsEnumsAndSectionsAreDeclared() {
    int integer = types.signed("int", 4);
    int prototype = types.prototype(integer, new Parameter("ctx", types.pointer(0)));
    int function = types.function("count", prototype, Linkage.GLOBAL);
    int state =
        types.enumeration("state", List.of(new Enumerator("ON", 1), new Enumerator("ERR", -1)));
    int large = types.enumeration64("large", List.of(new Enumerator("ALL", 1L << 40)));
    int character = types.variable("c", types.signed("char", 1), Linkage.STATIC);
    int word = types.variable("w", integer, Linkage.GLOBAL);
    int section = types.section(".data", character, word);
    Btf btf = types.build();
    assertThat(btf.typeName(function)).isEqualTo("int count(void *)");
    assertThat(((BtfType.Enumeration) btf.type(state)).signed()).isTrue();
    assertThat(btf.sizeOf(large)).isEqualTo(8);
    assertThat(btf.type(section))
        .isEqualTo(
            new DataSection(
                ".data",
                8,
                List.of(new SectionVariable(character, 0, 1), new SectionVariable(word, 4, 4))));
  }

  @Test
  void enumeratorThatNeedsMoreBitsIsRefused() {
    types.enumeration("e", List.of(new Enumerator("ALL", 1L << 40)));
    assertThatThrownBy(types::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("type 1: ALL = 1099511627776 needs an ENUM64");
  }

  private List<Integer> offsets(int struct) {
    Composite composite = (Composite) types.build().type(struct);
    return composite.members().stream().map(Member::bitOffset).toList();
  }
}
