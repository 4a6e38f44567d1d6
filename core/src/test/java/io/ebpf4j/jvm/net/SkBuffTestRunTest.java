package io.ebpf4j.jvm.net;

import static io.ebpf4j.jvm.net.PacketKernel.frame;
import static io.ebpf4j.jvm.net.PacketKernel.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.ContextLayout.Field;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** BPF_PROG_TEST_RUN of socket filters and tc programs, as Linux 6.18 answers. */
class SkBuffTestRunTest {
  private static final int IPV4 = 0x0800;
  private static final int IPV6 = 0x86dd;
  private static final int ARP = 0x0806;

  private final PacketKernel kernel = new PacketKernel();

  @AfterEach
  void close() {
    kernel.close();
  }

  @ParameterizedTest
  @EnumSource(names = {"SCHED_CLS", "SCHED_ACT"})
  void tcSeesAndGivesBackTheWholePacket(ProgramType type) {
    TestRun.Result result = kernel.run(type, run(IPV4, 64), (cpu, skb) -> SkBuff.length(skb));
    assertThat(result.returnValue()).isEqualTo(64);
    assertThat(result.data()).isEqualTo(frame(IPV4, 64));
  }

  @Test
  void aSocketFilterSeesThePacketFromBehindTheEthernetHeaderWhichComesBackZero() {
    TestRun.Result result =
        kernel.run(ProgramType.SOCKET_FILTER, run(IPV4, 64), (cpu, skb) -> SkBuff.length(skb));
    assertThat(result.returnValue()).isEqualTo(50);
    assertThat(Arrays.copyOf(result.data(), 14)).containsOnly(0);
    assertThat(Arrays.copyOfRange(result.data(), 14, 64))
        .isEqualTo(Arrays.copyOfRange(frame(IPV4, 64), 14, 64));
  }

  @ParameterizedTest
  @CsvSource({"2048, 34", "34525, 54", "2054, 14", "100, 14", "33024, 14"})
  void theHeaderBehindEthernetMustBeThere(int etherType, int least) {
    assertThat(tc(run(etherType, least), SkBuff::length)).isEqualTo(least);
    refuses(Errno.EINVAL, () -> tc(run(etherType, least - 1), SkBuff::length));
  }

  @Test
  void aPacketHas3712BytesAtMost() {
    assertThat(tc(run(IPV4, 3712), SkBuff::length)).isEqualTo(3712);
    refuses(Errno.EINVAL, () -> tc(run(IPV4, 3713), SkBuff::length));
  }

  @ParameterizedTest
  @CsvSource({
    "2048, 0x0008",
    "34525, 0xdd86",
    "33024, 0x0081",
    "1536, 0x0006",
    "1535, 0x0400",
    "100, 0x0400"
  })
  void theProtocolIsTheEtherTypeOrThatOf8023(int etherType, String protocol) {
    assertThat(tc(run(etherType, 100), field(SkBuff.PROTOCOL_OFFSET)))
        .isEqualTo(Integer.decode(protocol));
  }

  @Test
  void rawIpxBehindALengthIs8023() {
    byte[] packet = frame(100, 64);
    packet[14] = -1;
    packet[15] = -1;
    assertThat(tc(TestRun.of(packet), field(SkBuff.PROTOCOL_OFFSET))).isEqualTo(0x0100);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "2, 3", "1, 2", "-1, 2"})
  void thePacketTypeIsThatOfTheLoopbackDevice(byte first, int type) {
    byte[] packet = new byte[64];
    packet[0] = first;
    assertThat(tc(TestRun.of(packet), field(SkBuff.PKT_TYPE_OFFSET))).isEqualTo(type);
  }

  @Test
  void withoutAContextThereIsNoWireLengthAndTheDeviceIsLoopback() {
    assertThat(tc(run(IPV4, 64), field(SkBuff.WIRE_LEN_OFFSET))).isZero();
    assertThat(tc(run(IPV4, 64), field(SkBuff.IFINDEX_OFFSET))).isEqualTo(1);
  }

  @Test
  void aRepeatedRunGoesOnWithThePacketAsTheLastOneLeftIt() {
    TestRun.Result result =
        kernel.run(
            ProgramType.SCHED_CLS,
            run(IPV4, 64).withRepeat(3),
            (cpu, skb) -> SkBuffHelpers.changeHead(cpu, skb, 20, 0));
    assertThat(result.data()).hasSize(124);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 8})
  void otherFlagsAreInvalid(int flags) {
    refuses(Errno.EINVAL, () -> tc(run(IPV4, 64).withFlags(flags), SkBuff::length));
  }

  @Test
  void checksumCompleteIsRefusedByName() {
    int flags = SkBuffProgramKind.CHECKSUM_COMPLETE;
    assertThatThrownBy(() -> tc(run(IPV4, 64).withFlags(flags), SkBuff::length))
        .hasMessageContaining("BPF_F_TEST_SKB_CHECKSUM_COMPLETE");
  }

  @Test
  void aCpuCannotBeChosen() {
    assertThat(tc(run(IPV4, 64).withCpu(0), SkBuff::length)).isEqualTo(64);
    refuses(Errno.EINVAL, () -> tc(run(IPV4, 64).withCpu(1), SkBuff::length));
  }

  @Test
  void roomThatIsTooSmallIsNoSpace() {
    refuses(Errno.ENOSPC, () -> tc(run(IPV4, 64).withDataOutSize(63), SkBuff::length));
  }

  @ParameterizedTest
  @CsvSource({
    "8, 4, mark",
    "32, 4, priority",
    "36, 4, ingress_ifindex",
    "48, 4, cb",
    "64, 4, cb",
    "164, 4, gso_segs",
    "176, 4, gso_size",
    "152, 8, tstamp",
    "184, 8, hwtstamp"
  })
  void fieldsThatMayBeGivenAreSeenAndComeBack(int offset, int size, String name) {
    byte[] context = context(offset, size, 0x77);
    long[] seen = new long[1];
    TestRun.Result result =
        kernel.run(
            ProgramType.SCHED_CLS,
            run(IPV4, 64).withContext(context),
            (cpu, skb) -> {
              Field field = SkBuff.TC_LAYOUT.fieldAt(offset, size).orElseThrow();
              assertThat(field.name()).isEqualTo(name);
              long real = skb + field.realOffset() + offset - field.offset();
              seen[0] = size == 8 ? Memory.getLong(real) : Memory.getInt(real);
              return 0;
            });
    assertThat(seen[0]).isEqualTo(0x77);
    ByteBuffer expected = ByteBuffer.wrap(context).order(ByteOrder.LITTLE_ENDIAN);
    expected.putInt(40, 1).putInt(160, 64);
    assertThat(result.context()).isEqualTo(context);
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        0, 4, 12, 16, 20, 24, 28, 44, 68, 72, 76, 80, 84, 88, 92, 100, 132, 140, 144, 168, 180
      })
  void otherFieldsMustBeZero(int offset) {
    byte[] context = context(offset, 4, 1);
    refuses(Errno.EINVAL, () -> tc(run(IPV4, 64).withContext(context), SkBuff::length));
  }

  @ParameterizedTest
  @CsvSource({
    "160, 63, EINVAL", "160, 64, ", "160, 65, ", "160, 65536, ", "160, 65537, EINVAL",
    "164, 65535, ", "164, 65536, EINVAL", "176, 65536, ", "40, 1, ", "40, 9999, ENODEV"
  })
  void numbersInTheContextHaveLimits(int offset, int value, Errno errno) {
    TestRun run = run(IPV4, 64).withContext(context(offset, 4, value));
    if (errno == null) {
      assertThat(tc(run, SkBuff::length)).isEqualTo(64);
    } else {
      refuses(errno, () -> tc(run, SkBuff::length));
    }
  }

  @Test
  void theWireLengthIsThePacketsWhereNoneIsGiven() {
    TestRun run = run(IPV4, 64).withContext(new byte[192]);
    assertThat(tc(run, field(SkBuff.WIRE_LEN_OFFSET))).isEqualTo(64);
    assertThat(
            kernel
                .run(
                    ProgramType.SOCKET_FILTER,
                    run,
                    (cpu, skb) -> Memory.getInt(skb + SkBuff.WIRE_LEN_OFFSET))
                .returnValue())
        .isEqualTo(50);
  }

  @Test
  void gsoSizeIsCutForTheProgramAndComesBackAsGiven() {
    TestRun run = run(IPV4, 64).withContext(context(176, 4, 65537));
    TestRun.Result result =
        kernel.run(
            ProgramType.SCHED_CLS, run, (cpu, skb) -> Memory.getInt(skb + SkBuff.GSO_SIZE_OFFSET));
    assertThat(result.returnValue()).isEqualTo(1);
    assertThat(ByteBuffer.wrap(result.context()).order(ByteOrder.LITTLE_ENDIAN).getInt(176))
        .isEqualTo(65537);
  }

  @ParameterizedTest
  @CsvSource({
    "SOCKET_FILTER, 0, 1, true, false", // len, in parts
    "SOCKET_FILTER, 8, 4, true, false", // mark
    "SOCKET_FILTER, 48, 8, true, true", // cb, two of them
    "SOCKET_FILTER, 52, 8, false, false", // not aligned
    "SOCKET_FILTER, 66, 2, true, true",
    "SOCKET_FILTER, 64, 8, false, false", // past cb
    "SOCKET_FILTER, 72, 4, false, false", // tc_classid
    "SOCKET_FILTER, 76, 4, false, false", // data
    "SOCKET_FILTER, 152, 8, false, false", // tstamp
    "SOCKET_FILTER, 160, 4, false, false", // wire_len
    "SOCKET_FILTER, 164, 2, true, false", // gso_segs
    "SOCKET_FILTER, 176, 4, true, false", // gso_size
    "SOCKET_FILTER, 180, 1, false, false", // tstamp_type
    "SOCKET_FILTER, 184, 8, false, false", // hwtstamp
    "SCHED_CLS, 8, 4, true, true",
    "SCHED_CLS, 8, 2, true, false",
    "SCHED_CLS, 12, 4, true, true", // queue_mapping
    "SCHED_CLS, 32, 4, true, true", // priority
    "SCHED_CLS, 36, 4, true, false",
    "SCHED_CLS, 44, 4, true, true", // tc_index
    "SCHED_CLS, 68, 4, true, false", // hash
    "SCHED_CLS, 72, 4, true, true",
    "SCHED_CLS, 76, 4, true, false",
    "SCHED_CLS, 76, 2, false, false",
    "SCHED_CLS, 140, 4, true, false", // data_meta
    "SCHED_CLS, 152, 8, true, true",
    "SCHED_CLS, 152, 4, false, false",
    "SCHED_CLS, 160, 1, true, false",
    "SCHED_CLS, 180, 1, true, false",
    "SCHED_CLS, 181, 1, false, false",
    "SCHED_CLS, 184, 8, true, false",
    "SCHED_CLS, 88, 4, false, false" // family
  })
  void fieldsMayBeTouchedAsOnLinux(
      ProgramType type, int offset, int size, boolean loaded, boolean stored) {
    ContextLayout layout = kernel.kind(type).context(ProgramSpec.of("program", type, List.of()));
    assertThat(layout.fieldAt(offset, size).map(f -> f.loads(offset, size)).orElse(false))
        .isEqualTo(loaded);
    assertThat(layout.fieldAt(offset, size).map(f -> f.stores(offset, size)).orElse(false))
        .isEqualTo(stored);
  }

  @Test
  void sleepableIsInvalidAndAnyAttachTypeLoads() {
    ProgramSpec spec = ProgramSpec.of("program", ProgramType.SCHED_CLS, List.of());
    var kind = kernel.kind(ProgramType.SCHED_CLS);
    refuses(Errno.EINVAL, () -> kind.check(spec.withFlags(true, false)));
    for (AttachType attachType : AttachType.values()) {
      kind.check(spec.withExpectedAttachType(attachType));
    }
  }

  @Test
  void anIpv6PacketIsSeenToo() {
    assertThat(tc(run(IPV6, 64), SkBuff::length)).isEqualTo(64);
    assertThat(tc(run(ARP, 14), SkBuff::length)).isEqualTo(14);
  }

  private interface Reading {
    int of(long skb);
  }

  private static Reading field(int offset) {
    return skb -> Memory.getInt(skb + offset);
  }

  private int tc(TestRun run, Reading reading) {
    return kernel.run(ProgramType.SCHED_CLS, run, (cpu, skb) -> reading.of(skb)).returnValue();
  }

  private static TestRun run(int etherType, int length) {
    return TestRun.of(frame(etherType, length));
  }

  private static byte[] context(int offset, int size, int value) {
    byte[] context = new byte[192];
    ByteBuffer fields = ByteBuffer.wrap(context).order(ByteOrder.LITTLE_ENDIAN);
    if (size == Long.BYTES) {
      fields.putLong(offset, value);
    } else {
      fields.putInt(offset, value);
    }
    return context;
  }
}
