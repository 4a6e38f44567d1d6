package io.ebpf4j.jvm.verifier;

import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.MapShape;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/** What the walk has found of each instruction, over all ways that came by it. */
final class FactTable {
  private final BitSet reached = new BitSet();
  private final Register.@Nullable Kind[] kinds;
  private final @Nullable JvmMap[] maps;
  private final boolean[] severalMaps;
  private final long[] keys;
  private final byte[] keyStates;
  private final ContextLayout.@Nullable Field[] fields;
  private final boolean[] severalFields;
  private final BitSet taken = new BitSet();
  private final BitSet notTaken = new BitSet();

  int readOnlyBufferEnd;
  int bufferEnd;

  FactTable(int size) {
    fields = new ContextLayout.@Nullable Field[size];
    severalFields = new boolean[size];
    kinds = new Register.@Nullable Kind[size];
    maps = new @Nullable JvmMap[size];
    severalMaps = new boolean[size];
    keys = new long[size];
    keyStates = new byte[size];
  }

  void reached(int slot) {
    reached.set(slot);
  }

  boolean isReached(int slot) {
    return reached.get(slot);
  }

  /** A field of the context is loaded or stored. */
  void field(int slot, ContextLayout.Field field) {
    severalFields[slot] |= fields[slot] != null && !field.equals(fields[slot]);
    fields[slot] = field;
  }

  /** Bytes of a buffer of the kernel's are used. */
  void buffer(boolean readOnly, int end) {
    if (readOnly) {
      readOnlyBufferEnd = Math.max(readOnlyBufferEnd, end);
    } else {
      bufferEnd = Math.max(bufferEnd, end);
    }
  }

  /** A memory access through a pointer; different kinds at one instruction give none. */
  void base(int slot, Register register) {
    Register.Kind before = kinds[slot];
    kinds[slot] =
        before == null || before == register.kind ? register.kind : Register.Kind.NOT_INITIALIZED;
    map(slot, register.map);
  }

  void map(int slot, @Nullable MapShape shape) {
    if (shape instanceof JvmMap map) {
      severalMaps[slot] |= maps[slot] != null && maps[slot] != map;
      maps[slot] = map;
    } else if (shape != null) {
      severalMaps[slot] = true;
    }
  }

  /** The key of a lookup, where it is constant. */
  void key(int slot, boolean constant, long key) {
    if (!constant || (keyStates[slot] == 1 && keys[slot] != key)) {
      keyStates[slot] = 2;
    } else if (keyStates[slot] == 0) {
      keyStates[slot] = 1;
      keys[slot] = key;
    }
  }

  void branch(int slot, boolean jumps) {
    (jumps ? taken : notTaken).set(slot);
  }

  InstructionFacts of(int slot) {
    Register.Kind kind = kinds[slot];
    return new InstructionFacts(
        slot,
        !reached.get(slot),
        kind == null || kind == Register.Kind.NOT_INITIALIZED ? null : pointer(kind),
        severalMaps[slot] ? null : maps[slot],
        severalFields[slot] ? null : fields[slot],
        keyStates[slot] == 1 ? keys[slot] : InstructionFacts.NO_KEY,
        taken.get(slot),
        notTaken.get(slot));
  }

  private static InstructionFacts.@Nullable Pointer pointer(Register.Kind kind) {
    return switch (kind) {
      case CONTEXT -> InstructionFacts.Pointer.CONTEXT;
      case STACK -> InstructionFacts.Pointer.STACK;
      case MAP_VALUE -> InstructionFacts.Pointer.MAP_VALUE;
      case MAP_KEY -> InstructionFacts.Pointer.MAP_KEY;
      case MAP -> InstructionFacts.Pointer.MAP;
      case PACKET -> InstructionFacts.Pointer.PACKET;
      case PACKET_META -> InstructionFacts.Pointer.PACKET_META;
      case MEMORY, BUFFER -> InstructionFacts.Pointer.MEMORY;
      case BTF -> InstructionFacts.Pointer.KERNEL;
      default -> null;
    };
  }
}
