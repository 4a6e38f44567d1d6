package io.ebpf4j.bench;

import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.linux.LinuxKernel;
import io.ebpf4j.object.ObjectFile;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Task storage from programs, on both kernels by turns and by CPU time: the same object, 1,000
 * turns in a run, an empty run taken off. Prints a table.
 */
public final class StorageTable {
  private static final List<String> PROGRAMS = List.of("get", "cycle", "cached", "shared");
  private static final int BATCHES = 15;
  private static final int WARM_UP_BATCHES = 10;
  private static final int RUNS = 300;
  private static final double TURNS = 1000;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private StorageTable() {}

  /** Measures. The argument is the object, where it is not run at the root of the checkout. */
  public static void main(String[] arguments) throws IOException {
    Path file = Path.of(arguments.length > 0 ? arguments[0] : "bench/src/main/bpf/storage.bpf.o");
    System.out.println("| program | JVM, ns | Linux, ns | ratio |");
    System.out.println("| --- | --- | --- | --- |");
    for (String name : PROGRAMS) {
      try (Kernel jvm = JvmKernel.builder().cpus(2).build();
          Kernel linux = LinuxKernel.open();
          BpfObject here = jvm.load(ObjectFile.read(file));
          BpfObject there = linux.load(ObjectFile.read(file))) {
        if (name.equals("cached") || name.equals("shared")) {
          nanos(here.program("fill"), 1);
          nanos(there.program("fill"), 1);
        }
        double jvmNanos = measure(here, name);
        double linuxNanos = measure(there, name);
        System.out.printf(
            Locale.ROOT,
            "| %s | %.2f | %.2f | %.2f |%n",
            name,
            jvmNanos,
            linuxNanos,
            jvmNanos / linuxNanos);
      }
    }
  }

  private static double measure(BpfObject object, String name) {
    double[] nanos = new double[BATCHES];
    for (int batch = -WARM_UP_BATCHES; batch < BATCHES; batch++) {
      double taken = nanos(object.program(name), RUNS) - nanos(object.program("empty"), RUNS);
      if (batch >= 0) {
        nanos[batch] = taken / TURNS;
      }
    }
    Arrays.sort(nanos);
    return nanos[BATCHES / 4];
  }

  private static double nanos(Program program, int runs) {
    TestRun run = TestRun.of(new byte[0]).withRepeat(0).withContext(new byte[8]);
    long start = THREADS.getCurrentThreadCpuTime();
    for (int i = 0; i < runs; i++) {
      program.testRun(run);
    }
    return (THREADS.getCurrentThreadCpuTime() - start) / (double) runs;
  }
}
