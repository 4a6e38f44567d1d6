package io.ebpf4j.jvm.verifier;

import io.ebpf4j.isa.Isa;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The registers and the stack of one function on the way. A byte of the stack is counted down from
 * the frame pointer: byte 0 is at {@code r10 - 1}, and slot {@code n} has bytes {@code 8n} to
 * {@code 8n + 7}.
 */
final class Frame {
  static final int SLOT_BYTES = 8;

  // What a byte of the stack is.
  static final byte INVALID = 0;
  static final byte SPILL = 1;
  static final byte MISC = 2;
  static final byte ZERO = 3;
  static final byte DYNPTR = 4;
  static final byte ITERATOR = 5;
  static final byte IRQ_FLAGS = 6;

  private static final byte[] NO_BYTES = new byte[0];
  private static final @Nullable Register[] NO_SPILLS = new @Nullable Register[0];

  final Register[] registers = new Register[Isa.REGISTERS];
  final int callSite;
  final int number;
  final int subProgram;
  byte[] bytes = NO_BYTES;
  @Nullable Register[] spills = NO_SPILLS;

  int asyncEntries;
  boolean inCallback;
  boolean inAsyncCallback;
  int callbackDepth;

  /** What a callback may return. */
  int returnMin;

  int returnMax;

  /**
   * A frame.
   *
   * @param callSite the slot of the call, or -1 for the first function
   */
  Frame(int callSite, int number, int subProgram) {
    this.callSite = callSite;
    this.number = number;
    this.subProgram = subProgram;
    for (int i = 0; i < registers.length; i++) {
      registers[i] = new Register();
    }
  }

  Frame copy() {
    Frame copy = new Frame(this);
    copy.asyncEntries = asyncEntries;
    copy.inCallback = inCallback;
    copy.inAsyncCallback = inAsyncCallback;
    copy.callbackDepth = callbackDepth;
    copy.returnMin = returnMin;
    copy.returnMax = returnMax;
    return copy;
  }

  private Frame(Frame from) {
    callSite = from.callSite;
    number = from.number;
    subProgram = from.subProgram;
    for (int i = 0; i < registers.length; i++) {
      registers[i] = from.registers[i].copy();
    }
    bytes = from.bytes.clone();
    spills = from.spills.clone();
    for (int i = 0; i < spills.length; i++) {
      Register spill = spills[i];
      spills[i] = spill == null ? null : spill.copy();
    }
  }

  int slots() {
    return spills.length;
  }

  /** Makes room down to {@code bytes} below the frame pointer. */
  void grow(int wanted) {
    int slots = (wanted + SLOT_BYTES - 1) / SLOT_BYTES;
    if (slots > spills.length) {
      bytes = Arrays.copyOf(bytes, slots * SLOT_BYTES);
      spills = Arrays.copyOf(spills, slots);
    }
  }

  /** The register that lies in a slot; only where a byte of it is {@link #SPILL}. */
  Register spill(int slot) {
    Register spill = spills[slot];
    if (spill == null) {
      spill = new Register();
      spills[slot] = spill;
    }
    return spill;
  }

  /** Whether the slot holds a spilled register, of whatever width. */
  boolean isSpilled(int slot) {
    return bytes[slot * SLOT_BYTES + SLOT_BYTES - 1] == SPILL;
  }

  /** Whether the slot holds a spilled register, or an object of the kernel. */
  boolean isSpecial(int slot) {
    return switch (bytes[slot * SLOT_BYTES + SLOT_BYTES - 1]) {
      case SPILL, DYNPTR, ITERATOR, IRQ_FLAGS -> true;
      default -> false;
    };
  }

  boolean isSpilledScalar(int slot) {
    return isSpilled(slot) && spill(slot).isScalar();
  }

  /** Whether the slot holds a number in all of its bytes. */
  boolean isWholeScalar(int slot) {
    return bytes[slot * SLOT_BYTES] == SPILL && spill(slot).isScalar();
  }

  void clearSlot(int slot) {
    spills[slot] = null;
    Arrays.fill(bytes, slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES, INVALID);
  }
}
