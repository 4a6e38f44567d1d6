package io.ebpf4j.jvm.interpreter;

import io.ebpf4j.isa.Disassembler;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.InstructionNames;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.jvm.helper.HelperNames;
import io.ebpf4j.jvm.interpreter.Code.Refusal;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import java.util.List;

/** Makes the exceptions that stop a run. Cold. */
final class Faults {
  private static final Disassembler DISASSEMBLER =
      new Disassembler(
          new InstructionNames() {
            @Override
            public String helper(int id) {
              return HelperNames.nameOf(id)
                  .map(name -> "bpf_" + name + "#" + id)
                  .orElseGet(() -> InstructionNames.super.helper(id));
            }
          });

  private Faults() {}

  /** A fault of the instruction at a slot of the program that runs. */
  static ProgramFaultException of(Run run, int slot, Errno errno, String sentence) {
    ProgramSpec spec = run.frames.code().spec;
    return new ProgramFaultException(
        errno,
        spec.name(),
        slot,
        "%s: %s: %s".formatted(Location.of(spec, slot), text(spec, slot), sentence));
  }

  static ProgramFaultException strayAccess(
      Run run, int slot, long address, long bytes, boolean write) {
    return of(
        run,
        slot,
        Errno.EFAULT,
        "%s %d byte%s at 0x%x: %s"
            .formatted(
                write ? "may not write" : "may not read",
                bytes,
                bytes == 1 ? "" : "s",
                address,
                new NearestRegion(run, address, bytes, write).describe()));
  }

  static ProgramFaultException contextAccess(
      Run run, int slot, long offset, int bytes, boolean write) {
    return of(
        run,
        slot,
        Errno.EACCES,
        "may not %s %d bytes at offset %d of struct %s"
            .formatted(
                write ? "write" : "read",
                bytes,
                offset,
                run.frames.code().context.layout().struct()));
  }

  static ProgramFaultException outOfBudget(Run run, int slot) {
    return of(
        run,
        slot,
        Errno.E2BIG,
        "stopped after %d instructions; a program that was not verified has no more"
            .formatted(run.frames.code().budget));
  }

  static ProgramFaultException callDepth(Run run, int slot) {
    return of(run, slot, Errno.E2BIG, "a call deeper than 8 functions");
  }

  /** The instruction is one that no run may reach. */
  static ProgramFaultException refused(Run run, int slot, int index) {
    List<Refusal> refusals = run.frames.code().refusals;
    Refusal refusal = refusals.get(index);
    return of(run, slot, refusal.errno(), refusal.sentence());
  }

  private static String text(ProgramSpec spec, int slot) {
    List<Instruction> instructions = spec.instructions();
    Instruction instruction = instructions.get(slot);
    boolean cut = instruction.isWide() && slot + 1 == instructions.size();
    boolean unknownRegister =
        instruction.dst() >= Isa.REGISTERS || instruction.src() >= Isa.REGISTERS;
    return cut || unknownRegister ? "malformed" : DISASSEMBLER.text(instructions, slot);
  }
}
