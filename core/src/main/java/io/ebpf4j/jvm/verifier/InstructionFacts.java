package io.ebpf4j.jvm.verifier;

import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.map.JvmMap;
import org.jspecify.annotations.Nullable;

/**
 * What holds for an instruction on every way that reaches it.
 *
 * @param slot its slot
 * @param dead whether no way reaches it
 * @param base what a load or store goes through; null where it is none, or differs from way to way
 * @param map the map whose value or structure is accessed, or that a helper is called with; null
 *     where there is none or more than one
 * @param field the field of the context that is loaded or stored, or null
 * @param key the constant key of a lookup in an array, or {@link #NO_KEY}
 * @param jumps whether a conditional jump is taken on some way
 * @param fallsThrough whether it is not taken on some way
 */
public record InstructionFacts(
    int slot,
    boolean dead,
    @Nullable Pointer base,
    @Nullable JvmMap map,
    ContextLayout.@Nullable Field field,
    long key,
    boolean jumps,
    boolean fallsThrough) {
  /** No constant key. */
  public static final long NO_KEY = -1;

  /** What a load or store goes through. */
  public enum Pointer {
    /** The program's context. */
    CONTEXT,
    /** A stack of this run. */
    STACK,
    /** A value of a map. */
    MAP_VALUE,
    /** The key that a callback is given. */
    MAP_KEY,
    /** The structure of a map. */
    MAP,
    /** The packet. */
    PACKET,
    /** The metadata before the packet. */
    PACKET_META,
    /** Memory of a known size. */
    MEMORY,
    /** An object of the kernel. */
    KERNEL
  }
}
