package io.ebpf4j.jvm.compiler;

import static io.ebpf4j.isa.Isa.*;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.compiler.Parts.Part;
import io.ebpf4j.jvm.context.LegacyPacketAccess;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes a part of a function as one method: its control flow becomes gotos. */
final class PartWriter {
  private static final ClassDesc MAY_GOTO = ClassDesc.of(MayGoto.class.getName());

  private final CodeBuilder code;
  private final ProgramShape program;
  private final FunctionShape function;
  private final Part part;
  private final Registers registers;
  private final ArithmeticWriter arithmetic;
  private final MemoryWriter memory;
  private final JumpWriter jumps;
  private final CallWriter calls;
  private final Map<Integer, Label> labels = new HashMap<>();
  private final Map<Integer, Label> exits = new LinkedHashMap<>();

  PartWriter(CodeBuilder code, FunctionShape function, Part part) {
    this.code = code;
    this.program = function.program();
    this.function = function;
    this.part = part;
    this.registers = new Registers(code, function.given(part), function.used(part));
    StackLocals stack = new StackLocals(code, function.cells());
    this.arithmetic = new ArithmeticWriter(code, registers);
    this.memory = new MemoryWriter(code, registers, stack, function);
    this.jumps = new JumpWriter(code, registers);
    this.calls = new CallWriter(code, registers, stack, function);
  }

  /** Writes the method's code. */
  void write() {
    function.function().targets().stream()
        .filter(part::holds)
        .forEach(target -> labels.put(target, code.newLabel()));
    part.entries().forEach(entry -> labels.computeIfAbsent(entry, _ -> code.newLabel()));
    if (function.parts().all().size() == 1) {
      function.beginMayGoto(code, registers);
    }
    enter();
    boolean falls = true;
    for (int slot = part.start(); slot < part.end(); slot++) {
      Instruction i = program.instructions().get(slot);
      Label label = labels.get(slot);
      if (label != null) {
        code.labelBinding(label);
      }
      if (program.facts().reached(slot)) {
        line(slot);
        write(slot, i);
        falls = true;
      } else if (falls) {
        // Nothing comes here; the JVM wants to see that.
        code.aconst_null().athrow();
        falls = false;
      }
      if (i.isWide()) {
        slot++;
      }
    }
    if (falls && part.end() < function.function().end()) {
      code.goto_(label(part.end()));
    } else if (falls) {
      code.aconst_null().athrow();
    }
    writeExits();
  }

  /** Goes to the entry that the caller names. */
  private void enter() {
    if (part.entries().size() == 1) {
      if (part.entries().getFirst() != part.start()) {
        code.goto_(label(part.entries().getFirst()));
      }
      return;
    }
    List<SwitchCase> cases = new ArrayList<>();
    for (int entry : part.entries()) {
      cases.add(SwitchCase.of(entry, label(entry)));
    }
    code.iload(registers.entry()).lookupswitch(label(part.entries().getFirst()), cases);
  }

  /** Leaves for other parts: calls a later one, or returns for an earlier one. */
  private void writeExits() {
    exits.forEach((target, label) -> {
      code.labelBinding(label);
      if (target >= part.end()) {
        registers.loadAll(function.given(function.partAt(target)));
        registers.load(FRAME_POINTER);
        registers.loadCpu();
        function.invoke(code, target);
        code.lreturn();
      } else {
        function.saveRegisters(code, registers, target);
        code.lconst_0().lreturn();
      }
    });
  }

  private void write(int slot, Instruction i) {
    switch (i.instructionClass()) {
      case BPF_ALU, BPF_ALU64 -> arithmetic.write(i);
      case BPF_LD -> {
        if (i.isWide()) {
          code.loadConstant(Functions.wideValue(program.instructions(), slot));
          registers.store(i.dst());
        } else {
          loadPacket(i);
        }
      }
      case BPF_LDX -> {
        if (program.facts().accessesContext(slot)) {
          memory.loadContext(i);
        } else {
          memory.load(slot, i);
        }
      }
      case BPF_ST, BPF_STX -> store(slot, i);
      default -> jump(slot, i);
    }
  }

  private void store(int slot, Instruction i) {
    if (i.instructionClass() == BPF_STX && (i.opcode() & 0xe0) == BPF_ATOMIC) {
      memory.atomic(i);
    } else if (program.facts().accessesContext(slot)) {
      memory.storeContext(i);
    } else {
      memory.store(slot, i);
    }
  }

  private void jump(int slot, Instruction i) {
    switch (i.opcode() & 0xf0) {
      case BPF_JA -> code.goto_(label(Functions.target(i, slot)));
      case BPF_EXIT -> {
        registers.load(0);
        code.lreturn();
      }
      case BPF_CALL -> {
        if (Functions.isCall(i)) {
          calls.function(slot, i);
        } else if (Functions.isKfuncCall(i)) {
          calls.kfunc(slot, i);
        } else {
          calls.helper(slot, i);
        }
      }
      case BPF_JCOND -> mayGoto(label(Functions.target(i, slot)));
      default -> conditional(slot, i);
    }
  }

  private void conditional(int slot, Instruction i) {
    Label target = label(Functions.target(i, slot));
    if (!program.facts().reached(slot + 1)) {
      code.goto_(target);
    } else if (program.facts().reached(slot + 1 + i.offset())) {
      jumps.write(i, target);
    }
  }

  /** Legacy packet access: outside of the packet the function ends with R0 = 0. */
  private void loadPacket(Instruction i) {
    Label inside = code.newLabel();
    LegacyPacketAccess packet = program.source().packet();
    if (packet == null) {
      throw new IllegalStateException("the program type has no legacy packet access");
    }
    program.constants().load(code, packet, LegacyPacketAccess.class);
    registers.load(6);
    if ((i.opcode() & 0xe0) == BPF_IND) {
      registers.loadInt(i.src());
      code.loadConstant(i.imm()).iadd();
    } else {
      code.loadConstant(i.imm());
    }
    code.loadConstant(accessSize(i.opcode()))
        .invokeinterface(
            ClassDesc.of(LegacyPacketAccess.class.getName()),
            "load",
            MethodTypeDesc.of(CD_long, CD_long, CD_int, CD_int));
    registers.store(0);
    registers.load(0);
    code.lconst_0().lcmp().ifge(inside).lconst_0().lreturn().labelBinding(inside);
  }

  /** Goes to the label once the loop has had its time. */
  private void mayGoto(Label spent) {
    registers.loadCpu();
    registers.loadAddress(FRAME_POINTER, -function.frameBytes());
    code.invokestatic(
            MAY_GOTO,
            "goesOn",
            MethodTypeDesc.of(ConstantDescs.CD_boolean, CallWriter.CPU, CD_long))
        .ifeq(spent);
  }

  private Label label(int slot) {
    return part.holds(slot)
        ? labels.computeIfAbsent(slot, _ -> code.newLabel())
        : exits.computeIfAbsent(slot, _ -> code.newLabel());
  }

  private void line(int slot) {
    int line = function.line(slot);
    if (line >= 0) {
      code.lineNumber(line);
    }
  }
}
