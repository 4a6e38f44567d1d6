package io.ebpf4j.jvm.compiler;

import static io.ebpf4j.isa.Isa.*;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.compiler.Functions.Function;
import io.ebpf4j.jvm.compiler.Parts.Part;
import io.ebpf4j.jvm.cpu.GeneratedState;
import io.ebpf4j.spec.ProgramSpec.LineInfo;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the writers of a function's methods share. */
final class FunctionShape {
  private static final int MAX_LINE = 0xffff;

  static final ClassDesc GENERATED = ClassDesc.of(GeneratedState.class.getName());

  private final ProgramShape program;
  private final Function function;
  private final int[] live;
  private final Flow flow;
  private final Parts parts;
  private final Map<Integer, Integer> lines = new HashMap<>();

  FunctionShape(ProgramShape program, Function function) {
    this.program = program;
    this.function = function;
    this.live = program.liveness().of(function);
    this.flow = Flow.of(program.instructions(), program.facts()::reached, function);
    this.parts =
        Parts.of(
            program.instructions(),
            program.facts()::reached,
            function,
            program.options().partBytes());
    String file = program.source().file();
    for (LineInfo line : program.source().spec().lines()) {
      // A class has one source file and line numbers of 16 bits; what is inlined from elsewhere
      // belongs to the line before it.
      if (line.file().equals(file) && line.line() <= MAX_LINE) {
        lines.put(line.slot(), line.line());
      }
    }
  }

  ProgramShape program() {
    return program;
  }

  Function function() {
    return function;
  }

  Parts parts() {
    return parts;
  }

  /** The line of the class's line tables that begins at a slot, or -1. */
  int line(int slot) {
    if (program.options().slotLines()) {
      return slot < MAX_LINE ? slot + 1 : -1;
    }
    return lines.getOrDefault(slot, -1);
  }

  /**
   * Places in the frame that are locals: parts hand over registers, but no locals, so a function in
   * parts has none.
   */
  Set<StackCells.Cell> cells() {
    return parts.all().size() == 1 ? StackCells.of(program, function, flow) : Set.of();
  }

  /** What a register holds before a slot. */
  Flow.Value value(int slot, int register) {
    return flow.before(slot, register);
  }

  /** The part that a slot is an entry of. */
  Part partAt(int slot) {
    return parts.holding(slot);
  }

  /** The registers that a part is given: a bit for each that lives at one of its entries. */
  int given(Part part) {
    if (parts.all().size() == 1) {
      return program.parameterMask(function);
    }
    int given = 0;
    for (int entry : part.entries()) {
      given |= live[entry - function.start()];
    }
    return given & ~(1 << FRAME_POINTER);
  }

  /** The registers that a part touches. */
  int used(Part part) {
    int used = 1 | given(part);
    for (int slot = part.start(); slot < part.end(); slot++) {
      Instruction i = program.instructions().get(slot);
      used |= 1 << i.dst() | 1 << i.src();
      if (i.instructionClass() == BPF_JMP && (i.opcode() & 0xf0) == BPF_CALL) {
        used |= 0b11_1110;
      }
    }
    return used;
  }

  /** Begins the count of may_goto, where the function has one. */
  void beginMayGoto(CodeBuilder code, Registers registers) {
    if (program.hasMayGoto(function)) {
      registers.loadAddress(FRAME_POINTER, -frameBytes());
      code.invokestatic(
          ClassDesc.of(MayGoto.class.getName()), "begin", MethodTypeDesc.of(CD_void, CD_long));
    }
  }

  /** Bytes from the function's frame to that of a function that it calls. */
  int frameBytes() {
    return program.frameBytes(function);
  }

  /** The name of a part's method. */
  String name(Part part) {
    String name = program.name(function);
    return parts.all().size() == 1 ? name : name + "$" + parts.all().indexOf(part);
  }

  /** The type of a part's method. */
  MethodTypeDesc type(Part part) {
    List<ClassDesc> parameters = new ArrayList<>();
    for (int i = 0; i <= Integer.bitCount(given(part)); i++) {
      parameters.add(CD_long);
    }
    parameters.add(CallWriter.CPU);
    if (part.entries().size() > 1) {
      parameters.add(CD_int);
    }
    return MethodTypeDesc.of(CD_long, parameters);
  }

  /** Calls the part that a slot is an entry of, its registers, frame and CPU being on the stack. */
  void invoke(CodeBuilder code, int slot) {
    Part part = partAt(slot);
    if (part.entries().size() > 1) {
      code.loadConstant(slot);
    }
    code.invokestatic(program.owner(), name(part), type(part));
  }

  /** Saves what lives at a slot of an earlier part, and that the function is to go on there. */
  void saveRegisters(CodeBuilder code, Registers registers, int slot) {
    int given = given(partAt(slot));
    for (int register = 0; register < FRAME_POINTER; register++) {
      if ((given & 1 << register) != 0) {
        loadGenerated(code, registers);
        registers.loadAll(1 << register);
        code.putfield(GENERATED, "r" + register, CD_long);
      }
    }
    loadGenerated(code, registers);
    code.loadConstant(slot + 1).putfield(GENERATED, "resume", CD_int);
  }

  /** Puts the saved registers that a slot's part is given on the stack. */
  void loadSavedRegisters(CodeBuilder code, Registers registers, int slot) {
    int given = given(partAt(slot));
    for (int register = 0; register < FRAME_POINTER; register++) {
      if ((given & 1 << register) != 0) {
        loadGenerated(code, registers);
        code.getfield(GENERATED, "r" + register, CD_long);
      }
    }
  }

  /** Puts on the stack where the function is to go on, and forgets it. */
  void takeResume(CodeBuilder code, Registers registers) {
    loadGenerated(code, registers);
    code.getfield(GENERATED, "resume", CD_int);
    loadGenerated(code, registers);
    code.iconst_0().putfield(GENERATED, "resume", CD_int);
  }

  static void loadGenerated(CodeBuilder code, Registers registers) {
    registers.loadCpu();
    code.getfield(CallWriter.CPU, "generated", GENERATED);
  }
}
