package io.ebpf4j.jvm.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.Program;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.jvm.net.CaptureDevice.Timing;
import io.ebpf4j.pcap.CaptureReader;
import io.ebpf4j.pcap.CaptureWriter;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.Attachment.XdpMode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CaptureDeviceTest {
  @TempDir Path directory;

  private Path capture(int packets, long nanosBetween) throws IOException {
    Path file = directory.resolve("in.pcap");
    try (CaptureWriter writer = CaptureWriter.create(file)) {
      for (int i = 0; i < packets; i++) {
        byte[] packet = PacketKernel.frame(0x0800, 60 + i % 100);
        writer.write(
            MemorySegment.ofArray(packet), 0, packet.length, packet.length, i * nanosBetween);
      }
    }
    return file;
  }

  private static List<byte[]> packets(Path file) throws IOException {
    List<byte[]> packets = new ArrayList<>();
    try (CaptureReader reader = CaptureReader.open(file)) {
      while (reader.next()) {
        packets.add(
            reader
                .memory()
                .asSlice(reader.offset(), reader.capturedLength())
                .toArray(ValueLayout.JAVA_BYTE));
      }
    }
    return packets;
  }

  @Test
  void aCaptureGoesThroughAProgramIntoAnother() throws Exception {
    Path in = capture(1000, 1);
    Path out = directory.resolve("out.pcapng");
    try (JvmKernel kernel = JvmKernel.builder().cpus(1).build()) {
      NetDevices devices = kernel.devices();
      CaptureDevice to =
          devices.addCapture(
              "to", DeviceSettings.DEFAULT, null, CaptureWriter.create(out), Timing.FULL_SPEED);
      CaptureDevice from =
          devices.addCapture(
              "from",
              DeviceSettings.DEFAULT.withUp(false),
              CaptureReader.open(in),
              null,
              Timing.FULL_SPEED);
      Program program =
          kernel.loadProgram(XdpPrograms.redirect(to.device().ifindex(), 0), Map.of());
      kernel.attach(program, new Attachment.Xdp(from.device().ifindex(), XdpMode.NATIVE));
      from.device().setUp(true);
      from.awaitEnd();
      assertThat(from.device().counters().redirected()).isEqualTo(1000);
      assertThat(to.device().counters().txPackets()).isEqualTo(1000);
      assertThat(devices.framesInUse()).isZero();
      assertThat(from.failure()).isEmpty();
    }
    assertThat(packets(out)).usingRecursiveComparison().isEqualTo(packets(in));
  }

  @Test
  void packetsArriveWithTheTimeBetweenThemThatTheyWereRecordedWith() throws Exception {
    Path in = capture(3, 50_000_000);
    try (JvmKernel kernel = JvmKernel.builder().cpus(1).build()) {
      long start = System.nanoTime();
      CaptureDevice from =
          kernel
              .devices()
              .addCapture(
                  "from", DeviceSettings.DEFAULT, CaptureReader.open(in), null, Timing.RECORDED);
      from.awaitEnd();
      assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(100_000_000);
      assertThat(from.device().counters().passed()).isEqualTo(3);
    }
  }
}
