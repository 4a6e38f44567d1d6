package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.Elements.answer;
import static io.ebpf4j.conformance.Elements.room;
import static io.ebpf4j.conformance.Elements.u32;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Link;
import io.ebpf4j.Program;
import io.ebpf4j.conformance.TwinNetwork.Maker;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.Attachment.XdpMode;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Frames that go through XDP on veth pairs: what goes in, and what comes out, byte by byte. */
class RedirectTwinTest {
  static Stream<Maker> makers() {
    return TwinNetwork.makers();
  }

  static Stream<Arguments> modes() {
    return TwinNetwork.makers()
        .flatMap(maker ->
            Stream.of(XdpMode.NATIVE, XdpMode.GENERIC).map(mode -> Arguments.of(maker, mode)));
  }

  private static byte[] frame(int first, int length) {
    byte[] frame = new byte[length];
    for (int i = 0; i < length; i++) {
      frame[i] = (byte) (i * 3 + 1);
    }
    byte[] header = HexFormat.of().parseHex("0200000000aa0200000000bb88b5");
    System.arraycopy(header, 0, frame, 0, header.length);
    frame[14] = (byte) first;
    return frame;
  }

  private static Link attach(TwinNetwork network, String device, XdpMode mode, Program program) {
    return network.kernel().attach(program, new Attachment.Xdp(network.ifindex(device), mode));
  }

  private static Link attach(
      TwinNetwork network, String device, XdpMode mode, ProgramSpec spec, @Nullable BpfMap map) {
    Map<String, BpfMap> maps = map == null ? Map.of() : Map.of("targets", map);
    return attach(network, device, mode, network.kernel().loadProgram(spec, maps));
  }

  /** Lets a device take frames of XDP: its peer runs a native program that passes all. */
  private static void open(TwinNetwork network, String... peers) {
    for (String peer : peers) {
      attach(network, peer, XdpMode.NATIVE, XdpPrograms.verdict(2), null);
    }
  }

  private static BpfMap targets(TwinNetwork network, MapType type, String... devices) {
    BpfMap map = network.kernel().createMap(MapSpec.of("targets", type, 4, 4, devices.length));
    for (int i = 0; i < devices.length; i++) {
      map.update(u32(i), u32(network.ifindex(devices[i])), 0);
    }
    return map;
  }

  private static MemorySegment value(int ifindex, int fd) {
    MemorySegment value = room(8);
    value.set(ValueLayout.JAVA_INT_UNALIGNED, 0, ifindex);
    value.set(ValueLayout.JAVA_INT_UNALIGNED, 4, fd);
    return value;
  }

  private static List<String> hex(List<byte[]> frames) {
    List<String> hex = new ArrayList<>();
    frames.forEach(frame -> hex.add(HexFormat.of().formatHex(frame)));
    return hex;
  }

  private static void assertOut(TwinNetwork network, String device, byte[]... frames)
      throws Exception {
    assertThat(hex(network.received(device, frames.length)))
        .as("frames from " + device)
        .isEqualTo(hex(List.of(frames)));
  }

  @ParameterizedTest
  @MethodSource("modes")
  void everyVerdictIsFollowed(Maker maker, XdpMode mode) throws Exception {
    try (TwinNetwork network = maker.make(1)) {
      open(network, "a0");
      attach(network, "a1", mode, XdpPrograms.verdictOfPayload(), null);
      for (int verdict = 0; verdict < 7; verdict++) {
        network.send("a0", frame(verdict, 60 + verdict));
      }
      assertOut(network, "a1", frame(2, 62));
      assertOut(network, "a0", frame(3, 63));
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void turningBackNeedsAPeerThatRunsXdpInNativeModeOnly(Maker maker, XdpMode mode)
      throws Exception {
    try (TwinNetwork network = maker.make(1)) {
      attach(network, "a1", mode, XdpPrograms.verdict(3), null);
      network.send("a0", frame(7, 64));
      if (mode == XdpMode.NATIVE) {
        assertOut(network, "a0");
      } else {
        assertOut(network, "a0", frame(7, 64));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void aMapSendsFramesOn(Maker maker, XdpMode mode) throws Exception {
    for (MapType type : List.of(MapType.DEVMAP, MapType.DEVMAP_HASH)) {
      try (TwinNetwork network = maker.make(2)) {
        open(network, "b0");
        BpfMap map = targets(network, type, "b1");
        attach(network, "a1", mode, XdpPrograms.redirectMap(0, 2), map);
        network.send("a0", frame(1, 60));
        network.send("a0", frame(2, 1514));
        assertOut(network, "b0", frame(1, 60), frame(2, 1514));
        map.delete(u32(0));
        network.send("a0", frame(3, 64));
        assertOut(network, "a1", frame(3, 64));
        assertOut(network, "b0");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void aProgramNamesADeviceItself(Maker maker, XdpMode mode) throws Exception {
    try (TwinNetwork network = maker.make(2)) {
      open(network, "b0");
      attach(network, "a1", mode, XdpPrograms.redirect(network.ifindex("b1"), 0), null);
      network.send("a0", frame(1, 60));
      assertOut(network, "b0", frame(1, 60));
      assertOut(network, "a1");
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void aVethWhosePeerRunsNoXdpTakesOnlyFramesOfTheStack(Maker maker, XdpMode mode)
      throws Exception {
    try (TwinNetwork network = maker.make(2)) {
      BpfMap map = targets(network, MapType.DEVMAP, "b1");
      attach(network, "a1", mode, XdpPrograms.redirectMap(0, 2), map);
      network.send("a0", frame(1, 60));
      if (mode == XdpMode.NATIVE) {
        assertOut(network, "b0");
      } else {
        assertOut(network, "b0", frame(1, 60));
      }
      assertOut(network, "a1");
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void aBroadcastGoesToAll(Maker maker, XdpMode mode) throws Exception {
    for (MapType type : List.of(MapType.DEVMAP, MapType.DEVMAP_HASH)) {
      try (TwinNetwork network = maker.make(3)) {
        open(network, "a0", "b0", "c0");
        BpfMap map = targets(network, type, "a1", "b1", "c1");
        attach(network, "a1", mode, XdpPrograms.redirectMap(77, 8), map);
        network.send("a0", frame(1, 60));
        assertOut(network, "a0", frame(1, 60));
        assertOut(network, "b0", frame(1, 60));
        assertOut(network, "c0", frame(1, 60));
        assertOut(network, "a1");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void aBroadcastLeavesOutWhereTheFrameCameFrom(Maker maker, XdpMode mode) throws Exception {
    try (TwinNetwork network = maker.make(3)) {
      open(network, "a0", "b0", "c0");
      BpfMap map = targets(network, MapType.DEVMAP_HASH, "a1", "b1", "c1");
      attach(network, "a1", mode, XdpPrograms.redirectMap(0, 24), map);
      network.send("a0", frame(1, 60));
      assertOut(network, "b0", frame(1, 60));
      assertOut(network, "c0", frame(1, 60));
      assertOut(network, "a0");
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void aBroadcastMeetsADeviceThatIsDown(Maker maker, XdpMode mode) throws Exception {
    try (TwinNetwork network = maker.make(4)) {
      open(network, "b0", "c0", "d0");
      BpfMap map = targets(network, MapType.DEVMAP, "b1", "c1", "d1");
      attach(network, "a1", mode, XdpPrograms.redirectMap(0, 8), map);
      network.up("c1", false);
      network.send("a0", frame(1, 60));
      assertOut(network, "b0", frame(1, 60));
      if (mode == XdpMode.NATIVE) {
        assertOut(network, "d0", frame(1, 60));
      } else {
        assertOut(network, "d0");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void aFrameThatIsTooLongForItsTargetEnds(Maker maker, XdpMode mode) throws Exception {
    try (TwinNetwork network = maker.make(2)) {
      open(network, "b0");
      network.mtu("b1", 1000);
      BpfMap map = targets(network, MapType.DEVMAP, "b1");
      attach(network, "a1", mode, XdpPrograms.redirectMap(0, 0), map);
      network.send("a0", frame(1, 1018));
      network.send("a0", frame(2, 1019));
      assertOut(network, "b0", frame(1, 1018));
      assertOut(network, "b0");
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void redirectingWithoutATargetEndsTheFrame(Maker maker, XdpMode mode) throws Exception {
    try (TwinNetwork network = maker.make(2)) {
      open(network, "b0");
      attach(network, "a1", mode, XdpPrograms.verdict(4), null);
      network.send("a0", frame(1, 60));
      assertOut(network, "a1");
      assertOut(network, "a0");
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void anEgressProgramSeesWhereAFrameIsFromAndGoes(Maker maker, XdpMode mode) throws Exception {
    for (int offset : new int[] {12, 16, 20}) {
      try (TwinNetwork network = maker.make(2)) {
        open(network, "b0");
        Kernel kernel = network.kernel();
        Program egress =
            kernel.loadProgram(XdpPrograms.stamp(offset, 2, AttachType.XDP_DEVMAP), Map.of());
        BpfMap map = kernel.createMap(MapSpec.of("targets", MapType.DEVMAP, 4, 8, 1));
        map.update(u32(0), value(network.ifindex("b1"), egress.fd()), 0);
        attach(network, "a1", mode, XdpPrograms.redirectMap(0, 0), map);
        network.send("a0", frame(100, 60));
        int added =
            switch (offset) {
              case 12 -> network.ifindex("a1");
              case 16 -> 0;
              default -> network.ifindex("b1");
            };
        assertOut(network, "b0", frame(100 + added, 60));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void whatAnEgressProgramDoesNotPassEnds(Maker maker, XdpMode mode) throws Exception {
    try (TwinNetwork network = maker.make(2)) {
      open(network, "b0");
      Kernel kernel = network.kernel();
      BpfMap map = kernel.createMap(MapSpec.of("targets", MapType.DEVMAP_HASH, 4, 8, 1));
      attach(network, "a1", mode, XdpPrograms.redirectMap(0, 0), map);
      Program egress =
          kernel.loadProgram(
              XdpPrograms.verdictOfPayload().withExpectedAttachType(AttachType.XDP_DEVMAP),
              Map.of());
      map.update(u32(0), value(network.ifindex("b1"), egress.fd()), 0);
      for (int verdict = 0; verdict < 6; verdict++) {
        network.send("a0", frame(verdict, 60));
      }
      assertOut(network, "b0", frame(2, 60));
      assertOut(network, "a0");
      assertOut(network, "a1");
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void eachTargetOfABroadcastHasItsOwnProgram(Maker maker, XdpMode mode) throws Exception {
    try (TwinNetwork network = maker.make(4)) {
      open(network, "b0", "c0", "d0");
      Kernel kernel = network.kernel();
      Program stamp = kernel.loadProgram(XdpPrograms.stamp(20, 2, AttachType.XDP_DEVMAP), Map.of());
      BpfMap map = kernel.createMap(MapSpec.of("targets", MapType.DEVMAP, 4, 8, 3));
      map.update(u32(0), value(network.ifindex("b1"), stamp.fd()), 0);
      map.update(u32(1), value(network.ifindex("c1"), 0), 0);
      map.update(u32(2), value(network.ifindex("d1"), stamp.fd()), 0);
      attach(network, "a1", mode, XdpPrograms.redirectMap(0, 8), map);
      network.send("a0", frame(100, 60));
      assertOut(network, "b0", frame(100 + network.ifindex("b1"), 60));
      assertOut(network, "c0", frame(100, 60));
      assertOut(network, "d0", frame(100 + network.ifindex("d1"), 60));
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void aFrameIsSentAsTheProgramHasChangedIt(Maker maker, XdpMode mode) throws Exception {
    int[][] changes = {{44, 6}, {44, -20}, {65, -10}, {65, 20}, {54, -8}};
    for (int[] change : changes) {
      try (TwinNetwork network = maker.make(2)) {
        open(network, "b0");
        BpfMap map = targets(network, MapType.DEVMAP, "b1");
        ProgramSpec program = XdpPrograms.adjustAndRedirect(change[0], change[1]);
        attach(network, "a1", mode, program, map);
        byte[] sent = frame(9, 100);
        network.send("a0", sent);
        List<byte[]> out = network.received("b0", 1);
        assertThat(out).as("helper %d by %d", change[0], change[1]).hasSize(1);
        byte[] got = out.getFirst();
        int head = change[0] == 44 ? change[1] : 0;
        int tail = change[0] == 65 ? change[1] : 0;
        assertThat(got).hasSize(100 - head + tail);
        for (int i = Math.max(0, -head); i < Math.min(got.length, 100 - head); i++) {
          assertThat(got[i]).isEqualTo(sent[i + head]);
        }
        for (int i = 100; i < got.length - head && tail > 0; i++) {
          assertThat(got[i]).isZero();
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void attachingAnswers(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(1)) {
      Kernel kernel = network.kernel();
      Program pass = kernel.loadProgram(XdpPrograms.verdict(2), Map.of());
      Program drop = kernel.loadProgram(XdpPrograms.verdict(1), Map.of());
      Program egress = kernel.loadProgram(XdpPrograms.egress(2), Map.of());
      int ifindex = network.ifindex("a1");
      assertThat(attached(kernel, egress, ifindex, XdpMode.NATIVE)).isEqualTo("EINVAL");
      assertThat(attached(kernel, egress, ifindex, XdpMode.GENERIC)).isEqualTo("EINVAL");
      assertThat(attached(kernel, pass, 4711, XdpMode.ANY)).isEqualTo("EINVAL");
      assertThat(attached(kernel, pass, 1, XdpMode.NATIVE)).isEqualTo("ENOTSUP");
      Link link = attach(network, "a1", XdpMode.NATIVE, pass);
      assertThat(link.info().ifindex()).isEqualTo(ifindex);
      assertThat(link.info().type()).isEqualTo(6);
      for (XdpMode mode : XdpMode.values()) {
        assertThat(attached(kernel, drop, ifindex, mode))
            .isEqualTo(mode == XdpMode.GENERIC ? "EEXIST" : "EBUSY");
      }
      assertThat(answer(() -> link.update(egress))).isEqualTo("EINVAL");
      assertThat(answer(() -> link.update(drop, drop))).isEqualTo("EPERM");
      assertThat(answer(() -> link.update(drop, pass))).isEqualTo("OK");
      assertThat(link.info().programId()).isEqualTo(drop.id());
      network.send("a0", frame(1, 60));
      assertOut(network, "a1");
      link.detach();
      assertThat(link.info().ifindex()).isZero();
      assertThat(answer(() -> link.update(pass))).isEqualTo("ENOLINK");
      assertThat(answer(link::detach)).isEqualTo("OK");
      network.send("a0", frame(2, 60));
      assertOut(network, "a1", frame(2, 60));
      attach(network, "a1", XdpMode.GENERIC, drop);
      assertThat(attached(kernel, pass, ifindex, XdpMode.NATIVE)).isEqualTo("EEXIST");
      assertThat(attached(kernel, pass, ifindex, XdpMode.ANY)).isEqualTo("EEXIST");
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void longFramesNeedAProgramThatTakesFrags(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(1)) {
      Kernel kernel = network.kernel();
      Program pass = kernel.loadProgram(XdpPrograms.verdict(2), Map.of());
      Program frags = kernel.loadProgram(XdpPrograms.verdict(2).withFlags(false, true), Map.of());
      int ifindex = network.ifindex("a1");
      for (String device : List.of("a0", "a1")) {
        network.mtu(device, 3507);
      }
      assertThat(attached(kernel, pass, ifindex, XdpMode.NATIVE)).isEqualTo("ERANGE");
      assertThat(attached(kernel, pass, ifindex, XdpMode.GENERIC)).isEqualTo("OK");
      for (String device : List.of("a0", "a1")) {
        network.mtu(device, 3506);
      }
      assertThat(attached(kernel, pass, ifindex, XdpMode.NATIVE)).isEqualTo("OK");
      for (String device : List.of("a0", "a1")) {
        network.mtu(device, 9000);
      }
      try (Link _ = attach(network, "a1", XdpMode.NATIVE, frags)) {
        network.send("a0", frame(1, 9014));
        assertOut(network, "a1", frame(1, 9014));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void aLinkOfADeviceThatHasGoneStays(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(2)) {
      Link link = attach(network, "a1", XdpMode.NATIVE, XdpPrograms.verdict(2), null);
      Program next = network.kernel().loadProgram(XdpPrograms.verdict(1), Map.of());
      network.remove("a0");
      assertThat(link.info().ifindex()).isZero();
      assertThat(answer(() -> link.update(next))).isEqualTo("ENOLINK");
    }
  }

  private static String attached(Kernel kernel, Program program, int ifindex, XdpMode mode) {
    return answer(() -> kernel.attach(program, new Attachment.Xdp(ifindex, mode)).close());
  }
}
