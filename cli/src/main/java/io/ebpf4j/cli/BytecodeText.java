package io.ebpf4j.cli;

import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.IncrementInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.LookupSwitchInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.classfile.instruction.TypeCheckInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The class that a program was compiled to, as text: each instruction under its slot. */
final class BytecodeText {
  private static final int NO_SLOT = -1;

  private final ClassModel type;

  BytecodeText(byte[] classFile) {
    this.type = ClassFile.of().parse(classFile);
  }

  /**
   * A method.
   *
   * @param name with its parameters: {@code long count(long, long, Cpu)}
   * @param bytes of its code
   */
  record Method(String name, int bytes, List<Line> lines) {}

  /**
   * An instruction of the JVM.
   *
   * @param slot the slot of the program that begins here, or -1
   */
  record Line(int bci, int slot, String text) {}

  /** The class's name. */
  String name() {
    return type.thisClass().asInternalName().replace('/', '.');
  }

  /** The methods with code. */
  List<Method> methods() {
    List<Method> methods = new ArrayList<>();
    for (MethodModel method : type.methods()) {
      method
          .findAttribute(Attributes.code())
          .ifPresent(
              code -> methods.add(new Method(signature(method), code.codeLength(), lines(code))));
    }
    return methods;
  }

  private static List<Line> lines(CodeAttribute code) {
    List<Line> lines = new ArrayList<>();
    int bci = 0;
    int slot = NO_SLOT;
    for (CodeElement element : (CodeModel) code) {
      switch (element) {
        case LineNumber line -> slot = line.line() - 1;
        case Instruction instruction -> {
          lines.add(new Line(bci, slot, text(instruction, code)));
          bci += instruction.sizeInBytes();
          slot = NO_SLOT;
        }
        default -> {}
      }
    }
    return lines;
  }

  private static String text(Instruction instruction, CodeAttribute code) {
    String name = instruction.opcode().name().toLowerCase(Locale.ROOT);
    String operands = operands(instruction, code);
    return operands.isEmpty() ? name : "%-15s %s".formatted(name, operands);
  }

  private static String operands(Instruction instruction, CodeAttribute code) {
    return switch (instruction) {
      case LoadInstruction load -> instruction.sizeInBytes() == 1 ? "" : "" + load.slot();
      case StoreInstruction store -> instruction.sizeInBytes() == 1 ? "" : "" + store.slot();
      case IncrementInstruction step -> step.slot() + ", " + step.constant();
      case ConstantInstruction constant -> constant.sizeInBytes() == 1 ? "" : constant(constant);
      case BranchInstruction branch -> Integer.toString(bci(code, branch.target()));
      case LookupSwitchInstruction choice ->
          choice.cases().stream()
              .map(each -> each.caseValue() + ": " + bci(code, each.target()))
              .collect(
                  Collectors.joining(", ", "", ", else: " + bci(code, choice.defaultTarget())));
      case FieldInstruction field ->
          "%s.%s %s"
              .formatted(
                  simple(field.owner().asSymbol()),
                  field.name().stringValue(),
                  simple(field.typeSymbol()));
      case InvokeInstruction call ->
          "%s.%s%s"
              .formatted(
                  simple(call.owner().asSymbol()),
                  call.name().stringValue(),
                  simple(call.typeSymbol()));
      case InvokeDynamicInstruction call -> call.name().stringValue() + simple(call.typeSymbol());
      case NewObjectInstruction object -> simple(object.className().asSymbol());
      case TypeCheckInstruction check -> simple(check.type().asSymbol());
      default -> "";
    };
  }

  private static String constant(ConstantInstruction constant) {
    return switch (constant.constantValue()) {
      case Long number when number > 0xffff || number < -0xffff ->
          "%d (0x%x)".formatted(number, number);
      case ClassDesc loaded -> simple(loaded);
      case Object value -> value.toString();
    };
  }

  private static int bci(CodeAttribute code, Label label) {
    return code.labelToBci(label);
  }

  private static String signature(MethodModel method) {
    MethodTypeDesc type = method.methodTypeSymbol();
    return "%s %s%s"
        .formatted(simple(type.returnType()), method.methodName().stringValue(), parameters(type));
  }

  private static String simple(MethodTypeDesc type) {
    return parameters(type) + " " + simple(type.returnType());
  }

  private static String parameters(MethodTypeDesc type) {
    return type.parameterList().stream()
        .map(BytecodeText::simple)
        .collect(Collectors.joining(", ", "(", ")"));
  }

  private static String simple(ClassDesc type) {
    return type.displayName();
  }
}
