package io.ebpf4j.jvm.net;

import static io.ebpf4j.jvm.net.PacketKernel.frame;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.context.LegacyPacketAccess;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.ProgramType;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The helpers on one packet, as Linux 6.18 answers. */
class SkBuffHelpersTest {
  private static final int IPV4 = 0x0800;
  private static final int VLAN = 0x8100;
  private static final int PROVIDER_VLAN = 0x88a8;
  private static final int PUSH_VLAN = 0x0081;
  private static final int PUSH_PROVIDER_VLAN = 0xa888;
  private static final int EINVAL = -22;
  private static final int ENOMEM = -12;
  private static final int EACCES = -13;

  private final PacketKernel kernel = new PacketKernel();

  /** What a run of steps gave: each step's R0, and the packet. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  private record Seen(long[] answers, byte[] out) {}

  /** One call of a helper. */
  private interface Step {
    long on(Cpu cpu, long skb);
  }

  @AfterEach
  void close() {
    kernel.close();
  }

  @ParameterizedTest
  @CsvSource({
    "SOCKET_FILTER, 0, 50, 0", "SOCKET_FILTER, 0, 51, -14", "SOCKET_FILTER, 49, 1, 0",
    "SOCKET_FILTER, -14, 14, -14", "SCHED_CLS, 0, 64, 0", "SCHED_CLS, 0, 65, -14",
    "SCHED_CLS, 64, 1, -14", "SCHED_CLS, -1, 1, -14", "SCHED_CLS, 2147483647, 1, -14"
  })
  void bytesAreLoadedFromWhereTheProgramSeesThePacket(
      ProgramType type, int offset, int size, long answer) {
    long to = scratch((byte) 0x55);
    assertThat(run(type, frame(IPV4, 64), load(offset, to, size)).answers).containsExactly(answer);
    int start = type == ProgramType.SOCKET_FILTER ? 14 : 0;
    byte[] expected =
        answer == 0
            ? Arrays.copyOfRange(frame(IPV4, 64), start + offset, start + offset + size)
            : new byte[size];
    assertThat(at(to, size)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 64, 0",
    "0, 0, 65, -14",
    "0, 14, 1, 14",
    "1, 0, 50, 14",
    "1, 0, 51, -14",
    "1, 49, 1, 63",
    "2, 0, 1, -14",
    "0, -1, 1, -14",
    "1, 65536, 1, -14"
  })
  void bytesAreLoadedFromAHeaderByEveryType(int header, int offset, int size, int foundAt) {
    for (ProgramType type : new ProgramType[] {ProgramType.SOCKET_FILTER, ProgramType.SCHED_CLS}) {
      long to = scratch((byte) 0x55);
      Step step = (cpu, skb) -> SkBuffHelpers.loadBytesRelative(cpu, skb, offset, to, size, header);
      long answer = run(type, frame(IPV4, 64), step).answers[0];
      assertThat(answer).isEqualTo(Math.min(foundAt, 0));
      byte[] expected =
          foundAt < 0
              ? new byte[size]
              : Arrays.copyOfRange(frame(IPV4, 64), foundAt, foundAt + size);
      assertThat(at(to, size)).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 64, 0, 0",
    "0, 65, 0, -14",
    "-1, 1, 0, -14",
    "63, 1, 0, 0",
    "64, 1, 0, -14",
    "0, 20, 1, 0",
    "0, 20, 3, 0",
    "0, 20, 4, -22",
    "0, 20, 8, -22"
  })
  void bytesAreStoredWithinThePacket(int offset, int size, long flags, long answer) {
    long from = scratch((byte) 0xee);
    Seen seen = tc((cpu, skb) -> SkBuffHelpers.storeBytes(cpu, skb, offset, from, size, flags));
    assertThat(seen.answers).containsExactly(answer);
    byte[] expected = frame(IPV4, 64);
    if (answer == 0) {
      Arrays.fill(expected, offset, offset + size, (byte) 0xee);
    }
    assertThat(seen.out).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "64, 0", "65, -12", "-1, -12"})
  void allBytesAreLinearAlready(int size, long answer) {
    assertThat(tc((cpu, skb) -> SkBuffHelpers.pullData(cpu, skb, size)).answers)
        .containsExactly(answer);
  }

  @ParameterizedTest
  @CsvSource({
    "13, 0, -22",
    "14, 0, 0",
    "33, 0, 0",
    "64, 0, 0",
    "65, 0, 0",
    "4000, 0, 0",
    "16064, 0, 0",
    "16065, 0, -22",
    "64, 1, -22",
    "-1, 0, -22"
  })
  void theTailMovesBetweenTheNetworkHeaderAndTheLongestPacket(int length, long flags, long answer) {
    Seen seen = tc((cpu, skb) -> SkBuffHelpers.changeTail(cpu, skb, length, flags));
    assertThat(seen.answers).containsExactly(answer);
    byte[] packet = frame(IPV4, 64);
    assertThat(seen.out).isEqualTo(answer == 0 ? Arrays.copyOf(packet, length) : packet);
  }

  @Test
  void aTailThatWasCutGrowsByZeros() {
    byte[] out = tc(tail(40), tail(60)).out;
    assertThat(Arrays.copyOfRange(out, 40, 60)).containsOnly(0);
  }

  @ParameterizedTest
  @CsvSource({"0, 0, 0", "1, 0, 0", "16000, 0, 0", "16001, 0, -22", "20, 1, -22", "-1, 0, -22"})
  void theHeadGrowsByZeros(int bytes, long flags, long answer) {
    Seen seen = tc((cpu, skb) -> SkBuffHelpers.changeHead(cpu, skb, bytes, flags));
    assertThat(seen.answers).containsExactly(answer);
    int grown = answer == 0 ? bytes : 0;
    assertThat(seen.out).hasSize(64 + grown).endsWith(frame(IPV4, 64));
    assertThat(Arrays.copyOf(seen.out, grown)).isEqualTo(new byte[grown]);
  }

  @Test
  void theNetworkHeaderStaysWhenTheHeadGrows() {
    Step grow = (cpu, skb) -> SkBuffHelpers.changeHead(cpu, skb, 20, 0);
    assertThat(tc(grow, tail(33), tail(34)).answers).containsExactly(0, EINVAL, 0);
  }

  @Test
  void aVlanTagIsBesideThePacketUntilTheNextOneIsPushed() {
    Seen one = tc(push(PUSH_VLAN, 100), SkBuffHelpersTest::tag);
    assertThat(one.answers).containsExactly(0, tag(PUSH_VLAN, 100));
    assertThat(one.out).isEqualTo(frame(IPV4, 64));
    Seen two =
        tc(
            push(PUSH_VLAN, 100),
            push(PUSH_PROVIDER_VLAN, 0x1200),
            SkBuffHelpersTest::tag,
            SkBuffHelpersTest::protocol,
            tail(18),
            tail(17));
    assertThat(two.answers).containsExactly(0, 0, tag(PUSH_PROVIDER_VLAN, 0x1200), 0x0081, 0, 0);
    assertThat(Arrays.copyOfRange(two.out, 12, 17)).isEqualTo(bytes(0x81, 0, 0, 100, 0x08));
  }

  @Test
  void anotherVlanProtocolIs8021q() {
    assertThat(tc(push(5, 0x1ffff), SkBuffHelpersTest::tag).answers)
        .containsExactly(0, tag(PUSH_VLAN, 0xffff));
  }

  @Test
  void poppingUndoesPushing() {
    Seen seen =
        tc(
            push(PUSH_VLAN, 1),
            push(PUSH_PROVIDER_VLAN, 2),
            push(PUSH_VLAN, 3),
            SkBuffHelpers::vlanPop,
            SkBuffHelpersTest::tag,
            SkBuffHelpers::vlanPop,
            SkBuffHelpersTest::tag);
    assertThat(seen.answers)
        .containsExactly(0, 0, 0, 0, tag(PUSH_PROVIDER_VLAN, 2), 0, tag(PUSH_VLAN, 1));
    assertThat(seen.out).isEqualTo(frame(IPV4, 64));
  }

  @Test
  void tagsInThePacketArePopped() {
    byte[] tagged = tagged(VLAN, 5, IPV4);
    Seen seen =
        run(
            ProgramType.SCHED_CLS,
            tagged,
            SkBuffHelpers::vlanPop,
            SkBuffHelpersTest::tag,
            SkBuffHelpersTest::protocol);
    assertThat(seen.answers).containsExactly(0, 0, 0x0008);
    assertThat(seen.out).hasSize(tagged.length - 4);
  }

  @Test
  void ofTwoTagsInThePacketTheInnerOneMovesBeside() {
    byte[] tagged = tagged(PROVIDER_VLAN, 5, VLAN, 7, IPV4);
    Seen seen =
        run(
            ProgramType.SCHED_CLS,
            tagged,
            SkBuffHelpers::vlanPop,
            SkBuffHelpersTest::tag,
            SkBuffHelpers::vlanPop,
            SkBuffHelpersTest::tag);
    assertThat(seen.answers).containsExactly(0, tag(PUSH_VLAN, 7), 0, 0);
    assertThat(seen.out).hasSize(tagged.length - 8);
  }

  @Test
  void popWithoutATagDoesNothing() {
    assertThat(tc(SkBuffHelpers::vlanPop).answers).containsExactly(0);
  }

  @ParameterizedTest
  @CsvSource({"14, -12", "17, -12", "18, 0"})
  void aTagThatIsCutOffCannotBePopped(int length, long answer) {
    byte[] packet = Arrays.copyOf(tagged(VLAN, 5, IPV4), length);
    assertThat(run(ProgramType.SCHED_CLS, packet, SkBuffHelpers::vlanPop).answers)
        .containsExactly(answer);
    byte[] two = Arrays.copyOf(tagged(PROVIDER_VLAN, 5, VLAN, 7, IPV4), length + 4);
    assertThat(run(ProgramType.SCHED_CLS, two, SkBuffHelpers::vlanPop).answers)
        .containsExactly(answer);
  }

  @Test
  void pushingWithoutEndIsTooMuchMemory() {
    Step untilRefused =
        (cpu, skb) -> {
          long answer = 0;
          for (int i = 0; i < 10_000 && answer == 0; i++) {
            answer = SkBuffHelpers.vlanPush(cpu, skb, PUSH_VLAN, i);
          }
          return answer;
        };
    assertThat(tc(untilRefused).answers).containsExactly(ENOMEM);
  }

  @ParameterizedTest
  @CsvSource({"0, 0, 0", "3, 0, 3", "4, -22, 3", "-1, -22, 3"})
  void thePacketTypeChangesUpToOtherHost(int type, long answer, long after) {
    Step read = (cpu, skb) -> Memory.getInt(skb + SkBuff.PKT_TYPE_OFFSET);
    assertThat(tc((cpu, skb) -> SkBuffHelpers.changeType(cpu, skb, type), read).answers)
        .containsExactly(answer, after);
  }

  @Test
  void theHashStaysUntilItIsInvalidated() {
    Step set = (cpu, skb) -> SkBuffHelpers.setHash(cpu, skb, 7);
    Step read = (cpu, skb) -> Memory.getInt(skb + SkBuff.HASH_OFFSET);
    long from = scratch((byte) 0);
    Step store = (cpu, skb) -> SkBuffHelpers.storeBytes(cpu, skb, 0, from, 4, 1);
    Step invalidate = (cpu, skb) -> SkBuffHelpers.storeBytes(cpu, skb, 0, from, 4, 2);
    assertThat(tc(set, tail(60), push(PUSH_VLAN, 1), store, read, invalidate, read).answers)
        .containsExactly(0, 0, 0, 0, 7, 0, 0);
    assertThat(tc(set, SkBuffHelpers::setHashInvalid, read).answers).containsExactly(0, 0, 0);
  }

  @Test
  void theChecksumLevelCountsUpToThree() {
    assertThat(tc(level(0), level(1), level(0), level(1), level(0), level(2), level(0)).answers)
        .containsExactly(EACCES, 0, 0, 0, 1, 0, 0);
    assertThat(
            tc(level(1), level(1), level(1), level(1), level(1), level(0), level(3), level(0))
                .answers)
        .containsExactly(0, 0, 0, 0, 0, 3, 0, EACCES);
    assertThat(tc(level(1), level(2), level(0), level(4)).answers)
        .containsExactly(0, 0, EACCES, EINVAL);
  }

  @Test
  void thereIsNoWholePacketChecksumToUpdate() {
    assertThat(tc((cpu, skb) -> SkBuffChecksumHelpers.update(cpu, skb, 5)).answers)
        .containsExactly(-524);
  }

  @ParameterizedTest
  @CsvSource({
    "SOCKET_FILTER, 0, 1, 14",
    "SOCKET_FILTER, 46, 4, 60",
    "SOCKET_FILTER, 47, 4, -1",
    "SOCKET_FILTER, 50, 1, -1",
    "SCHED_CLS, 0, 4, 0",
    "SCHED_CLS, 12, 2, 12",
    "SCHED_CLS, 60, 4, 60",
    "SCHED_CLS, 61, 4, -1",
    "SCHED_CLS, 64, 1, -1",
    "SCHED_CLS, -1, 1, -1",
    "SCHED_CLS, -4096, 4, -1",
    "SCHED_CLS, -1048576, 4, 14",
    "SOCKET_FILTER, -1048576, 4, 14",
    "SCHED_CLS, -1048527, 1, 63",
    "SCHED_CLS, -1048526, 1, -1",
    "SCHED_CLS, -1048577, 1, -1",
    "SCHED_CLS, -2097152, 4, 0",
    "SOCKET_FILTER, -2097140, 2, 12",
    "SCHED_CLS, -2097089, 1, 63",
    "SCHED_CLS, -2097088, 1, -1",
    "SCHED_CLS, -2097153, 1, -1",
    "SCHED_CLS, 2147483647, 4, -1",
    "SCHED_CLS, -2147483648, 1, -1"
  })
  void legacyLoadsReadNetworkOrderOrAreOutside(ProgramType type, int offset, int size, int at) {
    LegacyPacketAccess access = kernel.kind(type).legacyPacketAccess().orElseThrow();
    byte[] packet = frame(IPV4, 64);
    long expected = at < 0 ? LegacyPacketAccess.OUTSIDE : 0;
    for (int i = 0; at >= 0 && i < size; i++) {
      expected = expected << 8 | packet[at + i] & 0xff;
    }
    assertThat(run(type, packet, (cpu, skb) -> access.load(skb, offset, size)).answers)
        .containsExactly(expected);
  }

  private static Step load(long offset, long to, long size) {
    return (cpu, skb) -> SkBuffHelpers.loadBytes(cpu, skb, offset, to, size);
  }

  private static Step tail(int length) {
    return (cpu, skb) -> SkBuffHelpers.changeTail(cpu, skb, length, 0);
  }

  private static Step push(int protocol, int tag) {
    return (cpu, skb) -> SkBuffHelpers.vlanPush(cpu, skb, protocol, tag);
  }

  private static Step level(long operation) {
    return (cpu, skb) -> SkBuffChecksumHelpers.level(cpu, skb, operation);
  }

  private static long tag(Cpu cpu, long skb) {
    return Memory.getInt(skb + SkBuff.VLAN_PRESENT_OFFSET) == 0
        ? 0
        : tag(
            Memory.getInt(skb + SkBuff.VLAN_PROTO_OFFSET),
            Memory.getInt(skb + SkBuff.VLAN_TCI_OFFSET));
  }

  private static long tag(int protocol, int tag) {
    return 1L << 32 | (long) protocol << 16 | tag;
  }

  private static long protocol(Cpu cpu, long skb) {
    return Memory.getInt(skb + SkBuff.PROTOCOL_OFFSET);
  }

  /** A frame with those 16-bit words behind its addresses. */
  private static byte[] tagged(int... words) {
    byte[] frame = frame(0, 64);
    for (int i = 0; i < words.length; i++) {
      frame[12 + 2 * i] = (byte) (words[i] >> 8);
      frame[13 + 2 * i] = (byte) words[i];
    }
    return frame;
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  private long scratch(byte content) {
    Memory.fill(kernel.scratch.address(), 128, content);
    return kernel.scratch.address();
  }

  private static byte[] at(long address, int size) {
    byte[] bytes = new byte[size];
    Memory.copy(address, bytes, 0, size);
    return bytes;
  }

  private Seen tc(Step... steps) {
    return run(ProgramType.SCHED_CLS, frame(IPV4, 64), steps);
  }

  private Seen run(ProgramType type, byte[] packet, Step... steps) {
    long[] answers = new long[steps.length];
    TestRun.Result result =
        kernel.run(
            type,
            TestRun.of(packet),
            (cpu, skb) -> {
              for (int i = 0; i < steps.length; i++) {
                answers[i] = steps[i].on(cpu, skb);
              }
              return 0;
            });
    return new Seen(answers, result.data());
  }
}
