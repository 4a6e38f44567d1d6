package io.ebpf4j.jvm.net;

import static io.ebpf4j.jvm.net.PacketKernel.ints;
import static io.ebpf4j.jvm.net.PacketKernel.packet;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.ProgramType;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The XDP helpers on one frame, as Linux 6.18 answers. */
class XdpHelpersTest {
  private static final int EINVAL = -22;
  private static final int EACCES = -13;
  private static final int EFAULT = -14;

  private final PacketKernel kernel = new PacketKernel();

  /** What a run of steps gave: each step's R0, and the frame's lengths at the end. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  private record Seen(long[] answers, int linear, int all, int meta, byte[] out) {}

  /** One call of a helper. */
  private interface Step {
    long on(Cpu cpu, long frame);
  }

  @AfterEach
  void close() {
    kernel.close();
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "50, 0",
    "49, 0",
    "51, -22",
    "64, -22",
    "65, -22",
    "-1, 0",
    "-216, 0",
    "-217, -22",
    "-2147483648, -22",
    "2147483647, -22"
  })
  void headMovesWithinHeadroomAndAnEthernetHeader(int delta, long answer) {
    Seen seen = run(64, head(delta));
    assertThat(seen.answers).containsExactly(answer);
    assertThat(seen.out).hasSize(answer == 0 ? 64 - delta : 64);
  }

  @Test
  void whatTheHeadUncoversIsZeroAtFirst() {
    run(
        64,
        head(-20),
        (cpu, frame) -> {
          Memory.fill(XdpFrame.data(frame), 20, (byte) 0x55);
          return 0;
        });
    assertThat(Arrays.copyOf(run(64, head(-8)).out, 8)).containsOnly(0);
  }

  @Test
  void theHeadTakesItsMetadataAlong() {
    byte[] out = run(64, ints(8, 64, 0, 0, 0, 0), head(4)).out;
    assertThat(Arrays.copyOf(out, 8)).isEqualTo(Arrays.copyOf(packet(64), 8));
    assertThat(Arrays.copyOfRange(out, 8, 60)).isEqualTo(Arrays.copyOfRange(packet(64), 12, 64));
  }

  @Test
  void metadataTakesHeadroom() {
    assertThat(run(64, meta(-32), head(-184), head(-1)).answers).containsExactly(0, 0, EINVAL);
    assertThat(run(64, meta(-32), head(-188)).answers).containsExactly(0, EINVAL);
    assertThat(run(64, head(-200), meta(-16), meta(-4)).answers).containsExactly(0, 0, EINVAL);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "-4, 0",
    "-216, 0",
    "-220, -22",
    "-252, -22",
    "-1, -13",
    "-2, -13",
    "1, -22",
    "4, -22",
    "-2147483648, -22",
    "2147483647, -22"
  })
  void metadataIsInFoursWithinHeadroom(int delta, long answer) {
    Seen seen = run(64, meta(delta));
    assertThat(seen.answers).containsExactly(answer);
    assertThat(seen.meta).isEqualTo(answer == 0 ? -delta : 0);
    assertThat(seen.out).hasSize(64 + seen.meta);
  }

  @Test
  void metadataShrinksAgain() {
    Seen seen = run(64, meta(-32), meta(4), meta(28), meta(4));
    assertThat(seen.answers).containsExactly(0, 0, 0, EINVAL);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "-49, 0",
    "-50, 0",
    "-51, -22",
    "-65, -22",
    "1, 0",
    "100, 0",
    "3456, 0",
    "3457, -22",
    "100000, -22",
    "-2147483648, -22",
    "2147483647, -22"
  })
  void tailMovesWithinThePageAndAnEthernetHeader(int delta, long answer) {
    Seen seen = run(64, tail(delta));
    assertThat(seen.answers).containsExactly(answer);
    assertThat(seen.out).hasSize(answer == 0 ? 64 + delta : 64);
  }

  @Test
  void theEndOfThePageStaysWhereItIsWhenTheHeadMoves() {
    assertThat(run(64, head(-16), tail(3456), tail(1)).answers).containsExactly(0, 0, EINVAL);
    assertThat(run(64, head(16), tail(3456), tail(1)).answers).containsExactly(0, 0, EINVAL);
  }

  @Test
  void aTailGrowsByZeros() {
    byte[] out = run(64, tail(-20), tail(20)).out;
    assertThat(out).hasSize(64).startsWith(Arrays.copyOf(packet(64), 44));
    assertThat(Arrays.copyOfRange(out, 44, 64)).containsOnly(0);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0, 3520, 4001", "3616, 0, 3520, 7616", "3617, -22, 3520, 4000", "-1, 0, 3520, 3999",
    "-480, 0, 3520, 3520", "-481, 0, 3519, 3519", "-3986, 0, 14, 14", "-3987, -22, 3520, 4000",
    "-2147483648, 0, 3520, 4000", "2147483647, -22, 3520, 4000"
  })
  void aFrameWithFragsMovesItsTailInTheLastFrag(int delta, long answer, int linear, int all) {
    Seen seen = run(4000, tail(delta));
    assertThat(seen.answers).containsExactly(answer);
    assertThat(new int[] {seen.linear, seen.all}).containsExactly(linear, all);
  }

  @Test
  void fragsThatAreCutAwayAreGone() {
    assertThat(run(4000, tail(-480), tail(10)).answers).containsExactly(0, EINVAL);
    assertThat(run(4000, tail(-500), tail(10), tail(10), tail(1)).answers)
        .containsExactly(0, 0, 0, EINVAL);
    assertThat(run(9000, tail(-1384), tail(-1), tail(1)).all).isEqualTo(7616);
    assertThat(run(9000, tail(-1384 - 4096), tail(-1), tail(1)).linear).isEqualTo(3520);
  }

  @Test
  void aFragGrowsByZeros() {
    byte[] out = run(4000, tail(-10), tail(10)).out;
    assertThat(out).startsWith(Arrays.copyOf(packet(4000), 3990));
    assertThat(Arrays.copyOfRange(out, 3990, 4000)).containsOnly(0);
  }

  @Test
  void theHeadNeedsAnEthernetHeaderInTheLinearPart() {
    assertThat(run(9000, ints(0, 100, 0, 0, 0, 0), head(90)).answers).containsExactly(EINVAL);
    assertThat(run(9000, ints(0, 0, 0, 0, 0, 0), head(-14)).answers).containsExactly(0);
    assertThat(run(9000, ints(0, 0, 0, 0, 0, 0), head(-13)).answers).containsExactly(EINVAL);
  }

  @Test
  void aLinearPartMayVanishBeforeFrags() {
    Seen seen = run(100, ints(0, 10, 0, 0, 0, 0), tail(-88), tail(-86), tail(-1));
    assertThat(seen.answers).containsExactly(EINVAL, 0, EINVAL);
    assertThat(new int[] {seen.linear, seen.all}).containsExactly(10, 14);
  }

  @Test
  void theLengthLeavesMetadataOutAndCountsFrags() {
    assertThat(run(64, meta(-8), XdpHelpers::getBuffLen).answers).containsExactly(0, 64);
    assertThat(run(4000, XdpHelpers::getBuffLen).answers).containsExactly(4000);
  }

  @ParameterizedTest
  @CsvSource({
    "64, 0, 64, 0",
    "64, 0, 65, -22",
    "64, 1, 64, -22",
    "64, 63, 1, 0",
    "64, 64, 1, -22",
    "64, -1, 1, -14",
    "64, 2147483647, 1, -14",
    "64, 0, 32767, -22",
    "64, 0, 65536, -14",
    "4000, 0, 4000, 0",
    "4000, 3500, 100, 0",
    "4000, 3520, 480, 0",
    "4000, 3519, 482, -22",
    "70000, 65535, 1, 0",
    "70000, 65536, 1, -14",
    "70000, 65530, 20, 0"
  })
  void bytesAreLoadedAndStoredWithinThePacket(int length, int offset, int size, long answer) {
    long scratch = kernel.scratch.address();
    assertThat(run(length, load(offset, size)).answers).containsExactly(answer);
    byte[] expected = packet(length);
    if (answer == 0) {
      byte[] loaded = new byte[size];
      Memory.copy(scratch, loaded, 0, size);
      assertThat(loaded).isEqualTo(Arrays.copyOfRange(expected, offset, offset + size));
      Arrays.fill(expected, offset, offset + size, (byte) 0xee);
    }
    Memory.fill(scratch, Math.min(size, 1 << 16), (byte) 0xee);
    Seen stored =
        run(length, (cpu, frame) -> XdpHelpers.storeBytes(cpu, frame, offset, scratch, size));
    assertThat(stored.answers).containsExactly(answer);
    assertThat(stored.out).isEqualTo(expected);
  }

  @Test
  void argumentsAreCutToTheirTypes() {
    assertThat(run(64, (cpu, frame) -> XdpHelpers.adjustHead(cpu, frame, 0x1_0000_0004L)).all)
        .isEqualTo(60);
    assertThat(run(64, (cpu, frame) -> XdpHelpers.adjustTail(cpu, frame, 0x1_0000_0004L)).all)
        .isEqualTo(68);
    assertThat(run(64, (cpu, frame) -> XdpHelpers.adjustMeta(cpu, frame, 0xffff_ffffL)).answers)
        .containsExactly(EACCES);
    assertThat(run(64, load(0xffff_ffffL, 1)).answers).containsExactly(EFAULT);
  }

  private Step load(long offset, long size) {
    return (cpu, frame) -> XdpHelpers.loadBytes(cpu, frame, offset, kernel.scratch.address(), size);
  }

  private static Step head(int delta) {
    return (cpu, frame) -> XdpHelpers.adjustHead(cpu, frame, delta);
  }

  private static Step meta(int delta) {
    return (cpu, frame) -> XdpHelpers.adjustMeta(cpu, frame, delta);
  }

  private static Step tail(int delta) {
    return (cpu, frame) -> XdpHelpers.adjustTail(cpu, frame, delta);
  }

  private Seen run(int length, Step... steps) {
    return run(TestRun.of(packet(length)), steps);
  }

  private Seen run(int length, byte[] context, Step... steps) {
    return run(TestRun.of(packet(length)).withContext(context), steps);
  }

  private Seen run(TestRun run, Step... steps) {
    long[] answers = new long[steps.length];
    int[] lengths = new int[3];
    TestRun.Result result =
        kernel.run(
            ProgramType.XDP,
            run,
            (cpu, frame) -> {
              for (int i = 0; i < steps.length; i++) {
                answers[i] = steps[i].on(cpu, frame);
              }
              lengths[0] = XdpFrame.linearLength(frame);
              lengths[1] = XdpFrame.length(frame);
              lengths[2] = XdpFrame.metaLength(frame);
              return 2;
            });
    return new Seen(answers, lengths[0], lengths[1], lengths[2], result.data());
  }
}
