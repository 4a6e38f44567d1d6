package io.ebpf4j.jvm.compiler;

import static io.ebpf4j.isa.Isa.*;
import static java.lang.constant.ConstantDescs.CD_long;

import io.ebpf4j.btf.BtfType;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.compiler.Functions.Function;
import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.HelperPrototype;
import io.ebpf4j.jvm.helper.KfuncArgument;
import io.ebpf4j.jvm.helper.KfuncFlag;
import io.ebpf4j.jvm.helper.KfuncPrototype;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.LookupRecipe;
import io.ebpf4j.jvm.memory.Memory;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the writers of a program's functions share. */
final class ProgramShape {
  private static final int MAP_LOOKUP_ELEM = 1;

  private final Compiler.Source source;
  private final ClassDesc owner;
  private final Compiler.Options options;
  private final Constants constants;
  private final Map<Integer, Function> functions = new HashMap<>();
  private final Map<Integer, String> names = new HashMap<>();
  private final Liveness liveness;
  private int parts;

  ProgramShape(Compiler.Source source, ClassDesc owner, Compiler.Options options) {
    this.source = source;
    this.owner = owner;
    this.options = options;
    this.constants = new Constants(owner);
    this.liveness = new Liveness(source.instructions(), this::arguments);
    Set<String> taken = new HashSet<>();
    for (Function function : Functions.of(source.instructions()).all()) {
      functions.put(function.start(), function);
      String name = cName(function.start());
      names.put(function.start(), taken.add(name) ? name : name + "_" + function.start());
    }
  }

  Compiler.Source source() {
    return source;
  }

  List<Instruction> instructions() {
    return source.instructions();
  }

  Facts facts() {
    return source.facts();
  }

  ClassDesc owner() {
    return owner;
  }

  Compiler.Options options() {
    return options;
  }

  RawAccess access() {
    return options.access();
  }

  Constants constants() {
    return constants;
  }

  /** Methods that hold code of functions. */
  int parts() {
    return parts;
  }

  void addParts(int number) {
    parts += number;
  }

  /** The functions in the order of their slots. */
  List<Function> functions() {
    List<Function> all = new ArrayList<>(functions.values());
    all.sort((a, b) -> Integer.compare(a.start(), b.start()));
    return all;
  }

  /** The function that begins at a slot. */
  Function function(int start) {
    Function function = functions.get(start);
    if (function == null) {
      throw new IllegalStateException("no function begins at instruction " + start);
    }
    return function;
  }

  /** How many of R1 to R5 the function's method takes. */
  int parameters(Function function) {
    return function.start() == 0 ? 1 : liveness.parameters(function);
  }

  /** The registers that the function's method takes, a bit for each. */
  int parameterMask(Function function) {
    return (1 << parameters(function) + 1) - 2;
  }

  /** Bytes from the function's frame to that of a function that it calls. */
  int frameBytes(Function function) {
    int stack = facts().stackBytes(functions().indexOf(function));
    return hasMayGoto(function) ? stack + MayGoto.BYTES : stack;
  }

  /** Whether may_goto bounds loops of the function. */
  boolean hasMayGoto(Function function) {
    return instructions().subList(function.start(), function.end()).stream()
        .anyMatch(i -> i.opcode() == (BPF_JMP | BPF_JCOND));
  }

  Liveness liveness() {
    return liveness;
  }

  /** The method's name. */
  String name(Function function) {
    return names.getOrDefault(function.start(), "");
  }

  /** The method's type: R1 to R5 as far as they are read, R10, the CPU; gives R0. */
  MethodTypeDesc type(Function function) {
    List<ClassDesc> parameters = new ArrayList<>();
    for (int i = 0; i <= parameters(function); i++) {
      parameters.add(CD_long);
    }
    parameters.add(CallWriter.CPU);
    return MethodTypeDesc.of(CD_long, parameters);
  }

  /** Whether a helper needs to know which program runs. */
  static boolean asksWhoRuns(HelperPrototype helper) {
    return helper.usesActivation() || helper.arguments().contains(Argument.FUNCTION);
  }

  /** Whether a kernel function needs to know which program runs. */
  static boolean asksWhoRuns(KfuncPrototype kfunc) {
    return kfunc.is(KfuncFlag.USES_ACTIVATION) || callsBack(kfunc);
  }

  /** Whether a kernel function may call a function of the program. */
  static boolean callsBack(KfuncPrototype kfunc) {
    return kfunc.arguments().stream().anyMatch(a -> a.kind() == KfuncArgument.Kind.FUNCTION);
  }

  /** The kernel function that a slot calls. */
  KfuncPrototype kfunc(int slot, int id) {
    return source
        .kfuncs()
        .find(id, source.spec().type())
        .orElseThrow(() ->
            new IllegalStateException(
                "instruction %d calls no kernel function: %d".formatted(slot, id)));
  }

  /** The helper that a slot calls. */
  HelperPrototype helper(int slot, int id) {
    return source.helpers().find(slot, id);
  }

  /** The map whose structure lies at an address, among those that the program names. */
  @Nullable JvmMap mapAt(long address) {
    for (JvmMap map : source.maps()) {
      if (map.address() == address) {
        return map;
      }
    }
    return null;
  }

  /** The map that a slot looks a 4-byte key up in without a call, or null. */
  @Nullable JvmMap inlinedLookup(Instruction i, Flow.Value map) {
    if (!Functions.isHelperCall(i)
        || i.imm() != MAP_LOOKUP_ELEM
        || !(map instanceof Flow.Value.Constant(long address))) {
      return null;
    }
    JvmMap known = mapAt(address);
    return known == null || known.lookupRecipe() instanceof LookupRecipe.Call ? null : known;
  }

  /**
   * What a load gives that goes to a known address, where that can never change: data that are
   * frozen and that programs may not write.
   *
   * @param bytes 1, 2, 4 or 8
   */
  OptionalLong constantAt(long address, int bytes) {
    for (JvmMap map : source.maps()) {
      if (map.constant()) {
        for (JvmMap.ValueArea area : map.valueAreas()) {
          long end = area.base() + area.count() * area.stride();
          if (address >= area.base() && address + bytes <= end) {
            return OptionalLong.of(read(address, bytes));
          }
        }
      }
    }
    return OptionalLong.empty();
  }

  private static long read(long address, int bytes) {
    return switch (bytes) {
      case 1 -> Memory.getByte(address) & 0xffL;
      case 2 -> Memory.getShort(address) & 0xffffL;
      case 4 -> Integer.toUnsignedLong(Memory.getInt(address));
      default -> Memory.getLong(address);
    };
  }

  /** How many of R1 to R5 a call takes, at most. */
  int arguments(Instruction call) {
    return switch (call.src()) {
      case 0 -> source.helpers().find(0, call.imm()).arguments().size();
      case BPF_PSEUDO_KFUNC_CALL ->
          source.kfuncs().find(call.imm()).map(kfunc -> kfunc.arguments().size()).orElse(0);
      default -> 5;
    };
  }

  private String cName(int slot) {
    String found = source.spec().name();
    if (slot > 0) {
      found = "function_" + slot;
      for (var info : source.spec().functions()) {
        if (info.slot() == slot
            && source.spec().btf() != null
            && source.spec().btf().type(info.typeId()) instanceof BtfType.Function type) {
          found = type.name();
        }
      }
    }
    return Names.method(found);
  }
}
