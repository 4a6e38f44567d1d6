package io.ebpf4j.jvm.compiler;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.compiler.Functions.Function;
import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.LegacyPacketAccess;
import io.ebpf4j.jvm.helper.HelperPrototype;
import io.ebpf4j.jvm.helper.KfuncTable;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.ProgramSpec;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.classfile.attribute.SourceFileAttribute;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Compiles a verified program to a class of its own. Each function of the program is a static
 * method whose locals are the registers; numbers of the kernel (where a map lies, how long it is)
 * are literals, objects are static finals.
 */
public final class Compiler {
  private static final int TAIL_CALL = 12;

  /** The field of a generated class that holds its one instance. */
  static final String PROGRAM = "PROGRAM";

  static final ClassDesc SUPER = ClassDesc.of(CompiledProgram.class.getName());
  private static final MethodTypeDesc RUN =
      MethodTypeDesc.of(CD_long, CD_long, CD_long, CallWriter.CPU);
  private static final MethodTypeDesc REPEAT =
      MethodTypeDesc.of(CD_long, CD_long, CD_long, CallWriter.CPU, CD_int);
  private static final MethodTypeDesc CALL =
      MethodTypeDesc.of(
          CD_long, CD_int, CD_long, CD_long, CD_long, CD_long, CD_long, CD_long, CallWriter.CPU);

  private Compiler() {}

  /**
   * What a program is compiled from.
   *
   * @param spec the program as it was given
   * @param instructions its slots, with references resolved
   * @param helpers finds what it calls by number
   * @param kfuncs what it calls by BTF type
   * @param context what R1 points at
   * @param packet what legacy packet loads read, or null where they are not allowed
   * @param maps the maps that it uses
   * @param facts what the verifier has proven
   */
  public record Source(
      ProgramSpec spec,
      List<Instruction> instructions,
      HelperFinder helpers,
      KfuncTable kfuncs,
      ContextLayout context,
      @Nullable LegacyPacketAccess packet,
      List<JvmMap> maps,
      Facts facts) {
    /** The source file of the program's main function, or empty. */
    String file() {
      return spec.lines().isEmpty() ? "" : spec.lines().getFirst().file();
    }
  }

  /** Finds the helper that a slot calls by number. */
  @FunctionalInterface
  public interface HelperFinder {
    /** The helper. */
    HelperPrototype find(int slot, int id);
  }

  /**
   * What the code is to be like.
   *
   * @param access how it touches raw memory
   * @param partBytes bytes of a method: less than the 8,000 of HotSpot's limit by what the estimate
   *     may be wrong
   * @param slotLines whether the line tables have slots of the program, plus 1, in place of source
   *     lines
   */
  record Options(RawAccess access, int partBytes, boolean slotLines) {
    /** What this JVM allows. */
    static final Options HOST =
        new Options(
            Memory.FAST && ProgramLoader.seesUnsafe() ? RawAccess.DIRECT : RawAccess.WRAPPED, 7000);

    Options(RawAccess access, int partBytes) {
      this(access, partBytes, false);
    }
  }

  /**
   * A program's class.
   *
   * @param name the class's name
   * @param bytes the class file
   * @param parts methods that the program's functions became: more than there are functions where
   *     some are too long for one
   * @param program its instance
   * @param needsRun whether it runs by {@link CompiledRun} only
   * @param watches what ends the watches of its tail calls
   */
  @SuppressWarnings("ArrayRecordComponent") // Equality of classes is not asked for.
  public record Compiled(
      String name,
      byte[] bytes,
      int parts,
      CompiledProgram program,
      boolean needsRun,
      List<Runnable> watches)
      implements AutoCloseable {
    /** Lets go what the program watches. */
    @Override
    public void close() {
      watches.forEach(Runnable::run);
    }
  }

  /** Compiles a program that the verifier has accepted. */
  public static Compiled compile(Source source) {
    return compile(source, Options.HOST);
  }

  /**
   * The class file that an accepted program becomes, to be looked at: its line tables have slots of
   * the program plus 1, as far as they are below 65,536, in place of source lines.
   */
  public static byte[] classFile(Source source) {
    Options host = Options.HOST;
    return build(shape(source, new Options(host.access(), host.partBytes(), true)));
  }

  static Compiled compile(Source source, Options options) {
    ProgramShape program = shape(source, options);
    String name = Names.program(source.spec().name());
    byte[] bytes = build(program);
    String main = program.name(program.function(0));
    CompiledProgram loaded = ProgramLoader.load(name, bytes, main, program.constants().values());
    List<Runnable> watches =
        program.constants().callSites().stream().map(TailCallSite::watch).toList();
    return new Compiled(name, bytes, program.parts(), loaded, needsRun(program), watches);
  }

  private static ProgramShape shape(Source source, Options options) {
    return new ProgramShape(source, ClassDesc.of(Names.program(source.spec().name())), options);
  }

  private static byte[] build(ProgramShape program) {
    return ClassFile.of().build(program.owner(), type -> write(type, program));
  }

  private static void write(ClassBuilder type, ProgramShape program) {
    type.withFlags(ClassFile.ACC_PUBLIC | ClassFile.ACC_FINAL | ClassFile.ACC_SUPER)
        .withSuperclass(SUPER);
    String file = program.source().file();
    if (!file.isEmpty()) {
      type.with(SourceFileAttribute.of(file.substring(file.lastIndexOf('/') + 1)));
    }
    type.withMethodBody(
        ConstantDescs.INIT_NAME,
        ConstantDescs.MTD_void,
        ClassFile.ACC_PRIVATE,
        code ->
            code.aload(0)
                .invokespecial(SUPER, ConstantDescs.INIT_NAME, ConstantDescs.MTD_void)
                .return_());
    for (Function function : program.functions()) {
      FunctionShape shape = new FunctionShape(program, function);
      program.addParts(shape.parts().all().size());
      new FunctionWriter(shape).write(type);
    }
    type.withField(
        PROGRAM, SUPER, ClassFile.ACC_PUBLIC | ClassFile.ACC_STATIC | ClassFile.ACC_FINAL);
    type.withMethodBody("run", RUN, ClassFile.ACC_PUBLIC, code -> writeRun(code, program));
    type.withMethodBody("repeat", REPEAT, ClassFile.ACC_PUBLIC, code -> writeRepeat(code, program));
    type.withMethodBody("call", CALL, ClassFile.ACC_PUBLIC, code -> writeCall(code, program));
    if (program.access() == RawAccess.DIRECT) {
      type.withField(
          RawAccess.FIELD,
          RawAccess.UNSAFE,
          ClassFile.ACC_PRIVATE | ClassFile.ACC_STATIC | ClassFile.ACC_FINAL);
    }
    type.withMethodBody(
        ConstantDescs.CLASS_INIT_NAME,
        ConstantDescs.MTD_void,
        ClassFile.ACC_STATIC,
        code -> {
          if (program.access() == RawAccess.DIRECT) {
            code.invokestatic(RawAccess.UNSAFE, "getUnsafe", MethodTypeDesc.of(RawAccess.UNSAFE))
                .putstatic(program.owner(), RawAccess.FIELD, RawAccess.UNSAFE);
          }
          program.constants().write(type, code);
          code.new_(program.owner())
              .dup()
              .invokespecial(program.owner(), ConstantDescs.INIT_NAME, ConstantDescs.MTD_void)
              .putstatic(program.owner(), PROGRAM, SUPER)
              .return_();
        });
  }

  private static void writeRun(CodeBuilder code, ProgramShape program) {
    Function main = program.function(0);
    code.lload(1)
        .lload(3)
        .aload(5)
        .invokestatic(program.owner(), program.name(main), program.type(main))
        .lreturn();
  }

  private static void writeRepeat(CodeBuilder code, ProgramShape program) {
    Function main = program.function(0);
    Label again = code.newLabel();
    int r0 = code.allocateLocal(TypeKind.LONG);
    code.labelBinding(again)
        .lload(1)
        .lload(3)
        .aload(5)
        .invokestatic(program.owner(), program.name(main), program.type(main))
        .lstore(r0)
        .iinc(6, -1)
        .iload(6)
        .ifgt(again)
        .lload(r0)
        .lreturn();
  }

  /** A switch over the functions whose address the program takes. */
  private static void writeCall(CodeBuilder code, ProgramShape program) {
    Label none = code.newLabel();
    List<SwitchCase> cases = new ArrayList<>();
    List<Function> callable = program.functions().stream().filter(Function::calledBack).toList();
    for (Function function : callable) {
      cases.add(SwitchCase.of(function.start(), code.newLabel()));
    }
    code.iload(1).lookupswitch(none, cases);
    for (int n = 0; n < callable.size(); n++) {
      Function function = callable.get(n);
      code.labelBinding(cases.get(n).target());
      for (int r = 1; r <= program.parameters(function); r++) {
        code.lload(2 * r);
      }
      code.lload(12)
          .aload(14)
          .invokestatic(program.owner(), program.name(function), program.type(function))
          .lreturn();
    }
    ClassDesc exception = ClassDesc.of("java.lang.IllegalStateException");
    code.labelBinding(none)
        .new_(exception)
        .dup()
        .invokespecial(exception, ConstantDescs.INIT_NAME, MethodTypeDesc.of(CD_void))
        .athrow();
  }

  private static boolean needsRun(ProgramShape program) {
    List<Instruction> instructions = program.instructions();
    for (int slot = 0; slot < instructions.size(); slot++) {
      Instruction i = instructions.get(slot);
      if (isKfuncThatAsks(program, slot, i)) {
        return true;
      }
      if (Functions.isHelperCall(i) && program.facts().reached(slot)) {
        HelperPrototype helper = program.helper(slot, i.imm());
        if (i.imm() == TAIL_CALL || ProgramShape.asksWhoRuns(helper)) {
          return true;
        }
      }
      if (i.isWide()) {
        slot++;
      }
    }
    return false;
  }

  private static boolean isKfuncThatAsks(ProgramShape program, int slot, Instruction i) {
    return Functions.isKfuncCall(i)
        && program.facts().reached(slot)
        && ProgramShape.asksWhoRuns(program.kfunc(slot, i.imm()));
  }
}
