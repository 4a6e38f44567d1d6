package io.ebpf4j.isa;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;

/**
 * What the {@link Assembler} made of a text: its slots, and the names in it that only a caller can
 * resolve. The immediate of a slot with a reference is zero until {@link #link} has set it.
 *
 * @param instructions the program's slots
 * @param references in the order of their slots, at most one a slot
 */
public record Assembly(List<Instruction> instructions, List<Reference> references) {
  /** Copies both lists. */
  public Assembly {
    instructions = List.copyOf(instructions);
    references = List.copyOf(references);
  }

  /**
   * A name that stands for the number in a slot's immediate.
   *
   * @param slot the call, or the first slot of the 64-bit immediate load
   * @param kind what the name names
   * @param name as written
   */
  public record Reference(int slot, Kind kind, String name) {}

  /** What a {@link Reference} names; the immediate is the number in parentheses. */
  public enum Kind {
    /** A helper (its number). */
    HELPER,
    /** A kernel function (its BTF type id). */
    KERNEL_FUNCTION,
    /** A map (its file descriptor). */
    MAP,
    /** A place in a map's value (the map's file descriptor); the second slot has the offset. */
    MAP_VALUE,
    /** A variable or function in the kernel's BTF (its BTF id). */
    BTF
  }

  /**
   * The slots with every reference's immediate set.
   *
   * @param numbers the number of each reference; what it throws for a name that it does not know
   *     goes to the caller
   */
  public List<Instruction> link(ToIntFunction<Reference> numbers) {
    List<Instruction> linked = new ArrayList<>(instructions);
    for (Reference reference : references) {
      int slot = reference.slot();
      linked.set(slot, linked.get(slot).withImm(numbers.applyAsInt(reference)));
    }
    return List.copyOf(linked);
  }
}
