package io.ebpf4j.jvm.cpu;

import java.util.Arrays;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** State of subsystems that this package does not know, each in its {@link Slot}. */
public final class Slots {
  private volatile @Nullable Object[] values = new @Nullable Object[8];

  /** Slots with nothing in them. */
  public Slots() {}

  /**
   * What lies in the slot.
   *
   * @throws IllegalStateException where its subsystem has put nothing there
   */
  @SuppressWarnings("unchecked") // set takes a T; Class.cast would cost helpers nanoseconds.
  public <T> T get(Slot<T> slot) {
    @Nullable Object[] all = values;
    Object value = slot.index < all.length ? all[slot.index] : null;
    if (value == null) {
      throw missing(slot);
    }
    return (T) value;
  }

  private static IllegalStateException missing(Slot<?> slot) {
    return new IllegalStateException(slot.type.getSimpleName() + " is not part of this kernel");
  }

  /** What lies in the slot, or null. */
  public <T> @Nullable T find(Slot<T> slot) {
    @Nullable Object[] all = values;
    Object value = slot.index < all.length ? all[slot.index] : null;
    return value == null ? null : slot.type.cast(value);
  }

  /** What lies in the slot; where there is nothing, what {@code make} gives, from now on. */
  public <T> T getOrSet(Slot<T> slot, Supplier<T> make) {
    @Nullable Object[] all = values;
    Object value = slot.index < all.length ? all[slot.index] : null;
    if (value == null) {
      T made = make.get();
      set(slot, made);
      return made;
    }
    return slot.type.cast(value);
  }

  /** Puts it there: when the kernel is put together, before programs run. */
  public synchronized <T> void set(Slot<T> slot, T value) {
    @Nullable Object[] all = Arrays.copyOf(values, Math.max(values.length, slot.index + 1));
    all[slot.index] = value;
    values = all;
  }
}
