package io.ebpf4j.bench;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Program;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.jvm.net.ApplicationDevice;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.Attachment.XdpMode;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import io.ebpf4j.spec.ProgramType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
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
 * XDP_REDIRECT from one application device to others, frames of 64 bytes: nanoseconds a frame in
 * all, from the wire of the one to the wire of the other. {@code -prof gc} shows what is allocated.
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
public class RedirectBenchmark {
  private static final int FRAMES = 6400;
  private static final int BROADCAST = 1 << 3;

  private final byte[] packet = new byte[64];

  /** The type of the map, or one redirect helper call without a map. */
  @Param({"DEVMAP", "DEVMAP_HASH", "NONE"})
  public String map = "";

  /** Devices that each frame goes to; more than one by a broadcast. */
  @Param({"1"})
  public int targets;

  private @Nullable JvmKernel kernel;
  private @Nullable ApplicationDevice in;

  /** Builds the network. */
  @Setup(Level.Trial)
  public void build() {
    JvmKernel made = JvmKernel.builder().cpus(1).build();
    kernel = made;
    ApplicationDevice from = made.devices().addApplication("in");
    in = from;
    int[] numbers = new int[targets];
    for (int i = 0; i < targets; i++) {
      numbers[i] = made.devices().addApplication("out" + i).ifindex();
    }
    Program program =
        map.equals("NONE") ? made.loadProgram(direct(numbers[0]), Map.of()) : byMap(made, numbers);
    made.attach(program, new Attachment.Xdp(from.ifindex(), XdpMode.NATIVE));
  }

  /** Takes it down. */
  @TearDown(Level.Trial)
  public void close() {
    Objects.requireNonNull(kernel).close();
  }

  /** A frame from wire to wire. */
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public void redirect() {
    Objects.requireNonNull(in)
        .receive(
            0,
            receiver -> {
              for (int i = 0; i < FRAMES; i++) {
                receiver.receive(packet);
              }
            });
  }

  private Program byMap(JvmKernel made, int[] numbers) {
    MapSpec spec = MapSpec.of("targets", MapType.valueOf(map), 4, 4, numbers.length);
    BpfMap created = made.createMap(spec);
    for (int i = 0; i < numbers.length; i++) {
      created.update(number(i), number(numbers[i]));
    }
    int flags = numbers.length == 1 ? 0 : BROADCAST;
    ProgramSpec program =
        program(
                new Instruction(0x18, 1, 0, 0, 0),
                Instruction.of(0),
                new Instruction(0xb7, 2, 0, 0, 0),
                new Instruction(0xb7, 3, 0, 0, flags),
                new Instruction(0x85, 0, 0, 0, 51),
                new Instruction(0x95, 0, 0, 0, 0))
            .withReferences(List.of(new Reference.ToMap(0, "targets")));
    return made.loadProgram(program, Map.of("targets", created));
  }

  private static ProgramSpec direct(int ifindex) {
    return program(
        new Instruction(0xb7, 1, 0, 0, ifindex),
        new Instruction(0xb7, 2, 0, 0, 0),
        new Instruction(0x85, 0, 0, 0, 23),
        new Instruction(0x95, 0, 0, 0, 0));
  }

  private static ProgramSpec program(Instruction... code) {
    return ProgramSpec.of("redirect", ProgramType.XDP, List.of(code))
        .withExpectedAttachType(AttachType.XDP);
  }

  private static byte[] number(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }
}
