package io.ebpf4j.bench;

import io.ebpf4j.BpfMap;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.RingReader;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.linux.LinuxKernel;
import io.ebpf4j.object.ObjectFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** Records of 16 bytes from a program on one thread to a reader on another, each second. */
public final class RingBenchmark {
  private static final int SECONDS = 3;
  private static final int REPEAT = 10_000;

  private RingBenchmark() {}

  /**
   * Measures.
   *
   * @param arguments the object {@code maps.bpf.o}, and the kernels: {@code jvm}, {@code linux}
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    byte[] object = Files.readAllBytes(Path.of(arguments[0]));
    for (int i = 1; i < arguments.length; i++) {
      try (Kernel kernel = arguments[i].equals("linux") ? LinuxKernel.open() : JvmKernel.create()) {
        measure(kernel, object);
        System.out.printf(
            "%s: %.1f million records a second%n", arguments[i], measure(kernel, object) / 1e6);
      }
    }
  }

  private static double measure(Kernel kernel, byte[] bytes) throws InterruptedException {
    ObjectFile file = ObjectFile.parse("maps.bpf.o", bytes);
    file.programs().keySet().stream().filter(p -> !p.equals("ring_submit")).forEach(file::omit);
    AtomicBoolean ended = new AtomicBoolean();
    AtomicLong read = new AtomicLong();
    try (BpfObject object = kernel.load(file)) {
      BpfMap ring = object.map("ring");
      Thread reader = Thread.ofPlatform().start(() -> count(kernel, ring, ended, read));
      TestRun run = TestRun.of(new byte[64]).withRepeat(REPEAT);
      long start = System.nanoTime();
      while (System.nanoTime() - start < SECONDS * 1_000_000_000L) {
        object.program("ring_submit").testRun(run);
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      ended.set(true);
      reader.join();
      return read.get() / seconds;
    }
  }

  private static void count(Kernel kernel, BpfMap ring, AtomicBoolean ended, AtomicLong read) {
    long[] sum = new long[1];
    try (RingReader reader = kernel.ringReader(ring)) {
      while (!ended.get()) {
        int passed =
            reader.read(record -> sum[0] += record.byteSize(), 1 << 16, Duration.ofMillis(1));
        read.addAndGet(passed);
      }
    }
  }
}
