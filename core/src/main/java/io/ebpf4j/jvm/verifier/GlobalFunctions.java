package io.ebpf4j.jvm.verifier;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.jvm.verifier.Register.Kind;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Functions that are not static: they are verified on their own, for any argument that fits their
 * BTF type, and a call of one looks only at that.
 */
final class GlobalFunctions {
  private static final int MAX_ARGUMENTS = 5;

  private final ProgramSpec spec;
  private final Flow flow;
  private final String contextStruct;
  private final Map<Integer, Integer> typeIds = new HashMap<>();
  private final Map<Integer, List<Parameter>> parameters = new HashMap<>();
  private final BitSet called = new BitSet();
  private final BitSet verified = new BitSet();
  private @Nullable Verification verification;
  private @Nullable HelperArguments memory;

  GlobalFunctions(Subject subject, Flow flow) {
    this.spec = subject.spec();
    this.flow = flow;
    this.contextStruct = subject.context().struct();
    if (spec.btf() != null) {
      spec.functions().forEach(f -> typeIds.put(flow.functionOf(f.slot()), f.typeId()));
    }
  }

  void verifyWith(Verification with, HelperArguments arguments) {
    verification = with;
    memory = arguments;
  }

  /** What a function takes. */
  record Parameter(Kind kind, boolean mayBeNull, int size) {}

  /** Whether there are BTF types of the functions. */
  boolean hasTypes() {
    return !typeIds.isEmpty();
  }

  private BtfType.@Nullable Function function(int number) {
    Btf btf = spec.btf();
    Integer id = typeIds.get(number);
    return btf != null && id != null && btf.type(id) instanceof BtfType.Function function
        ? function
        : null;
  }

  boolean isStatic(int number) {
    BtfType.Function function = function(number);
    return function != null && function.linkage() == BtfType.Linkage.STATIC;
  }

  boolean isGlobal(int number) {
    BtfType.Function function = function(number);
    return number > 0 && function != null && function.linkage() == BtfType.Linkage.GLOBAL;
  }

  String name(int number) {
    BtfType.Function function = function(number);
    return function == null ? "" : function.name();
  }

  void called(int number) {
    called.set(number);
  }

  /** A function that is called and has not been verified yet, or -1. */
  int next() {
    for (int number = called.nextSetBit(0); number >= 0; number = called.nextSetBit(number + 1)) {
      if (!verified.get(number)) {
        verified.set(number);
        return number;
      }
    }
    return -1;
  }

  /** Checks that the program says of each function where it begins. */
  void checkStarts() {
    if (spec.btf() == null || spec.functions().isEmpty()) {
      return;
    }
    if (spec.functions().size() != flow.functions()) {
      throw Rejection.invalid("number of funcs in func_info doesn't match number of subprogs");
    }
    for (int number = 0; number < flow.functions(); number++) {
      if (spec.functions().get(number).slot() != flow.start(number)) {
        throw Rejection.invalid(
            "func_info BTF section doesn't match subprog layout in BPF program");
      }
    }
  }

  /** Checks that the functions of a program without types do nothing that needs them. */
  void checkUntyped(BitSet packetLoads) {
    for (int number = 1; number < flow.functions(); number++) {
      BtfType.Function function = function(number);
      boolean returnsInt = function != null && returnsNumber(function);
      String rule =
          function == null
              ? "%s is not allowed in subprogs without BTF"
              : "%s is only allowed in functions that return 'int'.";
      if (!returnsInt && packetLoads.get(number)) {
        throw Rejection.invalid(rule, "LD_ABS");
      }
      if (!returnsInt && flow.tailCalls.get(number)) {
        throw Rejection.invalid(rule, "tail_call");
      }
    }
  }

  private BtfType.@Nullable FunctionPrototype prototype(BtfType.Function function) {
    Btf btf = spec.btf();
    return btf != null
            && btf.type(function.prototype()) instanceof BtfType.FunctionPrototype prototype
        ? prototype
        : null;
  }

  private boolean returnsNumber(BtfType.Function function) {
    BtfType.FunctionPrototype prototype = prototype(function);
    return prototype != null && isNumber(prototype.result());
  }

  private boolean isNumber(int type) {
    Btf btf = spec.btf();
    if (btf == null || type == 0) {
      return false;
    }
    BtfType stripped = btf.type(btf.strip(type));
    return stripped instanceof BtfType.Int || stripped instanceof BtfType.Enumeration;
  }

  /** What a function that is not static takes. */
  List<Parameter> parameters(int number) {
    List<Parameter> known = parameters.get(number);
    if (known == null) {
      known = readParameters(number);
      parameters.put(number, known);
    }
    return known;
  }

  private List<Parameter> readParameters(int number) {
    BtfType.Function function = function(number);
    BtfType.FunctionPrototype prototype = function == null ? null : prototype(function);
    if (function == null || prototype == null) {
      throw Rejection.invalid("Global functions need valid BTF");
    }
    List<BtfType.Parameter> declared = prototype.parameters();
    if (declared.size() > MAX_ARGUMENTS) {
      throw Rejection.invalid(
          "Global function %s() with %d > %d args. Buggy compiler.",
          function.name(), declared.size(), MAX_ARGUMENTS);
    }
    if (!isNumber(prototype.result())) {
      throw Rejection.invalid(
          "Global function %s() doesn't return scalar. Only those are supported.", function.name());
    }
    List<Parameter> all = new ArrayList<>();
    for (int i = 0; i < declared.size(); i++) {
      all.add(readParameter(number, function, i, declared.get(i)));
    }
    return all;
  }

  private Parameter readParameter(
      int number, BtfType.Function function, int index, BtfType.Parameter parameter) {
    Btf btf = spec.btf();
    if (btf == null) {
      throw new IllegalStateException("a function's type without types");
    }
    List<String> tags = tags(number, index);
    int type = btf.strip(parameter.type());
    if (btf.type(type) instanceof BtfType.Pointer pointer) {
      int target = pointer.target() == 0 ? 0 : btf.strip(pointer.target());
      boolean isContext =
          (btf.type(target) instanceof BtfType.Composite composite
              && composite.name().equals(contextStruct));
      if (tags.contains("ctx") && !isContext && target != 0) {
        throw Rejection.invalid("arg#%d expects pointer to ctx", index);
      }
      if (isContext || tags.contains("ctx")) {
        return new Parameter(Kind.CONTEXT, false, 0);
      }
      if (isDynptr(btf, target)) {
        if (!tags.isEmpty()) {
          throw Rejection.invalid("arg#%d has invalid combination of tags", index);
        }
        return new Parameter(Kind.DYNPTR, false, 0);
      }
      if (target == 0 || !btf.hasSize(target)) {
        throw Rejection.invalid(
            "arg#%d reference type('%s %s') size cannot be determined: -22",
            index, btf.type(target).kind(), btf.name(target));
      }
      if (tags.contains("nullable")) {
        throw Rejection.invalid("arg#%d has invalid combination of tags", index);
      }
      return new Parameter(Kind.MEMORY, !tags.contains("nonnull"), btf.sizeOf(target));
    }
    if (!tags.isEmpty()) {
      throw Rejection.invalid("arg#%d has pointer tag, but is not a pointer type", index);
    }
    if (isNumber(parameter.type())) {
      return new Parameter(Kind.SCALAR, false, 0);
    }
    throw Rejection.invalid(
        "Arg#%d type %s in %s() is not supported yet.",
        index, btf.type(type).kind(), function.name());
  }

  private static boolean isDynptr(Btf btf, int target) {
    String name = target == 0 ? "" : btf.name(target);
    return name.equals("bpf_dynptr") || name.equals("bpf_dynptr_kern");
  }

  /** The tags of a parameter: what stands behind {@code arg:} in {@code btf_decl_tag}. */
  private List<String> tags(int number, int index) {
    Btf btf = spec.btf();
    Integer id = typeIds.get(number);
    List<String> found = new ArrayList<>();
    if (btf != null && id != null) {
      for (BtfType type : btf.types()) {
        if (type instanceof BtfType.DeclarationTag tag
            && tag.target() == id
            && tag.component() == index
            && tag.name().startsWith("arg:")) {
          String name = tag.name().substring("arg:".length());
          switch (name) {
            case "ctx", "nonnull", "nullable" -> found.add(name);
            default ->
                throw new Rejection(
                    Errno.ENOTSUP, "arg#%d has unsupported set of tags".formatted(index));
          }
        }
      }
    }
    return found;
  }

  /** The registers with which a function is verified on its own. */
  void prepare(int number, Frame frame, Verification with) {
    List<Parameter> all = parameters(number);
    for (int i = 0; i < all.size(); i++) {
      Parameter parameter = all.get(i);
      Register register = frame.registers[i + 1];
      switch (parameter.kind()) {
        case SCALAR -> with.markUnknown(register);
        case CONTEXT -> register.setPointer(Kind.CONTEXT, 0);
        case DYNPTR -> Dynptrs.setConstant(register, with);
        default -> {
          register.setPointer(Kind.MEMORY, parameter.mayBeNull() ? Register.MAYBE_NULL : 0);
          register.extent = parameter.size();
          if (parameter.mayBeNull()) {
            register.id = with.nextId();
          }
        }
      }
    }
  }

  /** Checks what a function that is not static is called with. */
  void checkCall(int number) {
    if (!isGlobal(number) || verification == null || memory == null) {
      return;
    }
    List<Parameter> all = parameters(number);
    for (int i = 0; i < all.size(); i++) {
      Parameter parameter = all.get(i);
      int n = i + 1;
      Register register = verification.register(n);
      switch (parameter.kind()) {
        case SCALAR -> {
          if (!register.isScalar()) {
            throw Rejection.invalid("R%d is not a scalar", n);
          }
        }
        case CONTEXT -> {
          offset(n, register);
          if (!register.is(Kind.CONTEXT, 0)) {
            throw Rejection.invalid("arg#%d expects pointer to ctx", i);
          }
        }
        case DYNPTR -> {
          offset(n, register);
          memory.dynptrs().use(n, null);
        }
        default -> {
          offset(n, register);
          memory(memory, n, parameter.size());
          if (!parameter.mayBeNull() && register.mayBeNull()) {
            throw Rejection.invalid("arg#%d is expected to be non-NULL", i);
          }
        }
      }
    }
  }

  private static void offset(int n, Register register) {
    switch (register.kind) {
      case STACK, PACKET, PACKET_META, MAP_KEY, MAP_VALUE, MEMORY, BUFFER, SCALAR -> {}
      default -> MemoryAccess.unmodified(register, n, register.kind == Kind.BTF);
    }
  }

  private void memory(HelperArguments arguments, int n, int size) {
    Verification with = verification;
    if (with == null || with.register(n).isNull()) {
      return;
    }
    Register register = with.register(n);
    Register saved = register.copy();
    if (register.mayBeNull()) {
      NullChecks.notNull(register);
    }
    try {
      arguments.access(n, size, false, true, null);
      arguments.access(n, size, true, true, null);
    } catch (Rejection refusal) {
      throw Rejection.invalid("%s", refusal.text());
    }
    register.set(saved);
  }
}
