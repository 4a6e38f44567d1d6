package io.ebpf4j.jvm.map;

import io.ebpf4j.BpfMap.Mapping;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/** A view of a map's memory that holds the map until it is closed. Thread safe. */
final class MemoryMapping implements Mapping {
  private final JvmMap map;
  private final boolean writable;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment segment;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Takes over one hold of the map. */
  @SuppressWarnings("restricted") // The address is the map's own and stays while it is held.
  MemoryMapping(JvmMap map, MemorySegment values, boolean writable) {
    this.map = map;
    this.writable = writable;
    // The same memory, but with a life of its own: the hold keeps it allocated until close.
    MemorySegment view =
        MemorySegment.ofAddress(values.address()).reinterpret(values.byteSize(), arena, null);
    this.segment = writable ? view : view.asReadOnly();
  }

  @Override
  public MemorySegment segment() {
    return segment;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      arena.close();
      map.unmapped(writable);
    }
  }
}
