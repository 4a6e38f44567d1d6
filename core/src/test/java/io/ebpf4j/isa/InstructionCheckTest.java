package io.ebpf4j.isa;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.isa.InstructionCheck.Problem;
import io.ebpf4j.isa.InstructionCheck.Refusal;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Programs that Linux 6.18 refuses, and what its log says. */
class InstructionCheckTest {
  private static final String MOV_EXIT = "b7000000000000009500000000000000";

  private static List<Instruction> program(String hex) {
    return Instruction.decode(HexFormat.of().parseHex(hex));
  }

  private static void assertSingleProblem(List<Instruction> program, int slot, String message) {
    assertThat(InstructionCheck.check(program))
        .hasValueSatisfying(problem -> {
          assertThat(problem.slot()).isEqualTo(slot);
          assertThat(problem.sentence()).startsWith(message);
          assertThat(problem.refusal()).isEqualTo(Refusal.MALFORMED);
        });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0d00000000000000 | unknown opcode 0d",
        "9600000000000000 | unknown opcode 96",
        "8d01000000000000 | unknown opcode 8d",
        "df00000010000000 | unknown opcode df",
        "99a0f8ff00000000 | unknown opcode 99",
        "0000000000000000 | unknown opcode 00",
        "91a0f8ff01000000 | BPF_LDX uses reserved fields",
        "2900000000000000 | BPF_LDX uses reserved fields",
        "0500640000000000 | jump out of range from insn 0 to 101",
        "06000000ffffff7f | jump out of range from insn 0 to -2147483648",
        "8510000005000000 | call to invalid destination",
        "85100000f7ffffff | call to invalid destination",
        "1800000000000000b700000000000000 | invalid bpf_ld_imm64 insn",
        "18000000000000000000010000000000 | invalid bpf_ld_imm64 insn",
        "18700000000000000000000000000000 | unrecognized bpf_ld_imm64 insn",
        "18100000050000000000000001000000 | unrecognized bpf_ld_imm64 insn",
        "18400000300000000000000000000000 | call to invalid destination",
        "18000100000000000000000000000000 | BPF_LD_IMM64 uses reserved fields",
        "8530000001000000 | BPF_CALL uses reserved fields",
        "8500010007000000 | BPF_CALL uses reserved fields",
        "8501000007000000 | BPF_CALL uses reserved fields",
        "0500000001000000 | BPF_JA uses reserved fields",
        "0600010000000000 | BPF_JA uses reserved fields",
        "e500000001000000 | invalid may_goto imm 1",
        "e510000000000000 | invalid may_goto imm 0",
        "1d00000001000000 | BPF_JMP/JMP32 uses reserved fields",
        "1510000001000000 | BPF_JMP/JMP32 uses reserved fields",
        "7a5af8ff01000000 | BPF_ST uses reserved fields",
        "7b1af8ff01000000 | BPF_STX uses reserved fields",
        "c310000077000000 | BPF_ATOMIC uses invalid atomic opcode 77",
        "d31af8ff00000000 | invalid atomic operand size",
        "8700000001000000 | BPF_NEG uses reserved fields",
        "d400000011000000 | BPF_END uses reserved fields",
        "d410000010000000 | BPF_END uses reserved fields",
        "bf00070000000000 | BPF_MOV uses reserved fields",
        "bc00200000000000 | BPF_MOV uses reserved fields",
        "b700080000000000 | BPF_MOV uses reserved fields",
        "bf00ffff00000000 | BPF_MOV uses reserved fields",
        "bf00010005000000 | addr_space_cast insn can only convert between address space 1 and 0",
        "0f00010000000000 | BPF_ALU uses reserved fields",
        "0710000001000000 | BPF_ALU uses reserved fields",
        "3700000000000000 | div by zero",
        "9400010000000000 | div by zero",
        "6700000040000000 | invalid shift 64",
        "67000000ffffffff | invalid shift -1",
        "6400000020000000 | invalid shift 32",
        "b70b000000000000 | R11 is invalid",
        "bfb0000000000000 | R11 is invalid",
        "7b1bf8ff00000000 | R11 is invalid",
        "2801000000000000 | BPF_LD_[ABS|IND] uses reserved fields",
        "4800010000000000 | BPF_LD_[ABS|IND] uses reserved fields",
      })
  void refusesWhatLinuxRefuses(String hex, String message) {
    assertSingleProblem(program(hex + MOV_EXIT), 0, message);
  }

  @ParameterizedTest
  @CsvSource({"b70a000000000000", "79aaf8ff00000000", "180a0000000000000000000000000000"})
  void keepsTheFramePointerReadOnly(String hex) {
    assertThat(InstructionCheck.check(program(hex + MOV_EXIT)))
        .map(Problem::refusal)
        .hasValue(Refusal.FRAME_POINTER_WRITTEN);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "r0 = 0 | 0 | last insn is not an exit or jmp",
        "r0 = 0;call 7 | 1 | last insn is not an exit or jmp",
        "exit;may_goto pc-2 | 1 | last insn is not an exit or jmp",
        "call pc+1;exit;r0 = 0 | 2 | last insn is not an exit or jmp",
        "call pc+1;r0 = 0;exit | 1 | last insn is not an exit or jmp",
        "call pc+2;goto pc+1;exit;exit | 1 | jump out of range from insn 1 to 3",
        "exit;exit | 1 | unreachable insn 1",
        "goto pc-1;exit | 1 | unreachable insn 1",
        "goto pc+1;r1 = 0x5;exit | 1 | unreachable insn 1",
        "if r1 == 0 goto pc+1;r1 = 0x5;exit | 2 | jump into the middle of ldimm64 insn 1",
        "r0 = 0;unknown 0x18 | 1 | last insn is not an exit or jmp",
      })
  void followsJumpsAndCalls(String text, int slot, String message) {
    List<Instruction> program = Assembler.assemble(text.replace(';', '\n')).instructions();
    assertSingleProblem(program, slot, message);
  }

  @Test
  void leavesAnInstructionBehindABranchToTheWalk() {
    List<Instruction> program =
        program("b70000000000000055000100000000009500000000000000070c0000010000009510000000000000");
    assertThat(InstructionCheck.checkProgram(program)).isEmpty();
    assertThat(InstructionCheck.checkInstruction(program.get(2), 2)).isEmpty();
    assertThat(InstructionCheck.checkInstruction(program.get(3), 3)).isPresent();
    assertThat(InstructionCheck.check(program)).map(Problem::slot).hasValue(3);
  }

  @Test
  void acceptsTheOffsetOfExitWhichLinuxIgnores() {
    assertThat(InstructionCheck.check(program("b7000000000000009500050000000000"))).isEmpty();
  }

  @Test
  void acceptsEveryKindOfInstruction() {
    String text =
        """
        r6 = r1
        r0 = *(u32 *)skb[r6 + 4]
        r1 = load_acquire((u8 *)(r10 -8))
        store_release((u16 *)(r10 -8), r1)
        w1 s/= -3
        r1 = (s32)r1
        r1 = bswap64 r1
        may_goto pc+0
        gotol pc+0
        r2 = subprog[callback]
        call callback
        exit
        callback: r0 = 0x123456789
        exit
        """;
    assertThat(InstructionCheck.check(Assembler.assemble(text).instructions())).isEmpty();
  }

  @Test
  void limitsTheProgramsSize() {
    assertThat(InstructionCheck.check(List.of()))
        .hasValue(new Problem(0, "a program has 1 to 1000000 slots, this has 0", Refusal.SIZE));
    Instruction exit = new Instruction(0x95, 0, 0, 0, 0);
    assertThat(InstructionCheck.check(Collections.nCopies(1_000_001, exit)))
        .map(Problem::refusal)
        .hasValue(Refusal.SIZE);
  }
}
