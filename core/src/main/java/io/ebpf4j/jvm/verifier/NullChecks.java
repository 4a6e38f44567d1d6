package io.ebpf4j.jvm.verifier;

import io.ebpf4j.jvm.map.MapShape;
import io.ebpf4j.jvm.map.SpecialFields;
import io.ebpf4j.jvm.verifier.Register.Kind;

/** What a comparison with NULL says of a pointer and of all its copies. */
final class NullChecks {
  /** The pointer is NULL in that state, or it is not. */
  void decide(State state, int number, boolean isNull) {
    Register compared = state.register(number);
    int id = compared.id;
    int reference = compared.reference;
    if (reference != 0 && reference == id && isNull) {
      state.release(State.Reference.OBJECT, id);
    }
    state.forEachRegister((frame, register) -> {
      if (register.mayBeNull() && register.id == id) {
        decide(register, isNull);
      }
    });
  }

  private static void decide(Register register, boolean isNull) {
    if (isNull) {
      register.setConstant(0);
      return;
    }
    notNull(register);
    if (!mayPointToLock(register)) {
      register.id = 0;
    }
  }

  /** The pointer leads to something. */
  static void notNull(Register register) {
    register.flags &= ~Register.MAYBE_NULL;
    MapShape map = register.map;
    if (register.kind == Kind.MAP_VALUE && map != null && map.inner() != null) {
      MapShape inner = map.inner();
      register.kind = Kind.MAP;
      register.map = inner;
      if (inner.specialFields().has(SpecialFields.Kind.TIMER)
          || inner.specialFields().has(SpecialFields.Kind.WORK_QUEUE)) {
        register.mapUid = register.id;
      }
    } else if (register.kind == Kind.MAP_VALUE && map != null) {
      switch (map.spec().type()) {
        case SOCKMAP, SOCKHASH -> register.kind = Kind.SOCKET;
        case XSKMAP -> register.kind = Kind.XDP_SOCK;
        default -> {}
      }
    }
  }

  private static boolean mayPointToLock(Register register) {
    MapShape map = register.map;
    return register.kind == Kind.MAP_VALUE
        && map != null
        && map.specialFields().has(SpecialFields.Kind.SPIN_LOCK);
  }
}
