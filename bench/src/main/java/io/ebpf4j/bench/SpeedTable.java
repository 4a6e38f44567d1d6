package io.ebpf4j.bench;

import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.linux.LinuxKernel;
import io.ebpf4j.object.ObjectFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/**
 * Compares the programs of {@code speed.bpf.o} with Linux: BPF_PROG_TEST_RUN of the same object and
 * packet on the same machine, by turns in one run, in several JVMs one after another. Needs root.
 * Prints the table of {@code docs/performance.md}.
 */
public final class SpeedTable {
  private static final int FORKS = 3;
  private static final int BATCHES = 12;
  private static final int WARM_UP_BATCHES = 8;
  private static final long BATCH_NANOS = 50_000_000;
  private static final byte[] PACKET =
      HexFormat.of()
          .parseHex(
              "020000000001020000000002080045000032000000004011"
                  + "f6c7c0000201c0000202"
                  + "30390035001e0000"
                  + "00".repeat(22));

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private SpeedTable() {}

  /** A row: the program in the object, what it does, and how much of Linux's time it may take. */
  private record Row(String program, String what, double goal) {}

  private static final List<Row> ROWS =
      List.of(
          new Row("empty", "nothing", 0.2),
          new Row("count_both", "parse Ethernet/IP, count in ARRAY (atomic) and PERCPU_ARRAY", 0.3),
          new Row("count_per_cpu", "parse and count per CPU only", 0.25),
          new Row("byte_hash", "6,000-step byte hash over the packet", 1.0),
          new Row("lookups", "64 lookups in an ARRAY with computed keys", 0.7),
          new Row("link0", "a chain of 10 tail calls", 1.0),
          new Row("loop", "bpf_loop of 1,000", 1.0),
          new Row("calls", "four functions deep", 1.0));

  /**
   * Measures.
   *
   * @param arguments the object; and {@code fork} in the JVMs that measure
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Path object = Path.of(arguments[0]);
    if (arguments.length > 1) {
      measure(object);
      return;
    }
    List<List<double[]>> forks = new ArrayList<>();
    for (int i = 0; i < FORKS; i++) {
      forks.add(fork(object));
    }
    print(forks);
  }

  private static void print(List<List<double[]>> forks) {
    System.out.println("| program | JVM, ns | Linux, ns | JVM / Linux | goal |");
    System.out.println("| --- | --- | --- | --- | --- |");
    for (int row = 0; row < ROWS.size(); row++) {
      int number = row;
      double jvm = median(forks.stream().mapToDouble(fork -> fork.get(number)[0]).toArray());
      double linux = median(forks.stream().mapToDouble(fork -> fork.get(number)[1]).toArray());
      System.out.printf(
          Locale.ROOT,
          "| %s | %.2f | %.2f | %.2f | %.2f |%n",
          ROWS.get(row).what(),
          jvm,
          linux,
          jvm / linux,
          ROWS.get(row).goal());
    }
    System.out.printf(
        Locale.ROOT,
        "%nTwo CPUs count per CPU %.2f times as much as one.%n",
        median(forks.stream().mapToDouble(fork -> fork.get(ROWS.size())[0]).toArray()));
  }

  private static List<double[]> fork(Path object) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(SpeedTable.class.getName(), object.toString(), "fork"));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    List<double[]> rows = new ArrayList<>();
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] numbers = line.split(" ", -1);
        rows.add(new double[] {Double.parseDouble(numbers[0]), Double.parseDouble(numbers[1])});
      }
    }
    if (process.waitFor() != 0 || rows.size() != ROWS.size() + 1) {
      throw new IOException("a JVM that measures ended with status " + process.exitValue());
    }
    return rows;
  }

  private static void measure(Path object) throws IOException {
    try (Kernel jvm = JvmKernel.create();
        Kernel linux = LinuxKernel.open();
        BpfObject onJvm = jvm.load(ObjectFile.parse("speed.bpf.o", Files.readAllBytes(object)));
        BpfObject onLinux = linux.load(ObjectFile.read(object))) {
      for (Row row : ROWS) {
        Program mine = onJvm.program(row.program());
        Program other = onLinux.program(row.program());
        int repeat = repeat(mine);
        double[] mines = new double[BATCHES];
        double[] others = new double[BATCHES];
        for (int batch = 0; batch < BATCHES; batch++) {
          mines[batch] = nanosOfRun(mine, repeat);
          others[batch] = linuxNanosOfRun(other, repeat);
        }
        System.out.println(lowerQuartile(mines) + " " + lowerQuartile(others));
      }
      twoCpus(onJvm.program("count_per_cpu"));
    }
  }

  /** A row more: how many times one CPU's runs in a second two CPUs make together, and on one. */
  private static void twoCpus(Program program) {
    int repeat = repeat(program);
    double[] factors = new double[BATCHES];
    double[] alone = new double[BATCHES];
    for (int batch = 0; batch < BATCHES; batch++) {
      alone[batch] = nanosOfRun(program, repeat);
      double[] together = new double[2];
      Thread other = Thread.ofPlatform().start(() -> together[1] = nanosOfRun(program, repeat));
      together[0] = nanosOfRun(program, repeat);
      try {
        other.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      factors[batch] = alone[batch] * (1 / together[0] + 1 / together[1]);
    }
    System.out.println(median(factors) + " " + lowerQuartile(alone));
  }

  /** Warms up, and gives how many runs fill a batch. */
  private static int repeat(Program program) {
    int repeat = 1000;
    for (int batch = 0; batch < WARM_UP_BATCHES; batch++) {
      double nanos = nanosOfRun(program, repeat);
      repeat = Math.clamp((long) (BATCH_NANOS / Math.max(nanos, 0.01)), 1000, 50_000_000);
    }
    return repeat;
  }

  /** By the time that the thread had a CPU. */
  private static double nanosOfRun(Program program, int repeat) {
    long start = THREADS.getCurrentThreadCpuTime();
    TestRun.Result result = program.testRun(TestRun.of(PACKET).withRepeat(repeat));
    double nanos = (THREADS.getCurrentThreadCpuTime() - start) / (double) repeat;
    if (result.returnValue() < 0) {
      throw new IllegalStateException(program.name() + " gave " + result.returnValue());
    }
    return nanos;
  }

  /**
   * As Linux itself measures it, in whole nanoseconds: a call costs milliseconds beside the runs.
   */
  private static double linuxNanosOfRun(Program program, int repeat) {
    return program.testRun(TestRun.of(PACKET).withRepeat(repeat)).meanNanos();
  }

  private static double lowerQuartile(double[] times) {
    double[] sorted = times.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 4];
  }

  private static double median(double[] times) {
    double[] sorted = times.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
