package io.ebpf4j.btf;

import static io.ebpf4j.btf.BtfSamples.struct;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.ebpf4j.btf.Btf.MemberPlace;
import io.ebpf4j.btf.BtfType.Array;
import io.ebpf4j.btf.BtfType.Composite;
import io.ebpf4j.btf.BtfType.DataSection;
import io.ebpf4j.btf.BtfType.DeclarationTag;
import io.ebpf4j.btf.BtfType.Enumeration;
import io.ebpf4j.btf.BtfType.Enumerator;
import io.ebpf4j.btf.BtfType.FunctionPrototype;
import io.ebpf4j.btf.BtfType.Int;
import io.ebpf4j.btf.BtfType.Linkage;
import io.ebpf4j.btf.BtfType.Member;
import io.ebpf4j.btf.BtfType.Modifier;
import io.ebpf4j.btf.BtfType.Parameter;
import io.ebpf4j.btf.BtfType.Pointer;
import io.ebpf4j.btf.BtfType.Qualifier;
import io.ebpf4j.btf.BtfType.Typedef;
import io.ebpf4j.btf.BtfType.Variable;
import io.ebpf4j.btf.BtfType.VoidType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class BtfTest {
  private static final VoidType VOID = new VoidType();
  private static final Int U32 = new Int("unsigned int", 4, 32, 0, false, false, false);

  private final Btf btf = BtfSamples.btf();

  @Test
  void sampleHasEveryKind() {
    Set<BtfKind> kinds = EnumSet.noneOf(BtfKind.class);
    btf.types().forEach(type -> kinds.add(type.kind()));
    assertThat(kinds).isEqualTo(EnumSet.allOf(BtfKind.class));
  }

  @Test
  void kindOfRecordAndKindOfIdAgree() {
    for (int id = 0; id < btf.size(); id++) {
      assertThat(btf.kind(id)).isEqualTo(btf.type(id).kind());
      assertThat(btf.name(id)).isEqualTo(btf.type(id).name());
    }
  }

  @Test
  void typesComeBackAfterEncoding() {
    assertThat(Btf.parse(new Btf(btf.types()).encode()).types()).isEqualTo(btf.types());
  }

  @Test
  void parsedBytesAreKept() {
    assertThat(btf.encode()).isEqualTo(BtfSamples.btfBytes());
  }

  @Test
  void bufferIsReadFromItsPositionAndStaysThere() {
    byte[] bytes = BtfSamples.btfBytes();
    ByteBuffer buffer = ByteBuffer.allocate(bytes.length + 3).put(3, bytes).position(3);
    assertThat(Btf.parse(buffer).types()).isEqualTo(btf.types());
    assertThat(buffer.position()).isEqualTo(3);
  }

  @Test
  void bitFieldsHaveTheirPlaces() {
    Composite flags = (Composite) btf.type(struct(btf, "flags"));
    assertThat(flags.size()).isEqualTo(8);
    assertThat(flags.members())
        .extracting(Member::name, Member::bitOffset, Member::bitFieldSize)
        .containsExactly(
            tuple("low", 0, 3),
            tuple("middle", 3, 7),
            tuple("negative", 10, 5),
            tuple("high", 15, 40),
            tuple("on", 55, 1));
  }

  @Test
  void enumeratorsAreSignedAsTheirEnum() {
    Enumeration color = (Enumeration) btf.type(btf.find("color", BtfKind.ENUM).orElseThrow());
    assertThat(color.values())
        .containsExactly(
            new Enumerator("RED", 0), new Enumerator("GREEN", 5), new Enumerator("BLUE", -1));
    Enumeration wide = (Enumeration) btf.type(btf.find("wide", BtfKind.ENUM64).orElseThrow());
    assertThat(wide.values())
        .containsExactly(new Enumerator("SMALL", 1), new Enumerator("LARGE", 0x1_0000_0000L));
    Btf unsigned =
        new Btf(
            List.of(
                VOID,
                new Enumeration(
                    "e", 4, false, false, List.of(new Enumerator("MAX", 0xffff_ffffL)))));
    assertThat(((Enumeration) unsigned.type(1)).values().getFirst().value())
        .isEqualTo(0xffff_ffffL);
  }

  @Test
  void declarationTagIsOnItsVariable() {
    DeclarationTag tag =
        (DeclarationTag) btf.type(btf.find("statistic", BtfKind.DECL_TAG).orElseThrow());
    assertThat(btf.name(tag.target())).isEqualTo("counter");
    assertThat(tag.component()).isEqualTo(-1);
    assertThat(tag.attribute()).isFalse();
  }

  @Test
  void externVariableIsInItsSection() {
    DataSection section =
        (DataSection) btf.type(btf.find(".kconfig", BtfKind.DATASEC).orElseThrow());
    Variable variable = (Variable) btf.type(section.variables().getFirst().type());
    assertThat(variable.name()).isEqualTo("CONFIG_HZ");
    assertThat(variable.linkage()).isEqualTo(Linkage.EXTERN);
  }

  @Test
  void sizesFollowTypedefsAndArrays() {
    assertThat(btf.sizeOf(struct(btf, "inner"))).isEqualTo(4);
    assertThat(btf.sizeOf(btf.find("u64", BtfKind.TYPEDEF).orElseThrow())).isEqualTo(8);
    assertThat(btf.sizeOf(btf.find("callback", BtfKind.TYPEDEF).orElseThrow())).isEqualTo(8);
    assertThat(btf.sizeOf(btf.find("counter", BtfKind.VAR).orElseThrow())).isEqualTo(8);
    assertThat(btf.sizeOf(memberType("grid"))).isEqualTo(16);
    assertThat(btf.sizeOf(memberType("rest"))).isZero();
  }

  @Test
  void voidAndFunctionsHaveNoSize() {
    assertThat(btf.hasSize(0)).isFalse();
    int function = btf.find("count", BtfKind.FUNC).orElseThrow();
    assertThatThrownBy(() -> btf.sizeOf(function))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("type %d, int count(struct inner *), has no size", function);
  }

  @Test
  void alignmentIsTheLargestOfTheMembers() {
    assertThat(btf.alignmentOf(struct(btf, "inner"))).isEqualTo(2);
    assertThat(btf.alignmentOf(struct(btf, "flags"))).isEqualTo(8);
    assertThat(btf.alignmentOf(memberType("grid"))).isEqualTo(2);
    assertThat(btf.alignmentOf(memberType("name"))).isEqualTo(1);
  }

  @Test
  void alignmentOfPackedStructIsOne() {
    Btf packed =
        new Btf(
            List.of(
                VOID,
                U32,
                new Composite("gap", false, 8, List.of(new Member("a", 1, 8, 0))),
                new Composite("odd", false, 5, List.of(new Member("a", 1, 0, 0)))));
    assertThat(packed.alignmentOf(2)).isEqualTo(1);
    assertThat(packed.alignmentOf(3)).isEqualTo(1);
  }

  @Test
  void stripGoesThroughTypedefsQualifiersAndTags() {
    Variable counter = (Variable) btf.type(btf.find("counter", BtfKind.VAR).orElseThrow());
    assertThat(btf.kind(counter.type())).isEqualTo(BtfKind.VOLATILE);
    assertThat(btf.stripped(counter.type()).name()).isEqualTo("unsigned long long");
    Pointer tagged = (Pointer) btf.type(memberType("tagged"));
    assertThat(btf.kind(tagged.target())).isEqualTo(BtfKind.TYPE_TAG);
    assertThat(btf.stripped(tagged.target()).name()).isEqualTo("int");
  }

  @Test
  void nameAndKindFindTheType() {
    assertThat(btf.find("inner", BtfKind.UNION)).isEmpty();
    assertThat(btf.find("nothing", BtfKind.STRUCT)).isEmpty();
    assertThat(btf.findAll("count")).hasSize(1);
  }

  @Test
  void flavorsAreFoundByTheirEssentialName() {
    Btf flavors =
        new Btf(
            List.of(
                VOID,
                new Composite("task", false, 0, List.of()),
                new Composite("task___old", false, 0, List.of()),
                new Composite("task__2", false, 0, List.of())));
    assertThat(flavors.findEssential("task")).containsExactly(1, 2);
    assertThat(flavors.findAll("task___old")).containsExactly(2);
    assertThat(Btf.essentialName("___a")).isEqualTo("___a");
    assertThat(Btf.essentialName("a___")).isEqualTo("a___");
    assertThat(Btf.essentialName("a___b___c")).isEqualTo("a___b");
  }

  @Test
  void memberPathsGoThroughAnonymousStructsAndArrays() {
    int everything = struct(btf, "everything");
    MemberPlace right = btf.member(everything, "right").orElseThrow();
    MemberPlace first = btf.member(everything, "first").orElseThrow();
    assertThat(right.bitOffset()).isEqualTo(first.bitOffset() + 8);
    MemberPlace grid = btf.member(everything, "grid").orElseThrow();
    MemberPlace y = btf.member(everything, "grid[1][0].y").orElseThrow();
    assertThat(y.bitOffset()).isEqualTo(grid.bitOffset() + 8 * 8 + 16);
    assertThat(btf.member(everything, "flags.middle").orElseThrow().bitFieldSize()).isEqualTo(7);
    assertThat(btf.member(everything, "named.value")).isPresent();
  }

  @Test
  void memberPathsThatLeadNowhereAreEmpty() {
    int everything = struct(btf, "everything");
    for (String path :
        List.of("value", "grid[2]", "grid.x", "small.x", "grid[", "grid[1]x", "a..b", "", "[0]")) {
      assertThat(btf.member(everything, path)).as(path).isEmpty();
    }
  }

  @Test
  void typeNamesAreWrittenAsInC() {
    assertThat(btf.typeName(0)).isEqualTo("void");
    assertThat(btf.typeName(struct(btf, "inner"))).isEqualTo("struct inner");
    assertThat(btf.typeName(memberType("grid"))).isEqualTo("struct inner[2][2]");
    assertThat(btf.typeName(memberType("pointer"))).isEqualTo("const volatile int * restrict");
    assertThat(btf.typeName(memberType("either"))).isEqualTo("union either");
    assertThat(btf.typeName(memberType("named"))).isEqualTo("struct (anonymous)");
    assertThat(btf.typeName(memberType("color"))).isEqualTo("enum color");
    assertThat(btf.typeName(memberType("later"))).isEqualTo("struct forward *");
    assertThat(btf.typeName(btf.find("limit", BtfKind.VAR).orElseThrow()))
        .isEqualTo("const volatile u32 limit");
    Typedef callback = (Typedef) btf.type(memberType("call"));
    assertThat(btf.typeName(callback.target()))
        .isEqualTo("int (*)(void *, const struct inner *, ...)");
  }

  @Test
  void pointersToArraysAndArraysOfPointersDiffer() {
    Btf types =
        new Btf(
            List.of(
                VOID,
                U32,
                new Array(1, 1, 4),
                new Pointer(2),
                new Pointer(1),
                new Array(4, 1, 4),
                new Modifier(Qualifier.CONST, 4)));
    assertThat(types.typeName(3)).isEqualTo("unsigned int (*)[4]");
    assertThat(types.typeName(5)).isEqualTo("unsigned int *[4]");
    assertThat(types.typeName(6)).isEqualTo("unsigned int * const");
  }

  @Test
  void nameOfPrototypesThatLeadToEachOtherEnds() {
    Btf types =
        new Btf(
            List.of(
                VOID,
                new Pointer(2),
                new FunctionPrototype(1, List.of(new Parameter("a", 1), new Parameter("b", 1)))));
    assertThat(types.typeName(1)).contains("...").hasSizeLessThan(10_000);
  }

  @Test
  void typeThatContainsItselfIsRefused() {
    assertThatThrownBy(() ->
            new Btf(
                List.of(
                    VOID,
                    new Composite("s", false, 8, List.of(new Member("m", 2, 0, 0))),
                    new Array(1, 1, 1))))
        .isInstanceOf(BtfFormatException.class)
        .hasMessage("type 1 (STRUCT) at byte 24: it contains itself, through type 2");
  }

  @Test
  void typedefsAndPointersInACircleAreRefused() {
    assertThatThrownBy(() -> new Btf(List.of(VOID, new Typedef("a", 2), new Typedef("b", 1))))
        .isInstanceOf(BtfFormatException.class)
        .hasMessageContaining("leads back to itself");
    assertThatThrownBy(() -> new Btf(List.of(VOID, new Pointer(1))))
        .isInstanceOf(BtfFormatException.class)
        .hasMessageContaining("leads back to itself");
  }

  @Test
  void structThatPointsToItselfIsFine() {
    Btf list =
        new Btf(
            List.of(
                VOID,
                new Composite("node", false, 8, List.of(new Member("next", 2, 0, 0))),
                new Pointer(1)));
    assertThat(list.sizeOf(1)).isEqualTo(8);
  }

  @Test
  void deepNestingIsRefusedWhicheverWayItIsNumbered() {
    List<BtfType> up = new ArrayList<>(List.of(VOID, U32));
    List<BtfType> down = new ArrayList<>(List.of(VOID));
    for (int id = 2; id < 1000; id++) {
      up.add(new Array(id - 1, 1, 1));
      down.add(new Array(id, id, 1));
    }
    down.add(U32);
    for (List<BtfType> types : List.of(up, down)) {
      assertThatThrownBy(() -> new Btf(types))
          .isInstanceOf(BtfFormatException.class)
          .hasMessageContaining("more than 256 types deep");
    }
  }

  @Test
  void memberPastTheEndOfItsStructIsRefused() {
    assertThatThrownBy(() ->
            new Btf(
                List.of(
                    VOID, U32, new Composite("s", false, 4, List.of(new Member("m", 1, 8, 0))))))
        .isInstanceOf(BtfFormatException.class)
        .hasMessageEndingWith("its member 0, 32 bits from bit 8 on, goes past its 4 bytes");
  }

  @Test
  void arrayBeyondTwoGibibytesIsPointedAtButNoMember() {
    Array declaration = new Array(1, 1, 0x2000_0000);
    assertThat(new Btf(List.of(VOID, U32, declaration, new Pointer(2))).typeName(3))
        .isEqualTo("unsigned int (*)[536870912]");
    assertThatThrownBy(() ->
            new Btf(
                List.of(
                    VOID,
                    U32,
                    declaration,
                    new Composite("s", false, 8, List.of(new Member("m", 2, 0, 0))))))
        .isInstanceOf(BtfFormatException.class)
        .hasMessageContaining("goes past its 8 bytes");
  }

  @Test
  void lengthOfAnArrayIsAnUnsignedNumber() {
    Btf btf = Btf.parse(new Btf(List.of(VOID, U32, new Array(1, 1, -1), new Pointer(2))).encode());
    assertThat(btf.type(2)).isEqualTo(new Array(1, 1, 0xffff_ffff));
    assertThat(btf.typeName(3)).isEqualTo("unsigned int (*)[4294967295]");
  }

  @Test
  void unknownTypeAndStringAreNamedWithTheirPlace() {
    assertThatThrownBy(() -> new Btf(List.of(VOID, U32, new Pointer(9))))
        .isInstanceOf(BtfFormatException.class)
        .hasMessage("type 2 (PTR) at byte 40: its target is type 9, but there are only 2 types");
    byte[] bytes = new Btf(List.of(VOID, U32)).encode();
    bytes[24] = 100;
    assertThatThrownBy(() -> Btf.parse(bytes))
        .isInstanceOf(BtfFormatException.class)
        .hasMessage(
            "type 1 (INT) at byte 24: its name is at offset 100 of the strings, which are 14"
                + " bytes");
  }

  @Test
  void headersOfOtherFormatsAreRefused() {
    assertThatThrownBy(() -> Btf.parse(new byte[0])).hasMessageContaining("too few for a header");
    assertThatThrownBy(() -> Btf.parse(changed(0, 0xeb, 0x9f)))
        .hasMessageContaining("big-endian BTF is not supported");
    assertThatThrownBy(() -> Btf.parse(changed(0, 1))).hasMessageContaining("magic 0xeb9f");
    assertThatThrownBy(() -> Btf.parse(changed(2, 2))).hasMessageContaining("version 2 is unknown");
    assertThatThrownBy(() -> Btf.parse(changed(3, 1))).hasMessageContaining("flags 0x01");
    assertThatThrownBy(() -> Btf.parse(changed(4, 8))).hasMessageContaining("8 bytes long");
  }

  @Test
  void longerHeaderIsReadWhereItsUnknownPartIsZero() {
    byte[] bytes = BtfSamples.btfBytes();
    byte[] longer = new byte[bytes.length + 8];
    System.arraycopy(bytes, 0, longer, 0, 24);
    System.arraycopy(bytes, 24, longer, 32, bytes.length - 24);
    longer[4] = 32;
    assertThat(Btf.parse(longer).types()).isEqualTo(btf.types());
    longer[31] = 1;
    assertThatThrownBy(() -> Btf.parse(longer)).hasMessageContaining("byte 31 of the header");
  }

  private int memberType(String name) {
    return btf.member(struct(btf, "everything"), name).orElseThrow().type();
  }

  private static byte[] changed(int at, int... values) {
    byte[] bytes = BtfSamples.btfBytes();
    for (int i = 0; i < values.length; i++) {
      bytes[at + i] = (byte) values[i];
    }
    return bytes;
  }
}
