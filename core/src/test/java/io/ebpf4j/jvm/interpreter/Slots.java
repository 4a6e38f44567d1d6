package io.ebpf4j.jvm.interpreter;

import static io.ebpf4j.isa.Isa.*;

import io.ebpf4j.isa.Instruction;
import java.util.ArrayList;
import java.util.List;

/** Writes programs of tests, instruction by instruction. */
public final class Slots {
  private final List<Instruction> slots = new ArrayList<>();

  /** An empty program. */
  public static Slots program() {
    return new Slots();
  }

  /** Any instruction. */
  public Slots raw(int opcode, int dst, int src, int offset, int imm) {
    slots.add(new Instruction(opcode, dst, src, offset, imm));
    return this;
  }

  /** dst = imm. */
  public Slots mov(int dst, int imm) {
    return alu64(BPF_MOV, dst, imm);
  }

  /** dst = src. */
  public Slots movx(int dst, int src) {
    return raw(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
  }

  /** dst = a 64-bit number. */
  public Slots wide(int dst, long value) {
    return raw(BPF_LD | BPF_IMM | BPF_DW, dst, 0, 0, (int) value)
        .raw(0, 0, 0, 0, (int) (value >>> 32));
  }

  /** dst = the address of a function that begins {@code relative} slots behind this. */
  public Slots function(int dst, int relative) {
    return raw(BPF_LD | BPF_IMM | BPF_DW, dst, BPF_PSEUDO_FUNC, 0, relative).raw(0, 0, 0, 0, 0);
  }

  /** dst op= imm, 64 bits. */
  public Slots alu64(int operation, int dst, int imm) {
    return raw(BPF_ALU64 | operation | BPF_K, dst, 0, 0, imm);
  }

  /** dst op= src, 64 bits. */
  public Slots alu64x(int operation, int dst, int src) {
    return raw(BPF_ALU64 | operation | BPF_X, dst, src, 0, 0);
  }

  /** dst = *(size *)(src + offset). */
  public Slots load(int size, int dst, int src, int offset) {
    return raw(BPF_LDX | BPF_MEM | size, dst, src, offset, 0);
  }

  /** *(size *)(dst + offset) = src. */
  public Slots store(int size, int dst, int offset, int src) {
    return raw(BPF_STX | BPF_MEM | size, dst, src, offset, 0);
  }

  /** *(size *)(dst + offset) = imm. */
  public Slots storeImm(int size, int dst, int offset, int imm) {
    return raw(BPF_ST | BPF_MEM | size, dst, 0, offset, imm);
  }

  /** An atomic operation on *(size *)(dst + offset). */
  public Slots atomic(int size, int operation, int dst, int offset, int src) {
    return raw(BPF_STX | BPF_ATOMIC | size, dst, src, offset, operation);
  }

  /** if dst op imm goto +offset. */
  public Slots jump(int operation, int dst, int imm, int offset) {
    return raw(BPF_JMP | operation | BPF_K, dst, 0, offset, imm);
  }

  /** goto +offset. */
  public Slots jump(int offset) {
    return raw(BPF_JMP | BPF_JA, 0, 0, offset, 0);
  }

  /** Calls a helper. */
  public Slots helper(int id) {
    return raw(BPF_JMP | BPF_CALL, 0, 0, 0, id);
  }

  /** Calls the function that begins {@code relative} slots behind this. */
  public Slots call(int relative) {
    return raw(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, relative);
  }

  /** Ends the function. */
  public List<Instruction> exit() {
    return exitAnd().slots;
  }

  /** Ends the function; more follows. */
  public Slots exitAnd() {
    return raw(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
  }

  /** The slots so far. */
  public List<Instruction> done() {
    return slots;
  }
}
