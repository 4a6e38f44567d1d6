package io.ebpf4j.bench;

import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.linux.LinuxKernel;
import io.ebpf4j.object.ObjectFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The examples over a UDP packet of 64 bytes: a test run with repeat on either kernel, the whole
 * call on the wall clock. On Linux the call's fixed cost, tens of milliseconds, hides the packets:
 * what a packet costs there is the result's own mean. Run at the project's root.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
      "--enable-native-access=ALL-UNNAMED",
      "-XX:+UseSerialGC"
    })
public class ExamplesBenchmark {
  private static final int REPEAT = 1000;
  private static final byte[] UDP = udp();

  /** The kernel that runs the program. */
  @Param({"jvm", "linux"})
  public String on = "";

  /** The example's object. */
  @Param({"xdp-count/xdp_count.bpf.o", "xdp-parse/xdp_parse.bpf.o"})
  public String object = "";

  private @Nullable Kernel kernel;
  private @Nullable Program program;

  /** Loads the example. */
  @Setup(Level.Trial)
  public void open() throws IOException {
    Kernel opened = on.equals("linux") ? LinuxKernel.open() : JvmKernel.create();
    BpfObject loaded = opened.load(ObjectFile.read(Path.of("examples").resolve(object)));
    kernel = opened;
    program = loaded.program(object.startsWith("xdp-count") ? "count" : "parse");
  }

  /** Closes it. */
  @TearDown(Level.Trial)
  public void close() {
    Objects.requireNonNull(kernel).close();
  }

  /** A test run, divided by its repeat. */
  @Benchmark
  @OperationsPerInvocation(REPEAT)
  public TestRun.Result packet() {
    return Objects.requireNonNull(program).testRun(TestRun.of(UDP).withRepeat(REPEAT));
  }

  private static byte[] udp() {
    byte[] packet = new byte[64];
    packet[12] = 8;
    packet[14] = 0x45;
    packet[17] = 50;
    packet[22] = 64;
    packet[23] = 17;
    packet[39] = 30;
    return packet;
  }
}
