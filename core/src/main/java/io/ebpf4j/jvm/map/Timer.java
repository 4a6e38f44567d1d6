package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Activation.BoundFunction;
import io.ebpf4j.jvm.cpu.Clock;
import io.ebpf4j.jvm.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * A {@code bpf_timer} or {@code bpf_wq} that was initialised. All of it is guarded by its {@link
 * Timers}.
 */
final class Timer {
  final JvmMap map;
  final long value;

  /** The address of its {@code bpf_timer} or {@code bpf_wq}. */
  final long field;

  final Base base;
  @Nullable BoundFunction callback;

  /** Where and when it fires next; not queued: {@code cpu} is null. */
  @Nullable Cpu cpu;

  long dueNanos;
  long order;

  Timer(JvmMap map, long value, long field, Base base) {
    this.map = map;
    this.value = value;
    this.field = field;
    this.base = base;
  }

  /** The clock that absolute times are of. */
  enum Base {
    REALTIME,
    MONOTONIC,
    BOOTTIME;

    long now(Clock clock) {
      return switch (this) {
        case REALTIME -> clock.taiNanos();
        case MONOTONIC -> clock.monotonicNanos();
        case BOOTTIME -> clock.bootNanos();
      };
    }
  }
}
