package io.ebpf4j.jvm.verifier;

import io.ebpf4j.jvm.helper.KfuncArgument;
import io.ebpf4j.jvm.helper.KfuncFlag;
import io.ebpf4j.jvm.verifier.KfuncStep.Call;
import io.ebpf4j.jvm.verifier.Register.Kind;
import java.util.List;

/** The arguments of a kernel function: what each may be, and what memory it leads to. */
final class KfuncArguments {
  private final Verification verification;
  private final HelperArguments helpers;
  private final Iterators iterators;

  KfuncArguments(Verification verification, HelperArguments helpers, Iterators iterators) {
    this.verification = verification;
    this.helpers = helpers;
    this.iterators = iterators;
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
    offset(number, register);
    switch (argument.kind()) {
      case ITERATOR -> iterators.argument(number, argument.target(), call);
      case MAP -> {
        if (register.kind != Kind.MAP) {
          throw Rejection.invalid("pointer in R%d isn't map pointer", number);
        }
      }
      case STRING -> {
        if (register.kind != Kind.MAP_VALUE) {
          throw Rejection.invalid("arg#%d doesn't point to a const string", index);
        }
        helpers.constantString(number, register);
      }
      default -> memory(index, call);
    }
  }

  /** A pointer that no arithmetic may have changed. */
  private static void offset(int number, Register register) {
    switch (register.kind) {
      case SCALAR, STACK, PACKET, PACKET_META, MAP_KEY, MAP_VALUE, MEMORY, BUFFER -> {}
      default -> MemoryAccess.unmodified(register, number, register.kind == Kind.BTF);
    }
  }

  private static void memory(int index, Call call) {
    throw Rejection.invalid(
        "arg#%d of %s is of a kind that this kernel does not check yet", index, call.kfunc.name());
  }
}
