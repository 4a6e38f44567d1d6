package io.ebpf4j.jvm.compiler;

import static io.ebpf4j.isa.Isa.*;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.compiler.Functions.Function;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * A function in parts that HotSpot compiles: it interprets methods above 8,000 bytes for good. A
 * part is a range of slots and becomes a method. Where it can be, cuts are made where no loop is
 * cut through: then parts only call later parts. A jump back into an earlier part returns to the
 * function's own method, which goes on there.
 */
final class Parts {
  /** Bytes of a jump inside a part, and of leaving for a later or an earlier one. */
  private static final int JUMP = 12;

  private static final int EXIT = 36;
  private static final int EXIT_BACK = 100;

  private final List<Instruction> instructions;
  private final IntPredicate reached;
  private final Function function;
  private final int maxBytes;
  private final int[] cutLoops;
  private final List<Part> parts = new ArrayList<>();

  /** Bytes that a jump is taken to become: {@link #JUMP}, or more to make room for exits. */
  private int jumpBytes = JUMP;

  /**
   * A part.
   *
   * @param start its first slot
   * @param end the slot behind its last
   * @param entries slots in it that other parts go to, in order; the function's first among them
   */
  record Part(int start, int end, List<Integer> entries) {
    boolean holds(int slot) {
      return slot >= start && slot < end;
    }
  }

  private Parts(
      List<Instruction> instructions, IntPredicate reached, Function function, int maxBytes) {
    this.instructions = instructions;
    this.reached = reached;
    this.function = function;
    this.maxBytes = maxBytes;
    this.cutLoops = new int[function.end() - function.start() + 1];
  }

  /**
   * Divides a function; one part where it is short.
   *
   * @param maxBytes bytes of a part's method
   */
  static Parts of(
      List<Instruction> instructions, IntPredicate reached, Function function, int maxBytes) {
    Parts parts = new Parts(instructions, reached, function, maxBytes);
    parts.countLoops();
    parts.divide();
    while (parts.overflow() && parts.jumpBytes < JUMP + EXIT_BACK) {
      parts.parts.clear();
      parts.jumpBytes += EXIT / 2;
      parts.divide();
    }
    return parts;
  }

  /** Whether a part is too long with its exits, which are known only when the cuts are. */
  private boolean overflow() {
    return parts.size() > 1 && parts.stream().anyMatch(part -> bytes(part) > maxBytes);
  }

  private int bytes(Part part) {
    int bytes = 0;
    BitSet left = new BitSet();
    for (int slot = part.start(); slot < part.end(); slot++) {
      Instruction i = instructions.get(slot);
      int target = Functions.target(i, slot);
      if (reached.test(slot)) {
        bytes += estimate(i, JUMP);
        if (target >= 0 && !part.holds(target)) {
          left.set(target);
        }
      }
      if (i.isWide()) {
        slot++;
      }
    }
    int back = left.get(0, part.start()).cardinality();
    return bytes + back * EXIT_BACK + (1 + left.cardinality() - back) * EXIT;
  }

  /** The parts in the order of their slots. */
  List<Part> all() {
    return parts;
  }

  /** The part that holds a slot. */
  Part holding(int slot) {
    return parts.get(indexOf(slot));
  }

  /** The number of the part that holds a slot. */
  int indexOf(int slot) {
    for (int i = 0; i < parts.size(); i++) {
      if (parts.get(i).holds(slot)) {
        return i;
      }
    }
    throw new IllegalStateException("slot " + slot + " is in no part");
  }

  /** Whether a jump from a slot leads back into an earlier part. */
  boolean leadsBack(int from, int target) {
    return indexOf(target) < indexOf(from);
  }

  /** Slots that jumps from later parts lead back to, in order. */
  List<Integer> returns() {
    BitSet returns = new BitSet();
    forEachJump((slot, target) -> {
      if (leadsBack(slot, target)) {
        returns.set(target);
      }
    });
    return returns.stream().boxed().toList();
  }

  /** For each slot: how many jumps back would be cut by a cut before it. */
  private void countLoops() {
    forEachJump((slot, target) -> {
      if (target <= slot) {
        for (int cut = target + 1; cut <= slot; cut++) {
          cutLoops[cut - function.start()]++;
        }
      }
    });
  }

  private void divide() {
    List<Integer> cuts = new ArrayList<>();
    int start = function.start();
    int bytes = 0;
    int best = -1;
    for (int slot = start; slot < function.end(); slot++) {
      Instruction i = instructions.get(slot);
      int size = reached.test(slot) ? estimate(i, jumpBytes) : 0;
      if (bytes > maxBytes / 2 && (best < 0 || loops(slot) <= loops(best))) {
        best = slot;
      }
      if (bytes + size > maxBytes && slot > start) {
        int cut = best > start ? best : slot;
        cuts.add(cut);
        start = cut;
        slot = cut - 1;
        bytes = 0;
        best = -1;
        continue;
      }
      bytes += size;
      if (i.isWide()) {
        slot++;
      }
    }
    cuts.add(function.end());
    int from = function.start();
    for (int cut : cuts) {
      parts.add(new Part(from, cut, new ArrayList<>()));
      from = cut;
    }
    findEntries();
  }

  private void findEntries() {
    BitSet entries = new BitSet();
    entries.set(function.start());
    for (Part part : parts) {
      entries.set(part.start());
    }
    forEachJump((slot, target) -> {
      if (!holding(slot).holds(target)) {
        entries.set(target);
      }
    });
    entries.stream().forEach(slot -> holding(slot).entries().add(slot));
  }

  private int loops(int slot) {
    return cutLoops[slot - function.start()];
  }

  private void forEachJump(JumpVisitor visitor) {
    for (int slot = function.start(); slot < function.end(); slot++) {
      Instruction i = instructions.get(slot);
      int target = Functions.target(i, slot);
      if (target >= 0 && reached.test(slot) && reached.test(target)) {
        visitor.visit(slot, target);
      }
      if (i.isWide()) {
        slot++;
      }
    }
  }

  /** Gets each jump and where it leads. */
  private interface JumpVisitor {
    void visit(int slot, int target);
  }

  /** Bytes that an instruction becomes, at most, without exits that its jumps need. */
  private static int estimate(Instruction i, int jumpBytes) {
    return switch (i.instructionClass()) {
      case BPF_ALU64 -> 10;
      case BPF_ALU -> 16;
      case BPF_LD -> i.isWide() ? 6 : 40;
      case BPF_LDX -> 22;
      case BPF_ST -> 20;
      case BPF_STX -> (i.opcode() & 0xe0) == BPF_ATOMIC ? 26 : 20;
      default -> (i.opcode() & 0xf0) == BPF_CALL ? 90 : jumpBytes;
    };
  }
}
