package io.ebpf4j.jvm.verifier;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.jvm.helper.Dynptr;
import io.ebpf4j.jvm.helper.KfuncArgument;
import io.ebpf4j.jvm.helper.KfuncFlag;
import io.ebpf4j.jvm.map.SpecialFields;
import io.ebpf4j.jvm.verifier.KfuncStep.Call;
import io.ebpf4j.jvm.verifier.Register.Kind;
import java.util.List;

/** The arguments of a kernel function: what each may be, and what memory it leads to. */
final class KfuncArguments {
  private final Verification verification;
  private final HelperArguments helpers;
  private final Iterators iterators;
  private final Sections sections;

  KfuncArguments(
      Verification verification, HelperArguments helpers, Iterators iterators, Sections sections) {
    this.verification = verification;
    this.helpers = helpers;
    this.iterators = iterators;
    this.sections = sections;
  }

  /** Checks all arguments, in their order. */
  void check(Call call) {
    List<KfuncArgument> all = call.kfunc.arguments();
    for (int i = 0; i < all.size(); i++) {
      KfuncArgument argument = all.get(i);
      switch (argument.kind()) {
        case IGNORED -> {}
        case NUMBER, SIZE -> number(i + 1, argument, call);
        default -> {
          pointer(i, argument, call);
          if (argument.sized()) {
            i++;
          }
        }
      }
    }
  }

  private void number(int number, KfuncArgument argument, Call call) {
    Register register = argument(number);
    if (!register.isScalar()) {
      throw Rejection.invalid("R%d is not a scalar", number);
    }
    if (argument.constant()) {
      constant(number, call);
    }
  }

  /** What an argument is; that it is not set is found by its kind. */
  private Register argument(int number) {
    verification.touchedRegisters |= 1 << number;
    return verification.register(number);
  }

  private void constant(int number, Call call) {
    Register register = verification.register(number);
    if (!register.bits.isConstant()) {
      throw Rejection.invalid("R%d must be a known constant", number);
    }
    verification.markPrecise(number);
    call.constant = register.bits.value();
  }

  private void pointer(int index, KfuncArgument argument, Call call) {
    int number = index + 1;
    Register register = argument(number);
    boolean mayBeNull = register.isNull() || register.mayBeNull();
    if (mayBeNull
        && !argument.nullable()
        && (call.kfunc.is(KfuncFlag.TRUSTED_ARGUMENTS) || call.kfunc.is(KfuncFlag.RCU))) {
      throw Rejection.access("Possibly NULL pointer passed to trusted arg%d", index);
    }
    ArgumentTypes.checkOffset(number, register);
    switch (argument.kind()) {
      case ITERATOR -> iterators.argument(number, argument.target(), call);
      case MAP -> map(number, register, call);
      case WORK_QUEUE -> {
        if (!register.is(Kind.MAP_VALUE, 0)) {
          throw Rejection.invalid("arg#%d doesn't point to a map value", index);
        }
        HelperArguments.field(number, register, SpecialFields.Kind.WORK_QUEUE);
        call.map = register.map;
        call.mapUid = register.mapUid;
      }
      case FUNCTION -> {
        if (register.kind != Kind.FUNCTION) {
          throw Rejection.invalid("arg%d expected pointer to func", index);
        }
        call.function = register.extent;
      }
      case STRING -> {
        if (register.kind != Kind.MAP_VALUE) {
          throw Rejection.invalid("arg#%d doesn't point to a const string", index);
        }
        helpers.constantString(number, register);
      }
      case IRQ_FLAGS -> sections.flags(number, call.kfunc.name().equals("bpf_local_irq_save"));
      case DYNPTR -> dynptr(number, argument, call);
      case POINTER -> memory(index, argument, call);
      default ->
          throw Rejection.invalid(
              "arg#%d of %s is of a kind that this kernel does not check yet",
              index, call.kfunc.name());
    }
  }

  private static void map(int number, Register register, Call call) {
    if (register.kind != Kind.MAP) {
      throw Rejection.invalid("pointer in R%d isn't map pointer", number);
    }
    if (call.map != null && (call.map != register.map || call.mapUid != register.mapUid)) {
      throw Rejection.invalid(
          "workqueue pointer in R1 map_uid=%d doesn't match map pointer in R2 map_uid=%d",
          call.mapUid, register.mapUid);
    }
    call.map = register.map;
    call.mapUid = register.mapUid;
  }

  private void dynptr(int number, KfuncArgument argument, Call call) {
    Dynptrs dynptrs = helpers.dynptrs();
    if (!argument.uninitialized()) {
      call.dynptr = dynptrs.use(number, null).copy();
      return;
    }
    Register parent = call.dynptr;
    Dynptr.Type type =
        switch (call.kfunc.name()) {
          case "bpf_dynptr_from_skb" -> Dynptr.Type.SKB;
          case "bpf_dynptr_from_xdp" -> Dynptr.Type.XDP;
          case "bpf_dynptr_from_skb_meta" -> Dynptr.Type.SKB_META;
          default -> parent == null ? null : Dynptrs.typeOf(parent);
        };
    dynptrs.begin(number, helpers.stack(), type, parent == null ? 0 : parent.reference);
  }

  private void memory(int index, KfuncArgument argument, Call call) {
    int number = index + 1;
    Register register = verification.register(number);
    Btf types = call.kfunc.types();
    String struct = types.name(argument.target());
    if (isStruct(types, argument) && struct.equals(verification.subject.context().struct())) {
      if (!register.is(Kind.CONTEXT, 0)) {
        throw Rejection.invalid(
            "arg#%d expected pointer to ctx, but got %s", index, StatePrinter.kind(register));
      }
    } else if (register.kind == Kind.MAP || register.kind == Kind.BTF) {
      throw Rejection.invalid(
          "kernel function %s args#%d pointer type %s %s is not supported",
          call.kfunc.name(), index, types.kind(argument.target()), struct);
    } else if (argument.sized()) {
      sizedMemory(index, argument, call);
    } else if (argument.bytes() > 0) {
      checked(number, argument.bytes());
    } else {
      throw Rejection.invalid(
          "arg#%d pointer type %s %s must point to scalar, or struct with scalar",
          index, types.kind(argument.target()), struct);
    }
  }

  private static boolean isStruct(Btf types, KfuncArgument argument) {
    BtfType target = types.type(argument.target());
    return target instanceof BtfType.Composite || target instanceof BtfType.Forward;
  }

  private void sizedMemory(int index, KfuncArgument argument, Call call) {
    int number = index + 1;
    int sizeNumber = index + 2;
    Register size = argument(sizeNumber);
    if (!verification.register(number).isNull() || !argument.optional()) {
      if (!size.isScalar()) {
        throw Rejection.invalid("R%d is not a scalar", sizeNumber);
      }
      try {
        helpers.sized(sizeNumber);
      } catch (Rejection refusal) {
        throw refusal.saying(
            "%s%narg#%d arg#%d memory, len pair leads to invalid memory access"
                .formatted(refusal.text(), index, index + 1));
      }
    }
    if (call.kfunc.arguments().get(index + 1).constant()) {
      constant(sizeNumber, call);
    }
  }

  private void checked(int number, int bytes) {
    Register register = verification.register(number);
    if (register.isNull()) {
      return;
    }
    Register saved = register.copy();
    if (register.mayBeNull()) {
      NullChecks.notNull(register);
    }
    helpers.access(number, bytes, false, true, null);
    helpers.access(number, bytes, true, true, null);
    register.set(saved);
  }
}
