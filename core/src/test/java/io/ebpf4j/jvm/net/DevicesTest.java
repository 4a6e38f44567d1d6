package io.ebpf4j.jvm.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Link;
import io.ebpf4j.Program;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.Attachment.XdpMode;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Devices of the kernel in the JVM: what goes in comes out, and every frame is counted. */
class DevicesTest {
  private final JvmKernel kernel = JvmKernel.builder().cpus(2).build();
  private final NetDevices devices = kernel.devices();

  @AfterEach
  void noFrameIsLost() throws InterruptedException {
    for (int waited = 0; devices.framesInUse() > 0 && waited < 2000; waited++) {
      Thread.sleep(1);
    }
    assertThat(devices.framesInUse()).isZero();
    for (NetDevice device : devices.all()) {
      DeviceCounters counters = device.counters();
      assertThat(counters.rxPackets())
          .isEqualTo(
              counters.passed() + counters.turned() + counters.redirected() + counters.rxDropped());
      assertThat(counters.txQueued()).isEqualTo(counters.txPackets() + counters.txDropped());
    }
    kernel.close();
  }

  private static byte[] packet(int length) {
    return PacketKernel.frame(0x0800, length);
  }

  private Link attach(ProgramSpec spec, int ifindex, XdpMode mode, Map<String, BpfMap> maps) {
    Program program = kernel.loadProgram(spec, maps);
    return kernel.attach(program, new Attachment.Xdp(ifindex, mode));
  }

  private Map<String, BpfMap> targets(MapType type, int... ifindexes) {
    BpfMap map = kernel.createMap(MapSpec.of("targets", type, 4, 4, ifindexes.length));
    for (int i = 0; i < ifindexes.length; i++) {
      map.update(PacketKernel.ints(i), PacketKernel.ints(ifindexes[i]));
    }
    return Map.of("targets", map);
  }

  private static List<byte[]> sent(ApplicationDevice device) {
    List<byte[]> sent = new ArrayList<>();
    device.onTransmit(frame -> sent.add(frame.bytes()));
    return sent;
  }

  @Test
  void aFrameWithoutAProgramPasses() {
    ApplicationDevice wire = devices.addApplication("a0");
    List<byte[]> passed = new ArrayList<>();
    wire.device().onPass(frame -> passed.add(frame.bytes()));
    byte[] packet = packet(64);
    wire.receive(packet);
    assertThat(passed).containsExactly(packet);
    assertThat(wire.device().counters().passed()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(names = {"NATIVE", "GENERIC"})
  void aDeviceMapSendsFramesOn(XdpMode mode) {
    ApplicationDevice in = devices.addApplication("in");
    ApplicationDevice out = devices.addApplication("out");
    List<byte[]> sent = sent(out);
    attach(
        XdpPrograms.redirectMap(0, 0),
        in.ifindex(),
        mode,
        targets(MapType.DEVMAP_HASH, out.ifindex()));
    byte[] packet = packet(1514);
    in.receive(packet);
    assertThat(sent).containsExactly(packet);
  }

  @Test
  void aBroadcastGoesToAllButWhereItCameFrom() {
    ApplicationDevice a = devices.addApplication("a");
    ApplicationDevice b = devices.addApplication("b");
    ApplicationDevice c = devices.addApplication("c");
    List<byte[]> toA = sent(a);
    List<byte[]> toB = sent(b);
    List<byte[]> toC = sent(c);
    attach(
        XdpPrograms.redirectMap(9, 3 << 3),
        a.ifindex(),
        XdpMode.NATIVE,
        targets(MapType.DEVMAP, a.ifindex(), b.ifindex(), c.ifindex()));
    a.receive(packet(60));
    assertThat(toA).isEmpty();
    assertThat(toB).containsExactly(packet(60));
    assertThat(toC).containsExactly(packet(60));
    assertThat(a.device().counters().cloned()).isEqualTo(1);
  }

  @Test
  void aVethTakesRedirectedFramesOnceItsPeerRunsXdp() {
    ApplicationDevice in = devices.addApplication("in");
    VethPair veth = devices.addVeth("v0", "v1");
    List<byte[]> passed = new ArrayList<>();
    veth.peer().onPass(frame -> passed.add(frame.bytes()));
    attach(
        XdpPrograms.redirect(veth.device().ifindex(), 0), in.ifindex(), XdpMode.NATIVE, Map.of());
    in.receive(packet(64));
    assertThat(in.device().counters().drops()).containsEntry(DropReason.REDIRECT_NOT_SUPPORTED, 1L);
    attach(XdpPrograms.verdict(XdpPrograms.PASS), veth.peer().ifindex(), XdpMode.NATIVE, Map.of());
    in.receive(packet(64));
    assertThat(passed).containsExactly(packet(64));
  }

  @Test
  void whatAHandlerGivesToAnotherDeviceIsSeenThroughToo() {
    ApplicationDevice first = devices.addApplication("first");
    ApplicationDevice second =
        devices.addApplication("second", DeviceSettings.DEFAULT.withFirstCpu(1));
    List<byte[]> sent = sent(second);
    first.onTransmit(frame -> second.receive(frame.bytes()));
    attach(XdpPrograms.verdict(XdpPrograms.TX), first.ifindex(), XdpMode.NATIVE, Map.of());
    attach(XdpPrograms.verdict(XdpPrograms.TX), second.ifindex(), XdpMode.NATIVE, Map.of());
    for (int i = 0; i < 100; i++) {
      first.receive(packet(64 + i));
    }
    assertThat(sent).hasSize(100);
  }

  @Test
  void aRemovedDeviceLeavesEveryMap() {
    ApplicationDevice in = devices.addApplication("in");
    ApplicationDevice out = devices.addApplication("out");
    Map<String, BpfMap> maps = targets(MapType.DEVMAP, out.ifindex());
    Link link =
        attach(XdpPrograms.redirectMap(0, XdpPrograms.PASS), in.ifindex(), XdpMode.NATIVE, maps);
    in.receive(packet(64));
    out.device().remove();
    in.receive(packet(64));
    assertThat(maps.values()).allMatch(map -> map.lookup(PacketKernel.ints(0)) == null);
    assertThat(in.device().counters().passed()).isEqualTo(1);
    in.device().remove();
    assertThat(link.info().ifindex()).isZero();
  }

  @Test
  void theMapsProgramRunsBeforeAFrameIsSent() {
    ApplicationDevice in = devices.addApplication("in");
    ApplicationDevice out = devices.addApplication("out");
    List<byte[]> sent = sent(out);
    Program egress = kernel.loadProgram(XdpPrograms.stampEgress(), Map.of());
    BpfMap map = kernel.createMap(MapSpec.of("targets", MapType.DEVMAP, 4, 8, 4));
    map.update(PacketKernel.ints(1), PacketKernel.ints(out.ifindex(), egress.fd()));
    assertThat(map.lookup(PacketKernel.ints(1)))
        .isEqualTo(PacketKernel.ints(out.ifindex(), egress.id()));
    attach(XdpPrograms.redirectMap(1, 0), in.ifindex(), XdpMode.NATIVE, Map.of("targets", map));
    in.receive(packet(64));
    assertThat(sent.getFirst()[0]).isEqualTo((byte) out.ifindex());
  }

  @Test
  void aSecondProgramFindsTheDeviceBusy() {
    ApplicationDevice wire = devices.addApplication("a");
    attach(XdpPrograms.verdict(XdpPrograms.PASS), wire.ifindex(), XdpMode.ANY, Map.of());
    PacketKernel.refuses(
        Errno.EBUSY,
        () -> attach(XdpPrograms.verdict(1), wire.ifindex(), XdpMode.NATIVE, Map.of()));
    PacketKernel.refuses(
        Errno.EEXIST,
        () -> attach(XdpPrograms.verdict(1), wire.ifindex(), XdpMode.GENERIC, Map.of()));
  }

  @Test
  void listenersHearWhyAFrameEnded() {
    ApplicationDevice in = devices.addApplication("in");
    List<NetEvent> heard = new ArrayList<>();
    attach(XdpPrograms.redirect(77, 0), in.ifindex(), XdpMode.NATIVE, Map.of());
    try (NetDevices.Listening _ = devices.listen(heard::add)) {
      in.receive(packet(64));
    }
    in.receive(packet(64));
    assertThat(heard).hasSize(2);
    assertThat(heard.get(0)).isInstanceOf(NetEvent.XdpRedirectErr.class);
    assertThat(heard.get(1))
        .isEqualTo(new NetEvent.FrameDropped(in.ifindex(), "in", DropReason.REDIRECT_TO_NO_DEVICE));
  }

  @Test
  void aReceiverTakesFramesOutOfAQueue() {
    ApplicationDevice in = devices.addApplication("in", DeviceSettings.DEFAULT.withRxQueues(2));
    BpfMap map = kernel.createMap(MapSpec.of("targets", MapType.XSKMAP, 4, 4, 4));
    attach(
        XdpPrograms.redirectMap(0, XdpPrograms.PASS),
        in.ifindex(),
        XdpMode.NATIVE,
        Map.of("targets", map));
    List<byte[]> received = new ArrayList<>();
    try (FrameReceiver receiver = devices.openReceiver(in.device(), 1, 2)) {
      map.update(PacketKernel.ints(0), PacketKernel.ints(receiver.fd()));
      in.receive(0, wire -> wire.receive(packet(60)));
      for (int i = 0; i < 3; i++) {
        byte[] packet = packet(70 + i);
        in.receive(1, wire -> wire.receive(packet));
      }
      assertThat(receiver.await(1)).isTrue();
      assertThat(receiver.receive(64, frame -> received.add(frame.bytes()))).isEqualTo(2);
      assertThat(receiver.await(1)).isFalse();
      in.receive(1, wire -> wire.receive(packet(80)));
    }
    assertThat(received).containsExactly(packet(70), packet(71));
    assertThat(in.device().counters().drops())
        .containsEntry(DropReason.SOCKET_ELSEWHERE, 1L)
        .containsEntry(DropReason.SOCKET_QUEUE_FULL, 1L);
    in.receive(1, wire -> wire.receive(packet(90)));
    assertThat(in.device().counters().passed()).isEqualTo(1);
    map.close();
  }

  @Test
  void namesAreUniqueAndShort() {
    devices.addApplication("a");
    PacketKernel.refuses(Errno.EEXIST, () -> devices.addApplication("a"));
    PacketKernel.refuses(Errno.EINVAL, () -> devices.addApplication("0123456789abcdef"));
    try {
      devices.loopback().remove();
    } catch (BpfException refused) {
      assertThat(refused.errno()).isEqualTo(Errno.ENOTSUP);
    }
  }
}
