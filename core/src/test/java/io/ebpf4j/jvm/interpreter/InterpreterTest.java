package io.ebpf4j.jvm.interpreter;

import static io.ebpf4j.isa.Isa.*;
import static io.ebpf4j.jvm.interpreter.Slots.program;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfException;
import io.ebpf4j.isa.Instruction;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InterpreterTest {
  private static final long BUDGET = 1_000_000;

  private static long run(List<Instruction> program) {
    return MemoryRun.of(program, new byte[16], BUDGET).returnValue();
  }

  @ParameterizedTest
  @CsvSource({
    "0x00, 7, 2, 9", // add
    "0x10, 2, 7, -5", // sub
    "0x20, -3, 5, -15", // mul
    "0x30, -1, 2, 0x7fffffffffffffff", // unsigned div
    "0x30, 5, 0, 0",
    "0x40, 5, 2, 7", // or
    "0x50, 6, 3, 2", // and
    "0x60, 1, 65, 2", // shift by the low six bits
    "0x70, -1, 63, 1",
    "0x90, -1, 10, 5", // unsigned modulo
    "0x90, 5, 0, 5",
    "0xa0, 6, 3, 5",
    "0xb0, 6, 3, 3",
    "0xc0, -8, 1, -4"
  })
  void arithmeticIs64BitsWide(String operation, int a, int b, String result) {
    int code = Integer.decode(operation);
    assertThat(run(program().mov(0, a).mov(1, b).alu64x(code, 0, 1).exit()))
        .isEqualTo(Long.decode(result));
    if (b != 0 && b < 64) {
      assertThat(run(program().mov(0, a).alu64(code, 0, b).exit())).isEqualTo(Long.decode(result));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0x00, 7, 2, 9",
    "0x10, 2, 7, 0xfffffffb",
    "0x20, -3, 5, 0xfffffff1",
    "0x30, -1, 2, 0x7fffffff",
    "0x30, 5, 0, 0",
    "0x40, 5, 2, 7",
    "0x50, 6, 3, 2",
    "0x60, 1, 33, 2",
    "0x70, -1, 31, 1",
    "0x90, -1, 10, 5",
    "0x90, -1, 0, 0xffffffff",
    "0xa0, 6, 3, 5",
    "0xb0, 6, -3, 0xfffffffd",
    "0xc0, -8, 1, 0xfffffffc"
  })
  void arithmeticOf32BitsClearsTheUpperHalf(String operation, int a, int b, String result) {
    int code = Integer.decode(operation);
    assertThat(run(program().mov(0, a).mov(1, b).raw(BPF_ALU | code | BPF_X, 0, 1, 0, 0).exit()))
        .isEqualTo(Long.decode(result));
    if (b != 0 && b < 32) {
      assertThat(run(program().mov(0, a).raw(BPF_ALU | code, 0, 0, 0, b).exit()))
          .isEqualTo(Long.decode(result));
    }
  }

  @Test
  void signedDivisionTruncatesTowardsZero() {
    assertThat(run(program().mov(0, -7).raw(BPF_ALU64 | BPF_DIV, 0, 0, 1, 2).exit())).isEqualTo(-3);
    assertThat(run(program().mov(0, -7).raw(BPF_ALU64 | BPF_MOD, 0, 0, 1, 2).exit())).isEqualTo(-1);
    assertThat(run(program().mov(0, -7).raw(BPF_ALU | BPF_DIV, 0, 0, 1, 2).exit()))
        .isEqualTo(0xfffffffdL);
    assertThat(run(program().mov(0, -7).raw(BPF_ALU | BPF_MOD, 0, 0, 1, 2).exit()))
        .isEqualTo(0xffffffffL);
  }

  @Test
  void theLowestNumberByMinusOneIsItself() {
    assertThat(run(program().wide(0, Long.MIN_VALUE).raw(BPF_ALU64 | BPF_DIV, 0, 0, 1, -1).exit()))
        .isEqualTo(Long.MIN_VALUE);
    assertThat(run(program().wide(0, Long.MIN_VALUE).raw(BPF_ALU64 | BPF_MOD, 0, 0, 1, -1).exit()))
        .isZero();
  }

  @ParameterizedTest
  @CsvSource({"8, -128", "16, 384", "32, 384"})
  void signExtendingMovesTakeTheLowBits(int bits, long result) {
    assertThat(run(program().mov(1, 384).raw(BPF_ALU64 | BPF_MOV | BPF_X, 0, 1, bits, 0).exit()))
        .isEqualTo(result);
  }

  @ParameterizedTest
  @CsvSource({
    "0xd4, 16, 0x7788",
    "0xd4, 32, 0x55667788",
    "0xd4, 64, 0x1122334455667788",
    "0xdc, 16, 0x8877",
    "0xdc, 32, 0x88776655",
    "0xdc, 64, 0x8877665544332211",
    "0xd7, 16, 0x8877",
    "0xd7, 32, 0x88776655",
    "0xd7, 64, 0x8877665544332211"
  })
  void byteSwapsCutToTheirWidth(String opcode, int bits, String result) {
    assertThat(
            run(
                program()
                    .wide(0, 0x1122334455667788L)
                    .raw(Integer.decode(opcode), 0, 0, 0, bits)
                    .exit()))
        .isEqualTo(Long.parseUnsignedLong(result.substring(2), 16));
  }

  @ParameterizedTest
  @CsvSource({
    "0x10, 5, 5, true",
    "0x10, 5, 6, false",
    "0x20, -1, 1, true",
    "0x30, 5, 5, true",
    "0x40, 6, 2, true",
    "0x40, 4, 2, false",
    "0x50, 5, 6, true",
    "0x60, -1, 1, false",
    "0x70, 1, 1, true",
    "0xa0, 1, -1, true",
    "0xb0, 1, 1, true",
    "0xc0, -1, 1, true",
    "0xd0, 1, 1, true"
  })
  void jumpsCompare(String operation, int a, int b, boolean taken) {
    int code = Integer.decode(operation);
    for (int type : new int[] {BPF_JMP, BPF_JMP32}) {
      assertThat(
              run(
                  program()
                      .mov(1, a)
                      .mov(2, b)
                      .mov(0, 1)
                      .raw(type | code | BPF_X, 1, 2, 1, 0)
                      .mov(0, 0)
                      .exit()))
          .isEqualTo(taken ? 1 : 0);
      assertThat(run(program().mov(1, a).mov(0, 1).raw(type | code, 1, 0, 1, b).mov(0, 0).exit()))
          .isEqualTo(taken ? 1 : 0);
    }
  }

  @Test
  void comparisonsOf32BitsLookAtTheLowHalf() {
    assertThat(
            run(
                program()
                    .wide(1, 0x1_0000_0005L)
                    .mov(0, 1)
                    .raw(BPF_JMP32 | BPF_JEQ, 1, 0, 1, 5)
                    .mov(0, 0)
                    .exit()))
        .isEqualTo(1);
  }

  @Test
  void aFarJumpTakesItsDistanceFromTheImmediate() {
    assertThat(run(program().mov(0, 1).raw(BPF_JMP32 | BPF_JA, 0, 0, 0, 1).mov(0, 0).exit()))
        .isEqualTo(1);
  }

  @Test
  void loadsZeroExtendAndSignExtend() {
    byte[] memory = {(byte) 0x80, (byte) 0x81, (byte) 0x82, (byte) 0x83, 1, 2, 3, 4};
    assertThat(load(memory, BPF_MEM | BPF_B)).isEqualTo(0x80);
    assertThat(load(memory, BPF_MEM | BPF_H)).isEqualTo(0x8180);
    assertThat(load(memory, BPF_MEM | BPF_W)).isEqualTo(0x83828180L);
    assertThat(load(memory, BPF_MEM | BPF_DW)).isEqualTo(0x0403020183828180L);
    assertThat(load(memory, BPF_MEMSX | BPF_B)).isEqualTo((byte) 0x80);
    assertThat(load(memory, BPF_MEMSX | BPF_H)).isEqualTo((short) 0x8180);
    assertThat(load(memory, BPF_MEMSX | BPF_W)).isEqualTo(0x83828180);
  }

  private static long load(byte[] memory, int mode) {
    return MemoryRun.of(program().raw(BPF_LDX | mode, 0, 1, 0, 0).exit(), memory, BUDGET)
        .returnValue();
  }

  @Test
  void storesCutToTheirWidth() {
    byte[] memory = new byte[16];
    List<Instruction> program =
        program()
            .wide(2, 0x1122334455667788L)
            .store(BPF_B, 1, 0, 2)
            .store(BPF_H, 1, 2, 2)
            .store(BPF_W, 1, 4, 2)
            .storeImm(BPF_DW, 1, 8, -2)
            .mov(0, 0)
            .exit();
    assertThat(MemoryRun.of(program, memory, BUDGET).memory())
        .containsExactly(
            0x88, 0, 0x88, 0x77, 0x88, 0x77, 0x66, 0x55, -2, -1, -1, -1, -1, -1, -1, -1);
  }

  @Test
  void theStackIsMemory() {
    assertThat(
            run(
                program()
                    .mov(1, -5)
                    .store(BPF_DW, 10, -512, 1)
                    .movx(2, 10)
                    .alu64(BPF_ADD, 2, -512)
                    .load(BPF_DW, 0, 2, 0)
                    .load(BPF_W, 1, 10, -512)
                    .alu64x(BPF_ADD, 0, 1)
                    .exit()))
        .isEqualTo(-5 + 0xfffffffbL);
  }

  @ParameterizedTest
  @CsvSource({
    "0x00, 5, 3, 8, 5", // add
    "0x40, 5, 2, 7, 5", // or
    "0x50, 6, 3, 2, 6", // and
    "0xa0, 6, 3, 5, 6" // xor
  })
  void atomicOperationsFetchTheOldValue(
      String operation, int memory, int operand, int after, int before) {
    for (int size : new int[] {BPF_W, BPF_DW}) {
      int code = Integer.decode(operation);
      Slots start = program().storeImm(size, 10, -8, memory).mov(2, operand);
      assertThat(
              run(
                  start
                      .atomic(size, code | BPF_FETCH, 10, -8, 2)
                      .load(size, 0, 10, -8)
                      .alu64(BPF_LSH, 0, 8)
                      .alu64x(BPF_OR, 0, 2)
                      .exit()))
          .isEqualTo((long) after << 8 | before);
    }
  }

  @Test
  void compareAndExchangeLeavesWhatItFoundInR0() {
    Slots start = program().storeImm(BPF_DW, 10, -8, 7).mov(2, 9).mov(0, 7);
    assertThat(
            run(
                start
                    .atomic(BPF_DW, BPF_CMPXCHG, 10, -8, 2)
                    .load(BPF_DW, 1, 10, -8)
                    .alu64(BPF_LSH, 0, 8)
                    .alu64x(BPF_OR, 0, 1)
                    .exit()))
        .isEqualTo(7 << 8 | 9);
  }

  @Test
  void compareAndExchangeOf32BitsLooksAtTheLowHalfOfR0() {
    assertThat(
            run(
                program()
                    .storeImm(BPF_W, 10, -8, 7)
                    .mov(2, 9)
                    .wide(0, 0x1_0000_0007L)
                    .atomic(BPF_W, BPF_CMPXCHG, 10, -8, 2)
                    .alu64(BPF_LSH, 0, 8)
                    .load(BPF_W, 1, 10, -8)
                    .alu64x(BPF_OR, 0, 1)
                    .exit()))
        .isEqualTo(7 << 8 | 9);
  }

  @Test
  void exchangeSwaps() {
    assertThat(
            run(
                program()
                    .storeImm(BPF_W, 10, -8, -1)
                    .mov(2, 9)
                    .atomic(BPF_W, BPF_XCHG, 10, -8, 2)
                    .movx(0, 2)
                    .exit()))
        .isEqualTo(0xffffffffL);
  }

  @Test
  void loadAcquireAndStoreReleaseMoveEachWidth() {
    for (int size : new int[] {BPF_B, BPF_H, BPF_W, BPF_DW}) {
      assertThat(
              run(
                  program()
                      .storeImm(BPF_DW, 10, -8, 0)
                      .mov(2, -1)
                      .atomic(size, BPF_STORE_REL, 10, -8, 2)
                      .atomic(size, BPF_LOAD_ACQ, 0, -8, 10)
                      .exit()))
          .isEqualTo(size == BPF_DW ? -1 : (1L << 8 * accessSize(size)) - 1);
    }
  }

  @Test
  void callsKeepR6ToR9AndGiveEachFunctionItsStack() {
    assertThat(
            run(
                program()
                    .mov(6, 40)
                    .storeImm(BPF_DW, 10, -8, 1)
                    .mov(1, 1)
                    .call(3)
                    .alu64x(BPF_ADD, 0, 6)
                    .load(BPF_DW, 1, 10, -8)
                    .exitAnd()
                    .mov(6, 7)
                    .storeImm(BPF_DW, 10, -8, 99)
                    .movx(0, 1)
                    .alu64(BPF_ADD, 0, 1)
                    .exit()))
        .isEqualTo(42);
  }

  @Test
  void aFunctionMayUseItsCallersStack() {
    assertThat(
            run(
                program()
                    .movx(1, 10)
                    .alu64(BPF_ADD, 1, -8)
                    .call(2)
                    .load(BPF_DW, 0, 10, -8)
                    .exitAnd()
                    .storeImm(BPF_DW, 1, 0, 42)
                    .mov(0, 0)
                    .exit()))
        .isEqualTo(42);
  }

  @Test
  void theNinthFunctionIsTooDeep() {
    assertThat(run(recursive(6))).isZero();
    assertThatThrownBy(() -> run(recursive(7)))
        .isInstanceOf(ProgramFaultException.class)
        .hasMessageContaining("deeper than 8 functions");
  }

  /** A function that calls itself while R1 counts down; the last of {@code calls + 2} returns. */
  private static List<Instruction> recursive(int calls) {
    return program()
        .mov(1, calls)
        .call(1)
        .exitAnd()
        .mov(0, 0)
        .jump(BPF_JEQ, 1, 0, 2)
        .alu64(BPF_SUB, 1, 1)
        .call(-4)
        .exit();
  }

  @Test
  void bpfLoopCallsBackUntilItIsTold() {
    // The callback adds its index to the caller's stack and stops at 9.
    assertThat(
            run(
                program()
                    .storeImm(BPF_DW, 10, -8, 0)
                    .mov(1, 100)
                    .function(2, 9)
                    .movx(3, 10)
                    .alu64(BPF_ADD, 3, -8)
                    .mov(4, 0)
                    .helper(181)
                    .load(BPF_DW, 1, 10, -8)
                    .alu64(BPF_LSH, 0, 8)
                    .alu64x(BPF_OR, 0, 1)
                    .exitAnd()
                    .load(BPF_DW, 3, 2, 0)
                    .alu64x(BPF_ADD, 3, 1)
                    .store(BPF_DW, 2, 0, 3)
                    .mov(0, 0)
                    .jump(BPF_JNE, 1, 9, 1)
                    .mov(0, 1)
                    .exit()))
        .isEqualTo(10 << 8 | 45);
  }

  @Test
  void anEndlessLoopIsStopped() {
    assertThatThrownBy(() -> run(program().mov(0, 0).jump(-1).exit()))
        .isInstanceOf(ProgramFaultException.class)
        .hasMessageContaining("stopped after 1000000 instructions");
  }

  @Test
  void mayGotoEndsALoopByTheClockAndNotByTheBudget() {
    List<Instruction> endless =
        program()
            .mov(0, 0)
            .raw(BPF_JMP | BPF_JCOND, 0, 0, 2, 0)
            .alu64(BPF_ADD, 0, 1)
            .jump(-3)
            .exit();
    assertThat(MemoryRun.of(endless, new byte[0], 1000).returnValue()).isGreaterThan(65_000);
  }

  @Test
  void callbacksHaveABudgetOfTheirOwn() {
    assertThat(
            MemoryRun.of(
                    program()
                        .mov(1, 10_000)
                        .function(2, 5)
                        .mov(3, 0)
                        .mov(4, 0)
                        .helper(181)
                        .exitAnd()
                        .mov(0, 0)
                        .exit(),
                    new byte[0],
                    100)
                .returnValue())
        .isEqualTo(10_000);
  }

  @Test
  void malformedInstructionsAreRefused() {
    assertThatThrownBy(() -> run(program().mov(10, 0).exit()))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("instruction 0")
        .hasMessageContaining("read only");
    assertThatThrownBy(() -> run(program().mov(0, 0).jump(7).exit()))
        .hasMessageContaining("goes to slot 9, out of the program");
    assertThatThrownBy(() -> run(program().jump(1).wide(0, 1).exit()))
        .hasMessageContaining("middle of a wide instruction");
    assertThatThrownBy(() -> run(program().mov(0, 0).done()))
        .hasMessageContaining("goes on past its last instruction");
    assertThatThrownBy(() -> run(List.of())).hasMessageContaining("no instructions");
    assertThatThrownBy(() -> run(program().raw(0xff, 0, 0, 0, 0).exit()))
        .hasMessageContaining("opcode 0xff is unknown");
  }

  @Test
  void aHelperMayBeCalledByTheNumberInARegister() {
    Slots time = program().mov(2, 5).raw(BPF_JMP | BPF_CALL | BPF_X, 2, 0, 0, 0);
    assertThat(MemoryRun.of(time.exit(), new byte[0], BUDGET).returnValue()).isNotZero();
    Slots unknown = program().mov(2, 9999).raw(BPF_JMP | BPF_CALL | BPF_X, 2, 0, 0, 0);
    assertThatThrownBy(() -> MemoryRun.of(unknown.exit(), new byte[0], BUDGET))
        .hasMessageContaining("helper 9999");
  }
}
