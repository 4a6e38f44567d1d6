package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.Elements.answer;
import static io.ebpf4j.conformance.Elements.u32;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.conformance.TwinNetwork.Maker;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.Attachment.XdpMode;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Test runs whose frames go out: BPF_F_TEST_XDP_LIVE_FRAMES. */
class LiveFramesTwinTest {
  private static final int LIVE_FRAMES = 1 << 1;

  static Stream<Maker> makers() {
    return TwinNetwork.makers();
  }

  private static byte[] frame(int length) {
    byte[] frame = new byte[length];
    byte[] header = HexFormat.of().parseHex("0200000000aa0200000000bb88b5");
    System.arraycopy(header, 0, frame, 0, Math.min(length, header.length));
    return frame;
  }

  private static TestRun live(int length, int repeat) {
    return TestRun.of(frame(length)).withFlags(LIVE_FRAMES).withRepeat(repeat);
  }

  /** A context of a frame that came from a device. */
  private static byte[] from(int ifindex, int length) {
    return ByteBuffer.allocate(24)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(4, length)
        .putInt(12, ifindex)
        .array();
  }

  private static void open(TwinNetwork network, String peer) {
    Program pass = network.kernel().loadProgram(XdpPrograms.verdict(2), Map.of());
    network.kernel().attach(pass, new Attachment.Xdp(network.ifindex(peer), XdpMode.NATIVE));
  }

  @ParameterizedTest
  @MethodSource("makers")
  void redirectedFramesGoOut(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(1)) {
      open(network, "a0");
      Kernel kernel = network.kernel();
      BpfMap map = kernel.createMap(MapSpec.of("targets", MapType.DEVMAP, 4, 4, 1));
      map.update(u32(0), u32(network.ifindex("a1")), 0);
      Program program = kernel.loadProgram(XdpPrograms.redirectMap(0, 0), Map.of("targets", map));
      for (int repeat : new int[] {0, 1, 63, 64, 65, 150}) {
        TestRun.Result result = program.testRun(live(60, repeat));
        assertThat(result.returnValue()).isZero();
        assertThat(result.data()).isEmpty();
        List<byte[]> out = network.received("a0", Math.max(repeat, 1));
        assertThat(out.size()).isEqualTo(Math.max(repeat, 1));
        assertThat(out).allSatisfy(got -> assertThat(got).isEqualTo(frame(60)));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void turnedFramesGoOutWhereTheyCameFromAndPassedOnesUp(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(1)) {
      open(network, "a0");
      Kernel kernel = network.kernel();
      Program turn = kernel.loadProgram(XdpPrograms.verdict(3), Map.of());
      Program pass = kernel.loadProgram(XdpPrograms.verdict(2), Map.of());
      byte[] context = from(network.ifindex("a1"), 60);
      turn.testRun(live(60, 5).withContext(context));
      assertThat(network.received("a0", 5)).hasSize(5);
      pass.testRun(live(60, 7).withContext(context));
      assertThat(network.received("a1", 7)).hasSize(7);
      assertThat(network.received("a0", 0)).isEmpty();
      assertThat(turn.testRun(live(60, 5)).returnValue()).isZero();
      assertThat(network.received("a0", 0)).isEmpty();
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void aProgramSeesWhereTheFrameCameFrom(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(1)) {
      Kernel kernel = network.kernel();
      ProgramSpec stamp = XdpPrograms.stamp(12, 2, AttachType.XDP);
      Program program = kernel.loadProgram(stamp, Map.of());
      program.testRun(live(60, 1).withContext(from(network.ifindex("a1"), 60)));
      assertThat(network.received("a1", 1).getFirst()[14]).isEqualTo((byte) network.ifindex("a1"));
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void whatIsNoLiveFrameIsRefused(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(0)) {
      Program pass = network.kernel().loadProgram(XdpPrograms.verdict(1), Map.of());
      assertThat(answered(pass, live(13, 1))).isEqualTo("EINVAL");
      assertThat(answered(pass, live(14, 1))).isEqualTo("OK");
      assertThat(answered(pass, live(60, 1).withBatchSize(256))).isEqualTo("OK");
      assertThat(answered(pass, live(60, 1).withBatchSize(257))).isEqualTo("E2BIG");
      assertThat(answered(pass, live(60, 1).withBatchSize(-1))).isEqualTo("E2BIG");
      assertThat(answered(pass, live(60, 1).withFlags(3))).isEqualTo("EINVAL");
      int longest = 0;
      for (int length = 3000; length < 4097; length++) {
        if (answered(pass, live(length, 1)).equals("OK")) {
          longest = length;
        }
      }
      assertThat(longest).isEqualTo(3408);
      assertThat(answered(pass, live(longest + 1, 1))).isEqualTo("EINVAL");
      assertThat(answered(pass, live(5000, 1))).isEqualTo("EINVAL");
      assertThat(answered(pass, live(3000, 1).withContext(from(1, 2000)))).isEqualTo("EINVAL");
      assertThat(answered(pass, live(60, 1).withContext(from(4711, 60)))).isEqualTo("ENODEV");
    }
  }

  private static String answered(Program program, TestRun run) {
    return answer(() -> {
      program.testRun(run);
      return true;
    });
  }
}
