package io.ebpf4j.bench;

import io.ebpf4j.BpfObject;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.object.ObjectFile;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * The stall when a program takes a path that is new after warm-up: HotSpot throws its code away and
 * compiles it again. Test runs of {@code xdp_count.bpf.o} over IPv4 alone, then the first of IPv6,
 * each by the CPU time of the calling thread.
 */
public final class NewPath {
  private static final int WARM_UP_RUNS = 3_000_000;
  private static final int RUNS = 200_000;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private NewPath() {}

  /**
   * Measures.
   *
   * @param arguments the object
   */
  public static void main(String[] arguments) throws IOException {
    try (JvmKernel kernel = JvmKernel.builder().verified(true).build();
        BpfObject object = kernel.load(ObjectFile.read(Path.of(arguments[0])))) {
      Program program = object.program("count");
      TestRun known = TestRun.of(packet(0x0800, 0x45));
      for (int i = 0; i < WARM_UP_RUNS; i++) {
        program.testRun(known);
      }
      long[] before = nanos(program, known);
      long[] after = nanos(program, TestRun.of(packet(0x86dd, 0x60)));
      long usual = median(before);
      System.out.printf(
          Locale.ROOT,
          "known path: median %d ns; new path: first run %.1f us, all runs above ten times the"
              + " median together %.1f us, median %d ns%n",
          usual,
          after[0] / 1e3,
          Arrays.stream(after).filter(nanos -> nanos > 10 * usual).sum() / 1e3,
          median(after));
    }
  }

  private static long[] nanos(Program program, TestRun input) {
    long[] nanos = new long[RUNS];
    for (int i = 0; i < RUNS; i++) {
      long start = THREADS.getCurrentThreadCpuTime();
      program.testRun(input);
      nanos[i] = THREADS.getCurrentThreadCpuTime() - start;
    }
    return nanos;
  }

  private static long median(long[] times) {
    long[] sorted = times.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static byte[] packet(int type, int version) {
    byte[] packet = new byte[64];
    packet[12] = (byte) (type >> Byte.SIZE);
    packet[13] = (byte) type;
    packet[14] = (byte) version;
    packet[20] = 17;
    packet[23] = 17;
    return packet;
  }
}
