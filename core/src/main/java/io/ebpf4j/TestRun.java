package io.ebpf4j;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The input of a test run. The {@code with} methods give changed copies.
 *
 * @param data the packet; empty for types without one
 * @param context the context as the user sees it ({@code struct xdp_md}, {@code __sk_buff},
 *     arguments), or null for the type's own
 * @param repeat how often to run, 0 meaning once
 * @param cpu the CPU to run on, or -1 for any
 * @param flags {@link #ON_CPU} and others
 * @param dataOutSize room for the packet afterwards, or -1 for all of it
 * @param batchSize frames in a batch of BPF_F_TEST_XDP_LIVE_FRAMES, 0 for the kernel's choice
 */
@SuppressWarnings("ArrayRecordComponent") // Packets are bytes; equality of runs is not asked for.
public record TestRun(
    byte[] data,
    byte @Nullable [] context,
    int repeat,
    int cpu,
    int flags,
    int dataOutSize,
    int batchSize) {
  /** BPF_F_TEST_RUN_ON_CPU. */
  public static final int ON_CPU = 1;

  /** BPF_F_TEST_XDP_LIVE_FRAMES. */
  public static final int LIVE_FRAMES = 1 << 1;

  /** Checks that there is data, empty at least. */
  public TestRun {
    Objects.requireNonNull(data);
  }

  /** One run over a packet. */
  public static TestRun of(byte[] data) {
    return new TestRun(data, null, 1, -1, 0, -1, 0);
  }

  /** A run without a packet, over a context. */
  public static TestRun ofContext(byte[] context) {
    return new TestRun(new byte[0], context, 0, -1, 0, -1, 0);
  }

  /** This run with a context. */
  public TestRun withContext(byte @Nullable [] newContext) {
    return new TestRun(data, newContext, repeat, cpu, flags, dataOutSize, batchSize);
  }

  /** This run repeated. */
  public TestRun withRepeat(int times) {
    return new TestRun(data, context, times, cpu, flags, dataOutSize, batchSize);
  }

  /** This run on one CPU. */
  public TestRun withCpu(int number) {
    return new TestRun(data, context, repeat, number, flags, dataOutSize, batchSize);
  }

  /** This run with flags. */
  public TestRun withFlags(int newFlags) {
    return new TestRun(data, context, repeat, cpu, newFlags, dataOutSize, batchSize);
  }

  /**
   * This run of XDP with frames that go where the program sends them, as if the device of {@link
   * #context} (the loopback device where there is none) had received them; none come back.
   *
   * @param batch frames at a time, at most 256, 0 for the kernel's choice
   */
  public TestRun withLiveFrames(int batch) {
    return withFlags(flags | LIVE_FRAMES).withBatchSize(batch);
  }

  /** This run with room for that many bytes of packet afterwards. */
  public TestRun withDataOutSize(int bytes) {
    return new TestRun(data, context, repeat, cpu, flags, bytes, batchSize);
  }

  /** This run in batches of that many frames. */
  public TestRun withBatchSize(int frames) {
    return new TestRun(data, context, repeat, cpu, flags, dataOutSize, frames);
  }

  /**
   * What came out.
   *
   * @param returnValue the verdict, as bpf(2) gives it (32 bits)
   * @param data the packet after the run
   * @param context the context after the run, empty for types without one
   * @param meanNanos mean duration of a run
   */
  public record Result(int returnValue, byte[] data, byte[] context, long meanNanos) {}
}
