package io.ebpf4j.jvm.compiler;

import static io.ebpf4j.isa.Isa.FRAME_POINTER;
import static java.lang.constant.ConstantDescs.CD_boolean;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.compiler.Functions.Function;
import io.ebpf4j.jvm.context.TailCallTable;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.FunctionPointer;
import io.ebpf4j.jvm.helper.ControlHelpers;
import io.ebpf4j.jvm.helper.HelperPrototype;
import io.ebpf4j.jvm.helper.KfuncPrototype;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.LookupRecipe;
import io.ebpf4j.spec.Errno;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** Writes calls: of helpers, some of them inlined; of functions; of other programs. */
final class CallWriter {
  static final ClassDesc CPU = ClassDesc.of(Cpu.class.getName());
  private static final ClassDesc RUN = ClassDesc.of(CompiledRun.class.getName());
  private static final ClassDesc MAP = ClassDesc.of(JvmMap.class.getName());
  private static final ClassDesc INTEGER = ClassDesc.of("java.lang.Integer");
  private static final ClassDesc LONG = ClassDesc.of("java.lang.Long");
  private static final MethodTypeDesc COMPARE_INTS = MethodTypeDesc.of(CD_int, CD_int, CD_int);
  private static final MethodTypeDesc COMPARE_LONGS = MethodTypeDesc.of(CD_int, CD_long, CD_long);

  private static final MethodTypeDesc TAIL_CALL = MethodTypeDesc.of(CD_long, CD_long, CD_long, CPU);

  private static final int R0 = 0;
  private static final int R1 = 1;
  private static final int MAP_LOOKUP_ELEM = 1;
  private static final int MAP_UPDATE_ELEM = 2;
  private static final int MAP_DELETE_ELEM = 3;
  private static final int TAIL_CALL_ID = 12;
  private static final int LOOP = 181;

  private final CodeBuilder code;
  private final Registers registers;
  private final ProgramShape program;
  private final StackLocals stack;
  private final FunctionShape function;

  CallWriter(CodeBuilder code, Registers registers, StackLocals stack, FunctionShape function) {
    this.code = code;
    this.registers = registers;
    this.stack = stack;
    this.program = function.program();
    this.function = function;
  }

  /** A call of a helper. */
  void helper(int slot, Instruction i) {
    if (i.imm() == TAIL_CALL_ID) {
      tailCall(slot);
    } else if (!inlined(slot, i)) {
      plainHelper(slot, i);
    }
  }

  private boolean inlined(int slot, Instruction i) {
    if (i.imm() == LOOP) {
      Function callback = constantCallback(slot, 2);
      if (callback == null || !isZero(slot, 4)) {
        return false;
      }
      loop(callback);
      return true;
    }
    JvmMap map = constantMap(slot, R1);
    if (map == null) {
      return false;
    }
    switch (i.imm()) {
      case MAP_LOOKUP_ELEM -> lookup(slot, map);
      case MAP_UPDATE_ELEM -> onMap(map, "update", 3);
      case MAP_DELETE_ELEM -> onMap(map, "delete", 1);
      default -> {
        return false;
      }
    }
    return true;
  }

  /** A call of a function of the program. */
  void function(int slot, Instruction i) {
    Function callee = program.function(slot + 1 + i.imm());
    for (int r = 1; r <= program.parameters(callee); r++) {
      registers.load(r);
    }
    invoke(callee);
    registers.store(R0);
  }

  private void plainHelper(int slot, Instruction i) {
    HelperPrototype helper = program.helper(slot, i.imm());
    plainCall(helper.method(), helper.arguments().size(), ProgramShape.asksWhoRuns(helper));
  }

  /** A call of a kernel function. */
  void kfunc(int slot, Instruction i) {
    KfuncPrototype kfunc = program.kfunc(slot, i.imm());
    plainCall(kfunc.method(), kfunc.arguments().size(), ProgramShape.asksWhoRuns(kfunc));
  }

  private void plainCall(Method method, int count, boolean asksWhoRuns) {
    if (asksWhoRuns) {
      registers.loadCpu();
      code.getstatic(program.owner(), Compiler.PROGRAM, Compiler.SUPER);
      calleeFrame();
      code.invokestatic(
          RUN, "callsHelper", MethodTypeDesc.of(CD_void, CPU, Compiler.SUPER, CD_long));
    }
    ClassDesc[] parameters = new ClassDesc[count + 1];
    Arrays.fill(parameters, CD_long);
    parameters[0] = CPU;
    registers.loadCpu();
    for (int r = 1; r <= count; r++) {
      registers.load(r);
    }
    code.invokestatic(
        ClassDesc.of(method.getDeclaringClass().getName()),
        method.getName(),
        MethodTypeDesc.of(CD_long, parameters));
    registers.store(R0);
  }

  private void lookup(int slot, JvmMap map) {
    switch (map.lookupRecipe()) {
      case LookupRecipe.Array(long base, long count, long stride) ->
          lookupArray(slot, count, stride, offset -> code.loadConstant(base + offset));
      case LookupRecipe.PerCpuArray(long base, long count, long stride, long cpuStride) ->
          lookupArray(
              slot,
              count,
              stride,
              offset -> {
                registers.loadCpu();
                code.invokevirtual(CPU, "number", MethodTypeDesc.of(CD_int))
                    .i2l()
                    .loadConstant(cpuStride)
                    .lmul()
                    .loadConstant(base + offset)
                    .ladd();
              });
      case LookupRecipe.Function(Class<?> owner, String method, List<Long> constants) -> {
        ClassDesc[] parameters = new ClassDesc[1 + constants.size()];
        Arrays.fill(parameters, CD_long);
        registers.load(2);
        constants.forEach(code::loadConstant);
        code.invokestatic(
            ClassDesc.of(owner.getName()), method, MethodTypeDesc.of(CD_long, parameters));
        registers.store(R0);
      }
      case LookupRecipe.Call() -> onMap(map, "lookup", 1);
    }
  }

  /** {@code loadBase} puts the address of the bytes at an offset on the stack. */
  private void lookupArray(int slot, long count, long stride, LongConsumer loadBase) {
    long constant = program.facts().constantKey(slot);
    if (constant >= 0 && constant < count) {
      loadBase.accept(constant * stride);
      registers.store(R0);
      return;
    }
    Label missing = code.newLabel();
    Label done = code.newLabel();
    int index = code.allocateLocal(TypeKind.INT);
    loadKey(slot);
    code.istore(index);
    code.iload(index)
        .loadConstant((int) count)
        .invokestatic(INTEGER, "compareUnsigned", COMPARE_INTS)
        .ifge(missing);
    loadBase.accept(0);
    code.iload(index).i2l().loadConstant(0xffff_ffffL).land().loadConstant(stride).lmul().ladd();
    registers.store(R0);
    code.goto_(done).labelBinding(missing).lconst_0();
    registers.store(R0);
    code.labelBinding(done);
  }

  /** Puts the 4-byte key that R2 points to on the stack, an int. */
  private void loadKey(int slot) {
    Flow.Value base = function.value(slot, 2);
    if (stack.has(base, 0, Integer.BYTES)) {
      stack.load(base, 0, Integer.BYTES, false);
      code.l2i();
      return;
    }
    program.access().begin(code, program.owner());
    registers.load(2);
    program.access().loadInt(code);
  }

  /** Calls a method of a map that is known: {@code long method(Cpu, long…)} from R2 on. */
  private void onMap(JvmMap map, String method, int operands) {
    ClassDesc[] parameters = new ClassDesc[operands + 1];
    Arrays.fill(parameters, CD_long);
    parameters[0] = CPU;
    program.constants().load(code, map, JvmMap.class);
    registers.loadCpu();
    for (int r = 2; r < 2 + operands; r++) {
      registers.load(r);
    }
    code.invokevirtual(MAP, method, MethodTypeDesc.of(CD_long, parameters));
    registers.store(R0);
  }

  /** Runs another program in this one's place and returns what it gives; or goes on. */
  private void tailCall(int slot) {
    Label notMade = code.newLabel();
    Label missed = code.newLabel();
    FunctionShape.loadGenerated(code, registers);
    code.getfield(FunctionShape.GENERATED, "tailCalls", CD_int)
        .loadConstant(CompiledRun.MAX_TAIL_CALLS)
        .if_icmpge(notMade);
    addTailCalls(1);
    findTarget(slot);
    FunctionShape.loadGenerated(code, registers);
    code.getfield(FunctionShape.GENERATED, "tailCallMissed", CD_boolean)
        .ifne(missed)
        .lreturn()
        .labelBinding(missed)
        .pop2();
    FunctionShape.loadGenerated(code, registers);
    code.iconst_0().putfield(FunctionShape.GENERATED, "tailCallMissed", CD_boolean);
    addTailCalls(-1);
    code.labelBinding(notMade);
  }

  private void findTarget(int slot) {
    JvmMap map = constantMap(slot, 2);
    if (map instanceof TailCallTable table
        && function.value(slot, 3) instanceof Flow.Value.Constant(long index)) {
      TailCallSite site = new TailCallSite(table, (int) index);
      MethodTypeDesc type = TAIL_CALL;
      for (int i = 0; i < TailCallSite.blanks(site); i++) {
        code.iconst_0();
        type = type.insertParameterTypes(0, CD_int);
      }
      loadTailCall();
      program.constants().callSite(code, site, type);
    } else if (map instanceof TailCallTable table) {
      ClassDesc type = ClassDesc.of(TailCallTable.class.getName());
      loadTailCall();
      program.constants().load(code, table, TailCallTable.class);
      registers.load(3);
      code.invokestatic(RUN, "tailCall", TAIL_CALL.insertParameterTypes(3, type, CD_long));
    } else {
      loadTailCall();
      registers.load(2);
      registers.load(3);
      code.invokestatic(RUN, "tailCall", TAIL_CALL.insertParameterTypes(3, CD_long, CD_long));
    }
  }

  private void loadTailCall() {
    registers.load(R1);
    registers.load(FRAME_POINTER);
    registers.loadCpu();
  }

  private void addTailCalls(int number) {
    FunctionShape.loadGenerated(code, registers);
    code.dup()
        .getfield(FunctionShape.GENERATED, "tailCalls", CD_int)
        .loadConstant(number)
        .iadd()
        .putfield(FunctionShape.GENERATED, "tailCalls", CD_int);
  }

  /** bpf_loop with a callback that is known: a loop around its call. */
  private void loop(Function callback) {
    Label tooMany = code.newLabel();
    Label next = code.newLabel();
    Label ended = code.newLabel();
    Label done = code.newLabel();
    int turns = code.allocateLocal(TypeKind.LONG);
    int context = code.allocateLocal(TypeKind.LONG);
    int turn = code.allocateLocal(TypeKind.LONG);
    registers.load(R1);
    code.lstore(turns);
    registers.load(3);
    code.lstore(context)
        .lload(turns)
        .loadConstant((long) ControlHelpers.MAX_LOOPS)
        .invokestatic(LONG, "compareUnsigned", COMPARE_LONGS)
        .ifgt(tooMany)
        .lconst_0()
        .lstore(turn)
        .labelBinding(next)
        .lload(turn)
        .lload(turns)
        .lcmp()
        .ifge(ended);
    for (int r = 1; r <= program.parameters(callback); r++) {
      switch (r) {
        case 1 -> code.lload(turn);
        case 2 -> code.lload(context);
        default -> code.lconst_0();
      }
    }
    invoke(callback);
    code.lload(turn).lconst_1().ladd().lstore(turn);
    code.lconst_0().lcmp().ifeq(next);
    code.labelBinding(ended).lload(turn);
    registers.store(R0);
    code.goto_(done)
        .labelBinding(tooMany)
        .loadConstant(Integer.toUnsignedLong(-Errno.E2BIG.number()));
    registers.store(R0);
    code.labelBinding(done);
  }

  /** Calls a function whose arguments are on the stack; leaves R0 there. */
  private void invoke(Function callee) {
    calleeFrame();
    registers.loadCpu();
    code.invokestatic(program.owner(), program.name(callee), program.type(callee));
  }

  private void calleeFrame() {
    registers.loadAddress(FRAME_POINTER, -function.frameBytes());
  }

  private boolean isZero(int slot, int register) {
    return function.value(slot, register).equals(new Flow.Value.Constant(0));
  }

  private @Nullable JvmMap constantMap(int slot, int register) {
    return function.value(slot, register) instanceof Flow.Value.Constant(long address)
        ? program.mapAt(address)
        : null;
  }

  private @Nullable Function constantCallback(int slot, int register) {
    if (!(function.value(slot, register) instanceof Flow.Value.Constant(long pointer))) {
      return null;
    }
    int at = FunctionPointer.slot(pointer, program.instructions().size());
    return at < 0 ? null : program.function(at);
  }
}
