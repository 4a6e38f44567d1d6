package io.ebpf4j.cli;

import org.jspecify.annotations.Nullable;

/** Something in which two kernels answered differently. */
sealed interface Difference {
  /** The load: {@code loaded}, or the error and its sentence. */
  record Load(String jvm, String linux) implements Difference {}

  /**
   * What a packet came to.
   *
   * @param packet its number in the input, from 1
   * @param what {@code verdict}, {@code bytes}, {@code context} or {@code outcome}, which is {@code
   *     ran}, {@code refused: ERRNO} or {@code stopped: SENTENCE}
   * @param offset the first byte that differs, or -1 where it is not bytes
   */
  record Packet(long packet, String what, int offset, String jvm, String linux)
      implements Difference {}

  /**
   * An element of a map.
   *
   * @param map the map's name in the object
   * @param key the key, by its type where it has one
   * @param keyBytes the key as it lies in memory
   * @param variable the global variable, or empty where the map is no section of such
   * @param cpu the CPU of the value, or -1 where it is not per CPU
   * @param jvm the value there
   * @param linux the value there
   */
  @SuppressWarnings("ArrayRecordComponent") // Shown, and never compared.
  record Element(
      String map, String key, byte[] keyBytes, String variable, int cpu, Side jvm, Side linux)
      implements Difference {}

  /**
   * A value on one kernel.
   *
   * @param text by its type, or what stands in its place: {@code no element}, or an error
   * @param bytes as it lies in memory, or null where there is none
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Side(String text, byte @Nullable [] bytes) {}
}
