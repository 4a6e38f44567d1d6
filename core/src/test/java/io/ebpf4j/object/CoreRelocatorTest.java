package io.ebpf4j.object;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfExt.CoreKind;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.btf.BtfType.Array;
import io.ebpf4j.btf.BtfType.Composite;
import io.ebpf4j.btf.BtfType.Enumeration;
import io.ebpf4j.btf.BtfType.Enumerator;
import io.ebpf4j.btf.BtfType.Int;
import io.ebpf4j.btf.BtfType.Member;
import io.ebpf4j.btf.BtfType.Pointer;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.CoreRelocation;
import io.ebpf4j.spec.ProgramType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class CoreRelocatorTest {
  private static final int MOVE = Isa.BPF_ALU64 | Isa.BPF_MOV | Isa.BPF_K;
  private static final int LOAD = Isa.BPF_LDX | Isa.BPF_MEM;
  private static final int WIDE = Isa.BPF_LD | Isa.BPF_IMM | Isa.BPF_DW;
  private static final int CALL = Isa.BPF_JMP | Isa.BPF_CALL;

  private final Types local = new Types();
  private final Types target = new Types();

  @Test
  void anOffsetMovesToWhereTheKernelHasTheField() {
    int s = local.struct("s", 8, member("a", local.uint, 0), member("b", local.uint, 4));
    target.struct("s", 24, member("b", target.uint, 20), member("a", target.uint, 0));
    assertThat(moved(s, "0:1", CoreKind.FIELD_BYTE_OFFSET, 4)).isEqualTo(20);
    assertThat(load(s, "0:1", Isa.BPF_W, 4)).isEqualTo(new Instruction(LOAD, 0, 1, 20, 0));
  }

  @Test
  void flavoursOfATypeStandForTheSameType() {
    int old = local.struct("s___old", 4, member("gone", local.uint, 0));
    int now = local.struct("s___now", 4, member("here", local.uint, 0));
    target.struct("s", 12, member("here", target.uint, 8));
    assertThat(moved(old, "0:0", CoreKind.FIELD_EXISTS, 1)).isZero();
    assertThat(moved(now, "0:0", CoreKind.FIELD_EXISTS, 1)).isOne();
    assertThat(moved(now, "0:0", CoreKind.FIELD_BYTE_OFFSET, 0)).isEqualTo(8);
  }

  @Test
  void fieldsAreFoundThroughAnonymousMembers() {
    int s = local.struct("s", 4, member("x", local.uint, 0));
    int inner = target.struct("", 8, member("w", target.uint, 0), member("x", target.uint, 4));
    int union = target.add(new Composite("", true, 8, List.of(member("", inner, 0))));
    target.struct("s", 16, member("", union, 8));
    assertThat(moved(s, "0:0", CoreKind.FIELD_BYTE_OFFSET, 0)).isEqualTo(12);
  }

  @Test
  void elementsOfArraysAreCountedInTheKernelsSizes() {
    int s = local.struct("s", 16, member("a", local.array(local.uint, 4), 0));
    target.struct("s", 40, member("a", target.array(target.ulong, 4), 8));
    assertThat(moved(s, "0:0:2", CoreKind.FIELD_BYTE_OFFSET, 8)).isEqualTo(24);
  }

  @Test
  void anElementBehindTheKernelsArrayIsMissingUnlessItIsFlexible() {
    int s = local.struct("s", 16, member("a", local.array(local.uint, 4), 0));
    int f = local.struct("f", 16, member("a", local.array(local.uint, 4), 0));
    target.struct("s", 8, member("a", target.array(target.uint, 2), 0));
    target.struct(
        "f", 4, member("n", target.uint, 0), member("a", target.array(target.uint, 0), 4));
    assertThat(moved(s, "0:0:3", CoreKind.FIELD_EXISTS, 1)).isZero();
    assertThat(moved(f, "0:0:3", CoreKind.FIELD_BYTE_OFFSET, 12)).isEqualTo(16);
  }

  @Test
  void elementsOfAnArrayOfTheTypeItselfAreCounted() {
    int s = local.struct("s", 8, member("a", local.uint, 4));
    target.struct("s", 32, member("a", target.uint, 16));
    assertThat(moved(s, "2:0", CoreKind.FIELD_BYTE_OFFSET, 20)).isEqualTo(80);
  }

  @Test
  void aFieldOfAnotherKindIsMissing() {
    int s = local.struct("s", 4, member("a", local.uint, 0));
    target.struct("s", 8, member("a", target.add(new Pointer(0)), 0));
    assertThat(moved(s, "0:0", CoreKind.FIELD_EXISTS, 1)).isZero();
  }

  @Test
  void theSizeOfAFieldIsTheKernels() {
    int s = local.struct("s", 4, member("a", local.uint, 0));
    target.struct("s", 8, member("a", target.ulong, 0));
    assertThat(moved(s, "0:0", CoreKind.FIELD_BYTE_SIZE, 4)).isEqualTo(8);
  }

  @Test
  void aLoadOfAnUnsignedFieldTakesTheKernelsSize() {
    int s = local.struct("s", 8, member("a", local.ulong, 0));
    target.struct("s", 8, member("a", target.uint, 4));
    assertThat(load(s, "0:0", Isa.BPF_DW, 0))
        .isEqualTo(new Instruction(LOAD | Isa.BPF_W, 0, 1, 4, 0));
  }

  @Test
  void aLoadOfASignedFieldOfAnotherSizeIsPoisoned() {
    int s = local.struct("s", 4, member("a", local.sint, 0));
    target.struct("s", 8, member("a", target.slong, 0));
    assertThat(load(s, "0:0", Isa.BPF_W, 0))
        .isEqualTo(new Instruction(CALL, 0, 0, 0, CoreRelocator.POISON));
  }

  @Test
  void bitFieldsAreReadThroughShifts() {
    int s = local.struct("s", 4, new Member("b", local.uint, 3, 5));
    target.struct("s", 8, new Member("b", target.uint, 42, 7));
    assertThat(moved(s, "0:0", CoreKind.FIELD_BYTE_OFFSET, 0)).isEqualTo(4);
    assertThat(moved(s, "0:0", CoreKind.FIELD_BYTE_SIZE, 4)).isEqualTo(4);
    assertThat(moved(s, "0:0", CoreKind.FIELD_LSHIFT_U64, 56)).isEqualTo(64 - (10 + 7));
    assertThat(moved(s, "0:0", CoreKind.FIELD_RSHIFT_U64, 59)).isEqualTo(57);
    assertThat(moved(s, "0:0", CoreKind.FIELD_SIGNED, 0)).isZero();
  }

  @Test
  void aBitFieldOverTwoUnitsIsReadWithALargerLoad() {
    int s = local.struct("s", 4, new Member("b", local.uint, 0, 5));
    int byteType = target.add(new Int("unsigned char", 1, 8, 0, false, false, false));
    target.struct("s", 2, new Member("b", byteType, 6, 4));
    assertThat(moved(s, "0:0", CoreKind.FIELD_BYTE_OFFSET, 0)).isZero();
    assertThat(moved(s, "0:0", CoreKind.FIELD_BYTE_SIZE, 4)).isEqualTo(2);
  }

  @Test
  void signednessIsTheKernels() {
    int s = local.struct("s", 4, member("a", local.uint, 0));
    target.struct("s", 4, member("a", target.sint, 0));
    assertThat(moved(s, "0:0", CoreKind.FIELD_SIGNED, 0)).isOne();
  }

  @Test
  void typesHaveNumbersAndSizesOrZero() {
    int s = local.struct("s", 4, member("a", local.uint, 0));
    int absent = local.struct("absent", 4, member("a", local.uint, 0));
    int found = target.struct("s", 40, member("other", target.uint, 0));
    assertThat(moved(s, "0", CoreKind.TYPE_ID_LOCAL, 77)).isEqualTo(s);
    assertThat(moved(s, "0", CoreKind.TYPE_ID_TARGET, 77)).isEqualTo(found);
    assertThat(moved(absent, "0", CoreKind.TYPE_ID_TARGET, 77)).isZero();
    assertThat(moved(s, "0", CoreKind.TYPE_EXISTS, 1)).isOne();
    assertThat(moved(absent, "0", CoreKind.TYPE_EXISTS, 1)).isZero();
    assertThat(moved(s, "0", CoreKind.TYPE_SIZE, 4)).isEqualTo(40);
    assertThat(moved(absent, "0", CoreKind.TYPE_SIZE, 4)).isZero();
  }

  @Test
  void aTypeMatchesWhereTheKernelHasAllOfItsMembers() {
    int s = local.struct("s", 4, member("a", local.uint, 0));
    int more = local.struct("t", 8, member("a", local.uint, 0), member("b", local.uint, 4));
    int signed = local.struct("u", 4, member("a", local.sint, 0));
    target.struct("s", 8, member("z", target.uint, 0), member("a", target.uint, 4));
    target.struct("t", 8, member("a", target.uint, 0), member("c", target.uint, 4));
    target.struct("u", 4, member("a", target.uint, 0));
    assertThat(moved(s, "0", CoreKind.TYPE_MATCHES, 1)).isOne();
    assertThat(moved(more, "0", CoreKind.TYPE_MATCHES, 1)).isZero();
    assertThat(moved(signed, "0", CoreKind.TYPE_MATCHES, 1)).isZero();
    assertThat(moved(signed, "0", CoreKind.TYPE_EXISTS, 1)).isOne();
  }

  @Test
  void behindAPointerAForwardDeclarationMatchesAStruct() {
    int pointer = local.add(new Pointer(local.add(new BtfType.Forward("p", false))));
    int s = local.struct("s", 8, member("a", pointer, 0));
    int full = target.struct("p", 4, member("x", target.uint, 0));
    target.struct("s", 8, member("a", target.add(new Pointer(full)), 0));
    assertThat(moved(s, "0", CoreKind.TYPE_MATCHES, 1)).isOne();
  }

  @Test
  void enumeratorsAreFoundByNameInBothWidths() {
    int e =
        local.enumeration("e___mine", new Enumerator("A___mine", 1), new Enumerator("NO_SUCH", 2));
    target.add(new Enumeration("e", 8, false, true, List.of(new Enumerator("A", 0x1_2345_6789L))));
    assertThat(wide(e, "0", CoreKind.ENUMVAL_VALUE, 1)).isEqualTo(0x1_2345_6789L);
    assertThat(wide(e, "0", CoreKind.ENUMVAL_EXISTS, 1)).isOne();
    assertThat(wide(e, "1", CoreKind.ENUMVAL_EXISTS, 1)).isZero();
  }

  @Test
  void whatIsMissingIsAnErrorOnlyWhenReached() {
    int s = local.struct("s", 4, member("a", local.uint, 0));
    int e = local.enumeration("e", new Enumerator("A", 5));
    List<Instruction> code =
        List.of(
            new Instruction(MOVE, 1, 0, 0, 0),
            new Instruction(WIDE, 1, 0, 0, 5),
            new Instruction(0, 0, 0, 0, 0));
    CoreRelocator.Relocated relocated =
        relocate(
            code,
            new CoreRelocation(0, s, "0:0", CoreKind.FIELD_BYTE_OFFSET.ordinal()),
            new CoreRelocation(1, e, "0", CoreKind.ENUMVAL_VALUE.ordinal()));
    Instruction second = new Instruction(CALL, 0, 0, 0, CoreRelocator.POISON + 1);
    assertThat(relocated.program().instructions())
        .containsExactly(new Instruction(CALL, 0, 0, 0, CoreRelocator.POISON), second, second);
    assertThat(relocated.poisoned().keySet()).containsExactlyInAnyOrder(0, 1, 2);
    assertThat(relocated.poisoned().get(0)).contains("struct s.a");
    assertThat(relocated.poisoned().get(1)).contains("enum e::A");
  }

  @Test
  void candidatesThatDisagreeAreAmbiguous() {
    int s = local.struct("s", 4, member("a", local.uint, 0));
    target.struct("s", 8, member("a", target.uint, 0));
    target.struct("s", 8, member("a", target.uint, 4));
    assertThatThrownBy(() -> moved(s, "0:0", CoreKind.FIELD_BYTE_OFFSET, 0))
        .isInstanceOf(ObjectFormatException.class)
        .hasMessageContainingAll("instruction 0 of program p", "ambiguous", "struct s.a");
  }

  @Test
  void candidatesThatAgreeAreOne() {
    int s = local.struct("s", 4, member("a", local.uint, 0));
    target.struct("s", 8, member("a", target.uint, 4));
    target.struct("s", 16, member("a", target.uint, 4));
    assertThat(moved(s, "0:0", CoreKind.FIELD_BYTE_OFFSET, 0)).isEqualTo(4);
  }

  @Test
  void aFieldThatOnlyOneCandidateHasDecidesForTheOthers() {
    int s = local.struct("s", 8, member("a", local.uint, 0), member("b", local.uint, 4));
    target.struct("s", 12, member("a", target.uint, 0), member("b", target.uint, 8));
    target.struct("s", 4, member("a", target.uint, 4 - 4));
    target.struct("s", 8, member("a", target.uint, 4));
    int offset = CoreKind.FIELD_BYTE_OFFSET.ordinal();
    List<Instruction> code =
        List.of(new Instruction(MOVE, 1, 0, 0, 4), new Instruction(MOVE, 1, 0, 0, 0));
    CoreRelocator.Relocated relocated =
        relocate(
            code, new CoreRelocation(0, s, "0:1", offset), new CoreRelocation(1, s, "0:0", offset));
    assertThat(relocated.program().instructions())
        .extracting(Instruction::imm)
        .containsExactly(8, 0);
  }

  @Test
  void anAnonymousTypeCannotBeFound() {
    int s = local.struct("", 4, member("a", local.uint, 0));
    assertThatThrownBy(() -> moved(s, "0:0", CoreKind.FIELD_BYTE_OFFSET, 0))
        .hasMessageContaining("a type without a name");
  }

  @Test
  void anInstructionThatHoldsSomethingElseIsRefused() {
    int s = local.struct("s", 4, member("a", local.uint, 0));
    target.struct("s", 4, member("a", target.uint, 0));
    assertThatThrownBy(() -> moved(s, "0:0", CoreKind.FIELD_BYTE_OFFSET, 9))
        .hasMessageContaining("it holds 9 where");
  }

  @Test
  void anOffsetTooLargeForALoadIsRefused() {
    int s = local.struct("s", 4, member("a", local.uint, 0));
    target.struct("s", 40004, member("a", target.uint, 40000));
    assertThat(moved(s, "0:0", CoreKind.FIELD_BYTE_OFFSET, 0)).isEqualTo(40000);
    assertThatThrownBy(() -> load(s, "0:0", Isa.BPF_W, 0))
        .hasMessageContaining("offset 40000 does not fit a load");
  }

  @Test
  void anAccessThatDoesNotFitItsTypeIsRefused() {
    int s = local.struct("s", 4, member("a", local.uint, 0));
    for (String access : List.of("", "0:1", "0:0:0", "x", "0:-1", "0:".repeat(70) + "0")) {
      assertThatThrownBy(() -> moved(s, access, CoreKind.FIELD_BYTE_OFFSET, 0))
          .isInstanceOf(ObjectFormatException.class);
    }
  }

  @Test
  void relocationsOfAClangObjectFitTheirInstructions() {
    ObjectFile object = TestObjects.read("core");
    Btf types = object.btf().orElseThrow();
    CoreRelocator relocator = new CoreRelocator(types, types);
    assertThat(object.programs().values())
        .extracting(p -> p.coreRelocations().size())
        .containsExactly(26, 17, 3);
    for (ProgramSpec program : object.programs().values()) {
      assertThat(relocator.relocate(program).poisoned()).isEmpty();
    }
    ProgramSpec loads = object.program("loads");
    assertThat(relocator.relocate(loads).program()).isEqualTo(loads);
  }

  private int moved(int type, String access, CoreKind kind, int imm) {
    return relocate(
            List.of(new Instruction(MOVE, 1, 0, 0, imm)),
            new CoreRelocation(0, type, access, kind.ordinal()))
        .program()
        .instructions()
        .getFirst()
        .imm();
  }

  private long wide(int type, String access, CoreKind kind, int imm) {
    List<Instruction> code =
        List.of(new Instruction(WIDE, 1, 0, 0, imm), new Instruction(0, 0, 0, 0, 0));
    List<Instruction> relocated =
        relocate(code, new CoreRelocation(0, type, access, kind.ordinal()))
            .program()
            .instructions();
    return (relocated.get(0).imm() & 0xffffffffL) | (long) relocated.get(1).imm() << 32;
  }

  private Instruction load(int type, String access, int size, int offset) {
    return relocate(
            List.of(new Instruction(LOAD | size, 0, 1, offset, 0)),
            new CoreRelocation(0, type, access, CoreKind.FIELD_BYTE_OFFSET.ordinal()))
        .program()
        .instructions()
        .getFirst();
  }

  private CoreRelocator.Relocated relocate(List<Instruction> code, CoreRelocation... relocations) {
    ProgramSpec program =
        ProgramSpec.of("p", ProgramType.XDP, code).withCoreRelocations(Arrays.asList(relocations));
    return new CoreRelocator(local.build(), target.build()).relocate(program);
  }

  private static Member member(String name, int type, int byteOffset) {
    return new Member(name, type, byteOffset * 8, 0);
  }

  private static final class Types {
    private final List<BtfType> all = new ArrayList<>(List.of(new BtfType.VoidType()));
    final int uint = add(new Int("unsigned int", 4, 32, 0, false, false, false));
    final int sint = add(new Int("int", 4, 32, 0, true, false, false));
    final int ulong = add(new Int("unsigned long", 8, 64, 0, false, false, false));
    final int slong = add(new Int("long", 8, 64, 0, true, false, false));

    int add(BtfType type) {
      all.add(type);
      return all.size() - 1;
    }

    int struct(String name, int size, Member... members) {
      return add(new Composite(name, false, size, List.of(members)));
    }

    int array(int element, int length) {
      return add(new Array(element, uint, length));
    }

    int enumeration(String name, Enumerator... values) {
      return add(new Enumeration(name, 4, false, false, List.of(values)));
    }

    Btf build() {
      return new Btf(all);
    }
  }
}
