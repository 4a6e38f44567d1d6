package io.ebpf4j.jvm.cpu;

import java.time.Instant;

/** The time of a kernel. A fixed one makes runs repeatable. Thread safe. */
public interface Clock {
  /** CLOCK_MONOTONIC in nanoseconds: since some start, without the time asleep. */
  long monotonicNanos();

  /** CLOCK_BOOTTIME in nanoseconds: since some start, with the time asleep. */
  long bootNanos();

  /** CLOCK_TAI in nanoseconds since the epoch. */
  long taiNanos();

  /** The host's time. */
  static Clock system() {
    return new Clock() {
      @Override
      public long monotonicNanos() {
        return System.nanoTime();
      }

      @Override
      public long bootNanos() {
        return System.nanoTime();
      }

      @Override
      public long taiNanos() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
      }
    };
  }

  /** A clock that stands at {@code nanos}. */
  static Clock fixed(long nanos) {
    return new Clock() {
      @Override
      public long monotonicNanos() {
        return nanos;
      }

      @Override
      public long bootNanos() {
        return nanos;
      }

      @Override
      public long taiNanos() {
        return nanos;
      }
    };
  }
}
