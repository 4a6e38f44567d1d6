package io.ebpf4j.jvm.verifier;

import io.ebpf4j.isa.Isa;
import java.util.Arrays;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether all that a state may be was covered by an earlier one, from which every way has been
 * walked. Ids may differ where they relate registers alike.
 */
final class StateEquality {
  /** How alike two states must be. */
  enum Exactness {
    /** Numbers whose value never mattered may be anything. */
    LOOSE,
    /** Alike in all respects: the walk would go in circles. */
    EXACT,
    /** As loose, but every number lies in the earlier range. */
    WITHIN_RANGES
  }

  private static final int MAX_IDS = 2048;

  private final int[] liveRegisters;
  private final boolean uninitializedAllowed;
  private final BooleanSupplier exploresLimits;
  private final Register unknown = new Register();

  private int[] oldIds = new int[64];
  private int[] newIds = new int[64];
  private int idCount;
  private int temporaryIds;

  StateEquality(int[] liveRegisters, boolean uninitializedAllowed, BooleanSupplier exploresLimits) {
    this.exploresLimits = exploresLimits;
    this.liveRegisters = liveRegisters;
    this.uninitializedAllowed = uninitializedAllowed;
    unknown.setUnknown();
  }

  /**
   * Whether {@code now} is covered by {@code old}.
   *
   * @param lastId the last id that was given out
   */
  boolean covers(State old, State now, Exactness exactness, int lastId) {
    if (old.current != now.current || old.sleepable != now.sleepable) {
      return false;
    }
    // A guess that was walked says nothing about the way itself.
    if (old.speculative && !now.speculative) {
      return false;
    }
    idCount = 0;
    temporaryIds = lastId;
    if (!referencesMatch(old, now)) {
      return false;
    }
    for (int f = 0; f <= old.current; f++) {
      Frame before = old.frame(f);
      Frame after = now.frame(f);
      if (before.callSite != after.callSite
          || !framesMatch(before, after, liveRegisters[old.slotOf(f)], exactness)) {
        return false;
      }
    }
    return true;
  }

  private boolean framesMatch(Frame old, Frame now, int live, Exactness exactness) {
    if (old.callbackDepth > now.callbackDepth) {
      return false;
    }
    for (int i = 0; i < Isa.REGISTERS; i++) {
      if ((live >> i & 1) != 0 && !matches(old.registers[i], now.registers[i], exactness)) {
        return false;
      }
    }
    return stacksMatch(old, now, exactness);
  }

  private boolean matches(Register old, Register now, Exactness exactness) {
    if (exactness == Exactness.EXACT) {
      return sameExactly(old, now);
    }
    if (!old.isInitialized()) {
      return true;
    }
    if (old.kind != now.kind || old.flags != now.flags) {
      return false;
    }
    return switch (old.kind) {
      case SCALAR -> numberMatches(old, now, exactness);
      case MAP_KEY, MAP_VALUE, MEMORY, BUFFER ->
          samePointer(old, now)
              && withinRanges(old, now)
              && idsMatch(old.id, now.id)
              && idsMatch(old.reference, now.reference);
      case PACKET, PACKET_META ->
          old.extent <= now.extent
              && old.offset == now.offset
              && idsMatch(old.id, now.id)
              && withinRanges(old, now);
      case STACK -> sameExactly(old, now) && old.frame == now.frame;
      default -> sameExactly(old, now);
    };
  }

  private boolean numberMatches(Register old, Register now, Exactness exactness) {
    if (exploresLimits.getAsBoolean()) {
      return sameNumber(old, now) && scalarIdsMatch(old.id, now.id);
    }
    if (!old.precise && exactness == Exactness.LOOSE) {
      return true;
    }
    if (((old.id ^ now.id) & Register.PLUS_CONSTANT) != 0
        || ((old.id & Register.PLUS_CONSTANT) != 0 && old.offset != now.offset)) {
      return false;
    }
    return withinRanges(old, now) && scalarIdsMatch(old.id, now.id);
  }

  private static boolean withinRanges(Register old, Register now) {
    return Bounds.contains(old, now) && old.bits.contains(now.bits);
  }

  private static boolean samePointer(Register old, Register now) {
    return old.kind == now.kind
        && old.flags == now.flags
        && old.offset == now.offset
        && old.extent == now.extent
        && old.dynptr == now.dynptr
        && old.map == now.map
        && old.mapUid == now.mapUid
        && old.btf == now.btf
        && old.btfId == now.btfId;
  }

  private boolean sameExactly(Register old, Register now) {
    return sameNumber(old, now)
        && idsMatch(old.id, now.id)
        && idsMatch(old.reference, now.reference);
  }

  private static boolean sameNumber(Register old, Register now) {
    return samePointer(old, now)
        && old.bits.equals(now.bits)
        && old.smin == now.smin
        && old.smax == now.smax
        && old.umin == now.umin
        && old.umax == now.umax
        && old.s32min == now.s32min
        && old.s32max == now.s32max
        && old.u32min == now.u32min
        && old.u32max == now.u32max;
  }

  private boolean stacksMatch(Frame old, Frame now, Exactness exactness) {
    for (int i = 0; i < old.bytes.length; i++) {
      int slot = i / Frame.SLOT_BYTES;
      byte before = old.bytes[i];
      if (exactness == Exactness.EXACT && (i >= now.bytes.length || before != now.bytes[i])) {
        return false;
      }
      if (before == Frame.INVALID || (uninitializedAllowed && before == Frame.MISC)) {
        continue;
      }
      if (i >= now.bytes.length) {
        return false;
      }
      Register oldNumber = number(old, slot);
      Register newNumber = number(now, slot);
      if (oldNumber != null && newNumber != null) {
        if (!matches(oldNumber, newNumber, exactness)) {
          return false;
        }
        i += Frame.SLOT_BYTES - 1;
        continue;
      }
      if (before == Frame.MISC && now.bytes[i] == Frame.ZERO) {
        continue;
      }
      if (before != now.bytes[i]) {
        return false;
      }
      if (i % Frame.SLOT_BYTES == Frame.SLOT_BYTES - 1
          && !slotMatches(before, old.spill(slot), now.spill(slot), exactness)) {
        return false;
      }
    }
    return true;
  }

  private boolean slotMatches(byte type, Register old, Register now, Exactness exactness) {
    return switch (type) {
      case Frame.SPILL -> matches(old, now, exactness);
      // How many elements an iterator has given makes no difference.
      case Frame.ITERATOR ->
          old.btf == now.btf
              && old.btfId == now.btfId
              && old.drained == now.drained
              && idsMatch(old.reference, now.reference);
      case Frame.DYNPTR ->
          old.extent == now.extent
              && old.first == now.first
              && idsMatch(old.reference, now.reference);
      case Frame.IRQ_FLAGS -> idsMatch(old.reference, now.reference);
      default -> true;
    };
  }

  /** The number that a load of a whole slot gives, if it gives one. */
  private @Nullable Register number(Frame frame, int slot) {
    if (frame.isWholeScalar(slot)) {
      return frame.spill(slot);
    }
    for (int i = slot * Frame.SLOT_BYTES; i < (slot + 1) * Frame.SLOT_BYTES; i++) {
      boolean misc =
          frame.bytes[i] == Frame.MISC || (frame.bytes[i] == Frame.INVALID && uninitializedAllowed);
      if (!misc) {
        return null;
      }
    }
    return unknown;
  }

  private boolean referencesMatch(State old, State now) {
    if (old.references.length != now.references.length
        || old.preemptLocks != now.preemptLocks
        || old.rcuLocks != now.rcuLocks
        || old.locks != now.locks
        || !idsMatch(old.irqSection, now.irqSection)
        || !idsMatch(old.activeLockId, now.activeLockId)
        || old.activeLock != now.activeLock) {
      return false;
    }
    for (int i = 0; i < old.references.length; i++) {
      if (old.references[i].kind() != now.references[i].kind()
          || !idsMatch(old.references[i].id(), now.references[i].id())) {
        return false;
      }
    }
    return true;
  }

  private boolean scalarIdsMatch(int old, int now) {
    return idsMatch(old != 0 ? old : ++temporaryIds, now != 0 ? now : ++temporaryIds);
  }

  private boolean idsMatch(int old, int now) {
    if ((old != 0) != (now != 0)) {
      return false;
    }
    if (old == 0) {
      return true;
    }
    for (int i = 0; i < idCount; i++) {
      if (oldIds[i] == old) {
        return newIds[i] == now;
      }
      if (newIds[i] == now) {
        return false;
      }
    }
    if (idCount == MAX_IDS) {
      return false;
    }
    if (idCount == oldIds.length) {
      oldIds = Arrays.copyOf(oldIds, 2 * idCount);
      newIds = Arrays.copyOf(newIds, 2 * idCount);
    }
    oldIds[idCount] = old;
    newIds[idCount++] = now;
    return true;
  }
}
