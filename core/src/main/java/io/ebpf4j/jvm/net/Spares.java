package io.ebpf4j.jvm.net;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;

/**
 * What is kept for the next run on a CPU. A run inside of a run gets another one. For the thread
 * that is on the CPU; {@link #close} when no thread is.
 *
 * @param <T> what is kept
 */
class Spares<T extends PacketBuffer> implements PacketBuffer {
  private final Supplier<T> maker;
  private final Deque<T> free = new ArrayDeque<>();

  Spares(Supplier<T> maker) {
    this.maker = maker;
  }

  /** One that nobody else has. */
  T take() {
    T spare = free.poll();
    return spare == null ? maker.get() : spare;
  }

  /** Keeps it for the next one. */
  void giveBack(T used) {
    free.push(used);
  }

  @Override
  public void close() {
    for (T spare : free) {
      spare.close();
    }
    free.clear();
  }
}
