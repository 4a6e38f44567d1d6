package io.ebpf4j.jvm.verifier;

import io.ebpf4j.jvm.verifier.Register.Kind;
import org.jspecify.annotations.Nullable;

/**
 * The kinds of pointers that each load or store has used: a load of a context field is rewritten
 * when the program is loaded, so no other way may come there with another kind of pointer.
 */
final class PointerUse {
  private final @Nullable Kind[] kinds;

  PointerUse(int size) {
    kinds = new @Nullable Kind[size];
  }

  void note(int slot, Kind kind) {
    Kind before = kinds[slot];
    if (before == null) {
      kinds[slot] = kind;
    } else if (before != kind && (isRewritten(before) || isRewritten(kind))) {
      throw Rejection.invalid("same insn cannot be used with different pointers");
    }
  }

  private static boolean isRewritten(Kind kind) {
    return switch (kind) {
      case CONTEXT, BTF, SOCKET, SOCK_COMMON, TCP_SOCK, XDP_SOCK -> true;
      default -> false;
    };
  }
}
