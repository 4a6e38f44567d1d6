package io.ebpf4j.jvm.compiler;

import static io.ebpf4j.isa.Isa.FRAME_POINTER;

import io.ebpf4j.jvm.compiler.Parts.Part;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.SwitchCase;
import java.util.ArrayList;
import java.util.List;

/** Writes a function: one method, or one for each part and one that begins and goes on in them. */
final class FunctionWriter {
  private static final int PUBLIC_STATIC = ClassFile.ACC_PUBLIC | ClassFile.ACC_STATIC;

  private final FunctionShape function;

  FunctionWriter(FunctionShape function) {
    this.function = function;
  }

  /** Writes the methods. */
  void write(ClassBuilder type) {
    for (Part part : function.parts().all()) {
      type.withMethodBody(
          function.name(part),
          function.type(part),
          PUBLIC_STATIC,
          code -> new PartWriter(code, function, part).write());
    }
    if (function.parts().all().size() > 1) {
      ProgramShape program = function.program();
      type.withMethodBody(
          program.name(function.function()),
          program.type(function.function()),
          PUBLIC_STATIC,
          this::writeBeginning);
    }
  }

  private void writeBeginning(CodeBuilder code) {
    int start = function.function().start();
    Registers registers =
        new Registers(code, function.program().parameterMask(function.function()), 0);
    function.beginMayGoto(code, registers);
    registers.loadAll(function.given(function.partAt(start)));
    registers.load(FRAME_POINTER);
    registers.loadCpu();
    function.invoke(code, start);
    List<Integer> returns = function.parts().returns();
    if (returns.isEmpty()) {
      code.lreturn();
      return;
    }
    int r0 = code.allocateLocal(TypeKind.LONG);
    Label next = code.newLabel();
    Label ended = code.newLabel();
    List<SwitchCase> cases = new ArrayList<>();
    for (int slot : returns) {
      cases.add(SwitchCase.of(slot + 1, code.newLabel()));
    }
    code.labelBinding(next).lstore(r0);
    function.takeResume(code, registers);
    code.lookupswitch(ended, cases);
    for (int n = 0; n < returns.size(); n++) {
      code.labelBinding(cases.get(n).target());
      function.loadSavedRegisters(code, registers, returns.get(n));
      registers.load(FRAME_POINTER);
      registers.loadCpu();
      function.invoke(code, returns.get(n));
      code.goto_(next);
    }
    code.labelBinding(ended).lload(r0).lreturn();
  }
}
