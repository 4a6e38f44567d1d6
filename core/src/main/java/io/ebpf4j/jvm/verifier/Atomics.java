package io.ebpf4j.jvm.verifier;

import static io.ebpf4j.isa.Isa.*;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.jvm.verifier.MemoryAccess.Access;
import io.ebpf4j.jvm.verifier.Register.Kind;

/** Atomic operations on memory: they read and write it at once. */
final class Atomics {
  private final Verification verification;
  private final MemoryAccess memory;
  private final Loads loads;

  /** What a plain load does. */
  interface Loads {
    /** Does it. */
    void load(Instruction i, boolean strict);
  }

  Atomics(Verification verification, MemoryAccess memory, Loads loads) {
    this.verification = verification;
    this.memory = memory;
    this.loads = loads;
  }

  void run(Instruction i) {
    int size = Isa.accessSize(i.opcode());
    switch (i.imm()) {
      case BPF_LOAD_ACQ -> {
        verification.read(i.src());
        refuseKind(i.src(), "BPF_ATOMIC loads from R%d %s is not allowed");
        loads.load(i, true);
      }
      case BPF_STORE_REL -> {
        verification.read(i.src());
        verification.read(i.dst());
        refuseKind(i.dst(), "BPF_ATOMIC stores into R%d %s is not allowed");
        memory.check(new Access(i.dst(), i.offset(), size, true, i.src(), true, false));
      }
      default -> change(i, size);
    }
  }

  private void change(Instruction i, int size) {
    verification.read(i.src());
    verification.read(i.dst());
    if (i.imm() == BPF_CMPXCHG) {
      refuseLeak(0, verification.read(0));
    }
    refuseLeak(i.src(), verification.register(i.src()));
    refuseKind(i.dst(), "BPF_ATOMIC stores into R%d %s is not allowed");
    int result = -1;
    if ((i.imm() & BPF_FETCH) != 0) {
      result = i.imm() == BPF_CMPXCHG ? 0 : i.src();
      verification.markUnknown(verification.written(result));
    }
    memory.check(new Access(i.dst(), i.offset(), size, false, -1, true, false));
    if (result >= 0) {
      memory.check(new Access(i.dst(), i.offset(), size, false, result, true, false));
    }
    memory.check(new Access(i.dst(), i.offset(), size, true, -1, true, false));
  }

  private void refuseLeak(int number, Register register) {
    if (verification.isSecret(register)) {
      throw Rejection.access("R%d leaks addr into mem", number);
    }
  }

  private void refuseKind(int number, String message) {
    Register pointer = verification.register(number);
    if (pointer.kind == Kind.CONTEXT || pointer.isPacketPointer()) {
      throw Rejection.access(message, number, StatePrinter.kind(pointer));
    }
  }
}
