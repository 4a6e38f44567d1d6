package io.ebpf4j.jvm.net;

import static io.ebpf4j.jvm.net.PacketKernel.ints;
import static io.ebpf4j.jvm.net.PacketKernel.packet;
import static io.ebpf4j.jvm.net.PacketKernel.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.context.ContextLayout.Field;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** BPF_PROG_TEST_RUN of XDP programs, as Linux 6.18 answers. */
class XdpTestRunTest {
  private static final int PASS = 2;

  private final PacketKernel kernel = new PacketKernel();

  @AfterEach
  void close() {
    kernel.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 15, 64, 3519, 3520, 3521, 4096, 7616, 7617, 73152})
  void aFrameComesBackAsItWas(int length) {
    TestRun.Result result = pass(TestRun.of(packet(length)));
    assertThat(result.returnValue()).isEqualTo(PASS);
    assertThat(result.data()).isEqualTo(packet(length));
    assertThat(result.context()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 13})
  void aFrameShorterThanAnEthernetHeaderIsInvalid(int length) {
    refuses(Errno.EINVAL, () -> pass(TestRun.of(packet(length))));
  }

  @Test
  void aFrameOfMoreThanSeventeenFragsIsTooMuchMemory() {
    refuses(Errno.ENOMEM, () -> pass(TestRun.of(packet(73153))));
  }

  @Test
  void theVerdictIsTheLow32BitsOfR0() {
    TestRun.Result result =
        kernel.run(ProgramType.XDP, TestRun.of(packet(64)), (cpu, frame) -> 0x7_1234_5678L);
    assertThat(result.returnValue()).isEqualTo(0x1234_5678);
  }

  @Test
  void whatIsAboveTheLinearPartIsInFrags() {
    kernel.run(
        ProgramType.XDP,
        TestRun.of(packet(4000)),
        (cpu, frame) -> {
          assertThat(XdpFrame.linearLength(frame)).isEqualTo(3520);
          assertThat(XdpFrame.length(frame)).isEqualTo(4000);
          return PASS;
        });
  }

  @Test
  void aRepeatedRunGoesOnWithTheFrameAsTheLastOneLeftIt() {
    TestRun.Result result =
        kernel.run(
            ProgramType.XDP,
            TestRun.of(packet(64)).withRepeat(5),
            (cpu, frame) -> XdpFrame.adjustHead(frame, 4) + PASS);
    assertThat(result.data()).hasSize(44);
  }

  @Test
  void repeatZeroRunsOnce() {
    int[] runs = {0};
    kernel.run(ProgramType.XDP, TestRun.of(packet(64)).withRepeat(0), (cpu, frame) -> runs[0]++);
    assertThat(runs[0]).isEqualTo(1);
  }

  @Test
  void anInterruptEndsARepeatedRunWithEintr() {
    try {
      refuses(
          Errno.EINTR,
          () ->
              kernel.run(
                  ProgramType.XDP,
                  TestRun.of(packet(64)).withRepeat(-1),
                  (cpu, frame) -> {
                    Thread.currentThread().interrupt();
                    return PASS;
                  }));
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 8, 3})
  void otherFlagsAreInvalid(int flags) {
    refuses(Errno.EINVAL, () -> pass(TestRun.of(packet(64)).withFlags(flags)));
  }

  @Test
  void theCpuIsTheWantedOneWhereThereIsSuchAOne() {
    assertThat(cpuOf(TestRun.of(packet(64)).withCpu(1))).isEqualTo(1);
    assertThat(cpuOf(TestRun.of(packet(64)).withCpu(7))).isEqualTo(0);
    assertThat(cpuOf(TestRun.of(packet(64)))).isEqualTo(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"XDP_DEVMAP", "XDP_CPUMAP"})
  void programsOfMapsHaveNoTestRun(AttachType attachType) {
    ProgramSpec spec =
        ProgramSpec.of("egress", ProgramType.XDP, List.of()).withExpectedAttachType(attachType);
    refuses(
        Errno.EINVAL,
        () -> kernel.run(new JavaProgram(spec, (cpu, frame) -> PASS), TestRun.of(packet(64))));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 10, 63, 3999})
  void roomThatIsTooSmallForThePacketIsNoSpace(int room) {
    int length = room < 64 ? 64 : 4000;
    refuses(Errno.ENOSPC, () -> pass(TestRun.of(packet(length)).withDataOutSize(room)));
  }

  @Test
  void noRoomAtAllGivesNoPacket() {
    assertThat(pass(TestRun.of(packet(64)).withDataOutSize(0)).data()).isEmpty();
    assertThat(pass(TestRun.of(packet(64)).withDataOutSize(64)).data()).hasSize(64);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 64, 64, 0, 64",
    "0, 0, 0, 0, 0",
    "4, 64, 60, 4, 64",
    "8, 8, 0, 8, 8",
    "48, 64, 16, 48, 64"
  })
  void theContextSaysWhatIsMetadataAndWhatIsLinear(
      int data, int end, int linear, int dataAfter, int endAfter) {
    int[] seen = new int[2];
    TestRun.Result result =
        kernel.run(
            ProgramType.XDP,
            TestRun.of(packet(64)).withContext(ints(data, end, 0, 0, 0, 0)),
            (cpu, frame) -> {
              seen[0] = XdpFrame.linearLength(frame);
              seen[1] = XdpFrame.length(frame);
              return PASS;
            });
    assertThat(seen).containsExactly(linear, 64 - data);
    assertThat(result.context()).isEqualTo(ints(dataAfter, endAfter, 0, 0, 0, 0));
    assertThat(result.data()).isEqualTo(packet(64));
  }

  @ParameterizedTest
  @CsvSource({
    "65, 0, 0, 0, 0", // data_end past the input
    "64, 1, 0, 0, 0", // metadata not in 4s
    "64, 50, 0, 0, 0",
    "64, 68, 0, 0, 0", // data above data_end
    "4, 8, 0, 0, 0",
    "64, 4, 4, 0, 0", // data_meta
    "64, 52, 0, 0, 0", // less than an Ethernet header left
    "64, 0, 0, 1, 1", // a queue that the device does not have
    "64, 0, 0, 0, 1" // a queue without a device
  })
  void aContextThatDoesNotFitIsInvalid(int end, int data, int meta, int ifindex, int queue) {
    byte[] context = ints(data, end, meta, ifindex, queue, 0);
    refuses(Errno.EINVAL, () -> pass(TestRun.of(packet(64)).withContext(context)));
  }

  @Test
  void metadataGoesUpToWhatTheHeadroomHolds() {
    byte[] most = ints(216, 300, 0, 0, 0, 0);
    assertThat(pass(TestRun.of(packet(300)).withContext(most)).context()).isEqualTo(most);
    byte[] above = ints(220, 300, 0, 0, 0, 0);
    refuses(Errno.EINVAL, () -> pass(TestRun.of(packet(300)).withContext(above)));
  }

  @Test
  void metadataAddsToTheLinearRoom() {
    TestRun run = TestRun.of(packet(4000)).withContext(ints(8, 4000, 0, 0, 0, 0));
    assertThat(pass(run).context()).isEqualTo(ints(8, 3528, 0, 0, 0, 0));
  }

  @Test
  void egressIfindexInTheContextIsInvalid() {
    byte[] context = ints(0, 64, 0, 0, 0, 1);
    refuses(Errno.EINVAL, () -> pass(TestRun.of(packet(64)).withContext(context)));
  }

  @Test
  void anUnknownDeviceIsNoDevice() {
    byte[] context = ints(0, 64, 0, 9999, 0, 0);
    refuses(Errno.ENODEV, () -> pass(TestRun.of(packet(64)).withContext(context)));
  }

  @Test
  void framesComeFromLoopback() {
    int[] seen = new int[1];
    byte[] context = ints(0, 64, 0, 0, 0, 0);
    TestRun.Result result =
        kernel.run(
            ProgramType.XDP,
            TestRun.of(packet(64)).withContext(context),
            (cpu, frame) -> {
              seen[0] = Memory.getInt(frame + XdpFrame.INGRESS_IFINDEX_OFFSET);
              return PASS;
            });
    assertThat(seen[0]).isEqualTo(1);
    assertThat(result.context()).isEqualTo(context);
  }

  @Test
  void aContextOfAnotherSizeIsTakenWhereTheRestIsZero() {
    byte[] all = ints(0, 64, 0, 0, 0, 0);
    assertThat(pass(TestRun.of(packet(64)).withContext(ints(0, 64))).context()).isEqualTo(all);
    assertThat(pass(TestRun.of(packet(64)).withContext(ints(0, 64, 0, 0, 0, 0, 0))).context())
        .isEqualTo(all);
    refuses(
        Errno.E2BIG, () -> pass(TestRun.of(packet(64)).withContext(ints(0, 64, 0, 0, 0, 0, 1))));
  }

  @Test
  void aRunInsideOfARunHasAFrameOfItsOwn() {
    TestRun.Result outer =
        kernel.run(
            ProgramType.XDP,
            TestRun.of(packet(64)),
            (cpu, frame) -> pass(TestRun.of(new byte[100])).returnValue());
    assertThat(outer.data()).isEqualTo(packet(64));
  }

  @Test
  void onlyProgramsOfDeviceMapsReadEgressIfindex() {
    ProgramSpec plain = ProgramSpec.of("program", ProgramType.XDP, List.of());
    ProgramSpec egress = plain.withExpectedAttachType(AttachType.XDP_DEVMAP);
    var kind = kernel.kind(ProgramType.XDP);
    assertThat(kind.context(plain).fieldAt(20, 4)).isEmpty();
    assertThat(kind.context(egress).fieldAt(20, 4)).map(Field::name).contains("egress_ifindex");
  }

  @Test
  void fieldsAreReadWholeAndNeverWritten() {
    Field ifindex =
        kernel
            .kind(ProgramType.XDP)
            .context(ProgramSpec.of("program", ProgramType.XDP, List.of()))
            .fieldAt(12, 4)
            .orElseThrow();
    assertThat(ifindex.loads(12, 4)).isTrue();
    assertThat(ifindex.loads(12, 1)).isFalse();
    assertThat(ifindex.stores(12, 4)).isFalse();
  }

  @Test
  void sleepableIsInvalidAndAnyAttachTypeLoads() {
    ProgramSpec spec = ProgramSpec.of("program", ProgramType.XDP, List.of());
    var kind = kernel.kind(ProgramType.XDP);
    refuses(Errno.EINVAL, () -> kind.check(spec.withFlags(true, false)));
    for (AttachType attachType : AttachType.values()) {
      kind.check(spec.withExpectedAttachType(attachType).withFlags(false, true));
    }
  }

  private int cpuOf(TestRun run) {
    return kernel.run(ProgramType.XDP, run, (cpu, frame) -> cpu.number()).returnValue();
  }

  private TestRun.Result pass(TestRun run) {
    return kernel.run(ProgramType.XDP, run, (cpu, frame) -> PASS);
  }
}
