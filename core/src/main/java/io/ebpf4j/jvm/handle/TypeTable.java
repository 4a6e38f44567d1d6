package io.ebpf4j.jvm.handle;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.jvm.cpu.Slot;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The types of maps and programs by their kernel-wide id. Each map and each program has an id of
 * its own; 1 is that of the kernel's types. Thread safe.
 */
public final class TypeTable {
  /** Where the kernel's table is found. */
  public static final Slot<TypeTable> SLOT = Slot.of(TypeTable.class);

  private final AtomicInteger last = new AtomicInteger(1);
  private final Map<Integer, Btf> types = new ConcurrentHashMap<>();

  /** Lists types and gives their id, or 0 for none. */
  public int add(@Nullable Btf added) {
    if (added == null) {
      return 0;
    }
    int id = last.incrementAndGet();
    types.put(id, added);
    return id;
  }

  /** Forgets the types with that id. */
  public void remove(int id) {
    types.remove(id);
  }
}
