package io.ebpf4j.isa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AssemblerTest {
  private static List<Instruction> assemble(String text) {
    return Assembler.assemble(text).instructions();
  }

  @Test
  void readsLabelsAndComments() {
    assertThat(
            assemble(
                """
                ; counts to ten
                    r0 = 0
                again:
                    r0 += 1            // one more
                    if r0 < 10 goto again
                    call twice
                    exit
                twice: r0 *= 2
                    exit
                """))
        .isEqualTo(
            assemble(
                """
                r0 = 0
                r0 += 1
                if r0 < 0xa goto pc-2
                call pc+1
                exit
                r0 *= 2
                exit
                """));
  }

  @Test
  void readsALineOfTheVerifiersLog() {
    assertThat(assemble("0: (b7) r0 = 2                        ; R0=2"))
        .containsExactly(new Instruction(0xb7, 0, 0, 0, 2));
  }

  @Test
  void readsBpftoolsFunctionNames() {
    assertThat(assemble("(85) call pc+3#bpf_prog_6deef7357e7b4530_sub"))
        .isEqualTo(assemble("call pc+3"));
    assertThat(assemble("(85) call pc+3#0xffffffffc0001000")).isEqualTo(assemble("call pc+3"));
  }

  @Test
  void takesAHexadecimalMoveFor64Bits() {
    assertThat(assemble("r1 = 0x5")).hasSize(2);
    assertThat(assemble("r1 = -5 ll"))
        .containsExactly(new Instruction(0x18, 1, 0, 0, -5), new Instruction(0, 0, 0, 0, -1));
    assertThat(assemble("r1 = 5")).hasSize(1);
    assertThat(assemble("w1 = 0x5")).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "r1=*(u32*)(r2)          | r1 = *(u32 *)(r2 +0)",
        "*(u8*)(r10-1)=0xff      | *(u8 *)(r10 -1) = 255",
        "r1-=-1                  | r1 -= 4294967295",
        "if w1!=-1 goto +1       | if w1 != 0xffffffff goto pc+1",
        "goto +1                 | goto pc+1",
        "call bpf_something#7    | call 7",
        "r0=*(u16*)skb[r6+12]    | r0 = *(u16 *)skb[r6 + 12]",
      })
  void doesNotDependOnBlanksOrBase(String text, String same) {
    assertThat(assemble(text)).isEqualTo(assemble(same));
  }

  @Test
  void leavesNamesToItsCaller() {
    Assembly assembly =
        Assembler.assemble(
            """
            call bpf_map_lookup_elem
            r1 = map[cnt]
            r2 = map[.rodata.str1.1][0]+16
            r3 = btf[bpf_prog_active]
            call kernel-function#bpf_task_acquire
            """);
    assertThat(assembly.references())
        .containsExactly(
            new Assembly.Reference(0, Assembly.Kind.HELPER, "bpf_map_lookup_elem"),
            new Assembly.Reference(1, Assembly.Kind.MAP, "cnt"),
            new Assembly.Reference(3, Assembly.Kind.MAP_VALUE, ".rodata.str1.1"),
            new Assembly.Reference(5, Assembly.Kind.BTF, "bpf_prog_active"),
            new Assembly.Reference(7, Assembly.Kind.KERNEL_FUNCTION, "bpf_task_acquire"));
    assertThat(assembly.link(reference -> 100 + reference.slot()))
        .isEqualTo(
            assemble(
                """
                call 100
                r1 = map[id:101]
                r2 = map[id:103][0]+16
                r3 = btf[id:105]
                call kernel-function#107
                """));
  }

  @Test
  void loadsTheAddressOfAFunctionByItsLabel() {
    assertThat(assemble("r2 = subprog[callback]\nexit\ncallback: exit"))
        .isEqualTo(assemble("r2 = subprog[+2]\nexit\nexit"));
  }

  @Test
  void reachesFartherWithGotol() {
    String far = "r0 = 0\n".repeat(40_000) + "end: exit";
    assertThat(assemble("gotol end\n" + far).getFirst())
        .isEqualTo(new Instruction(0x06, 0, 0, 0, 40_000));
    assertThatExceptionOfType(AssemblyException.class)
        .isThrownBy(() -> assemble("goto end\n" + far))
        .withMessage(
            "line 1, column 6: \"end\" is 40000 slots away, a 16-bit offset reaches 32767:"
                + " use gotol");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "r11 = 2 | line 1, column 1: expected an instruction, found \"r11 = 2\"",
        "r1 = w2 | line 1, column 6: expected a register r0 to r10, found \"w2\"",
        "r1 << 2 | line 1, column 4: expected an assignment operator, found \"<< 2\"",
        "r1 += | line 1, column 6: expected a 32-bit number, found the end of the line",
        "r1 += 4294967296 | line 1, column 7: expected a 32-bit number from -2147483648 to"
            + " 4294967295, found \"4294967296\"",
        "r1 = le17 r1 | line 1, column 6: expected a value for r1, found \"le17 r1\"",
        "r1 = le16 r10 | line 1, column 11: expected \"r1\", found \"r10\"",
        "r1 = *(u32 *)(r2 +40000) | line 1, column 18: expected an offset from -32768 to 32767,"
            + " found \"+40000)\"",
        "*(s8 *)(r1 +0) = r2 | line 1, column 3: expected u8, u16, u32 or u64, found \"s8 *)(r1"
            + " +0) = r2\"",
        "exit now | line 1, column 6: expected the end of the line, found \"now\"",
        "goto nowhere | line 1, column 6: there is no label \"nowhere\"",
        "(b4) r0 = 2 | line 1, column 1: the line says opcode (b4), its text is (b7)",
        "7: exit | line 1, column 1: the line says slot 7, this is slot 0",
        "pc: exit | line 1, column 1: \"pc\" cannot be a label, it stands for the next slot",
        "a: a: exit | line 1, column 4: the label \"a\" is already defined",
        "r1 = atomic64_xchg((u32 *)(r2 +0), r1) | line 1, column 20: atomic64 goes with u64, and"
            + " atomic with the other types",
        "r1 = map[] | line 1, column 10: expected a map's name, found \"]\"",
      })
  void saysWhereAMistakeIsAndWhatIsExpected(String text, String message) {
    assertThatExceptionOfType(AssemblyException.class)
        .isThrownBy(() -> assemble(text))
        .withMessage(message);
  }

  @Test
  void countsLinesAndColumnsFromOne() {
    assertThatExceptionOfType(AssemblyException.class)
        .isThrownBy(() -> assemble("exit\r\n\n  r1 = ?"))
        .satisfies(mistake -> {
          assertThat(mistake.line()).isEqualTo(3);
          assertThat(mistake.column()).isEqualTo(8);
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"r1 = 0xfffffffffffffffff", "r1 = 99999999999999999999 ll", "call 2147483648"})
  void refusesNumbersThatDoNotFit(String text) {
    assertThatExceptionOfType(AssemblyException.class).isThrownBy(() -> assemble(text));
  }
}
