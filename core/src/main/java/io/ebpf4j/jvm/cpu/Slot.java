package io.ebpf4j.jvm.cpu;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * A typed place in {@link Slots}, declared once as a static final by the subsystem that uses it.
 *
 * @param <T> what lies there
 */
public final class Slot<T> {
  private static final AtomicInteger COUNT = new AtomicInteger();

  final int index = COUNT.getAndIncrement();
  final Class<T> type;

  private Slot(Class<T> type) {
    this.type = type;
  }

  /** A new place for a {@code T}. */
  public static <T> Slot<T> of(Class<T> type) {
    return new Slot<>(type);
  }
}
