package io.ebpf4j.jvm.map;

import io.ebpf4j.BpfMap.Batch;
import io.ebpf4j.BpfMap.Mapping;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.handle.Counted;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A map of the kernel in the JVM: what programs reach through helpers by raw addresses, and what
 * users reach through {@link io.ebpf4j.BpfMap} by segments.
 *
 * <p>A program knows a map by the address of its {@code struct bpf_map} in raw memory, laid out as
 * the kernel's BTF says.
 */
public abstract class JvmMap extends Counted {
  /** What the map is. */
  public abstract MapSpec spec();

  /** The kernel-wide id. */
  public abstract int id();

  /**
   * The address of the map's {@code struct bpf_map}: what a program holds as a pointer to the map.
   */
  public abstract long address();

  /** Where values lie that programs may point at: for the checked interpreter. */
  public abstract List<ValueArea> valueAreas();

  /** The address of the value for the key at an address, or 0; a map of maps: of the inner map. */
  public abstract long lookup(Cpu cpu, long key);

  /** Sets a value from raw memory; 0 or a negative errno. */
  public abstract long update(Cpu cpu, long key, long value, long flags);

  /** Deletes a key; 0 or a negative errno. */
  public abstract long delete(Cpu cpu, long key);

  // The user's side: as BpfMap says, with the same exceptions.

  /** Bytes of a value as the user sees it. */
  public abstract int userValueSize();

  /** Bytes held. */
  public abstract long memoryBytes();

  /** As {@link io.ebpf4j.BpfMap#frozen}. */
  public abstract boolean frozen();

  /** As {@link io.ebpf4j.BpfMap#lookup(MemorySegment, MemorySegment, long)}. */
  public abstract boolean lookup(MemorySegment key, MemorySegment value, long flags);

  /** As {@link io.ebpf4j.BpfMap#update(MemorySegment, MemorySegment, long)}. */
  public abstract void update(MemorySegment key, MemorySegment value, long flags);

  /** As {@link io.ebpf4j.BpfMap#delete}. */
  public abstract boolean delete(MemorySegment key);

  /** As {@link io.ebpf4j.BpfMap#lookupAndDelete}. */
  public abstract boolean lookupAndDelete(MemorySegment key, MemorySegment value, long flags);

  /** As {@link io.ebpf4j.BpfMap#nextKey}. */
  public abstract boolean nextKey(@Nullable MemorySegment key, MemorySegment next);

  /** As {@link io.ebpf4j.BpfMap#lookupBatch}. */
  public abstract Batch lookupBatch(
      @Nullable MemorySegment in,
      MemorySegment out,
      MemorySegment keys,
      MemorySegment values,
      int count,
      long flags);

  /** As {@link io.ebpf4j.BpfMap#updateBatch}. */
  public abstract Batch updateBatch(
      MemorySegment keys, MemorySegment values, int count, long flags);

  /** As {@link io.ebpf4j.BpfMap#freeze}. */
  public abstract void freeze();

  /** As {@link io.ebpf4j.BpfMap#mmap}. */
  public abstract Mapping mmap(long offset, long length, boolean writable);

  /**
   * Raw memory in which values lie.
   *
   * @param base address of the first value
   * @param count values, one every {@code stride} bytes
   * @param stride bytes from value to value
   * @param valueSize bytes of each value that a program may touch
   * @param writable whether programs may store
   * @param readable whether programs may load
   */
  public record ValueArea(
      long base, long count, int stride, int valueSize, boolean readable, boolean writable) {}
}
