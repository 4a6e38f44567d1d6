package io.ebpf4j.jvm.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.Program;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.Attachment.XdpMode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NetFlightTest {
  @Test
  void aRecordingTellsWhyAFrameEnded(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("net.jfr");
    int ifindex;
    try (JvmKernel kernel = JvmKernel.builder().cpus(1).build();
        Recording recording = new Recording()) {
      ApplicationDevice in = kernel.devices().addApplication("in");
      ifindex = in.ifindex();
      Program program = kernel.loadProgram(XdpPrograms.redirect(77, 0), Map.of());
      kernel.attach(program, new Attachment.Xdp(ifindex, XdpMode.NATIVE));
      recording.enable("io.ebpf4j.frame_dropped");
      recording.enable("io.ebpf4j.xdp_redirect_err");
      recording.start();
      in.receive(PacketKernel.frame(0x0800, 64));
      recording.stop();
      recording.dump(file);
      in.receive(PacketKernel.frame(0x0800, 64));
    }
    List<RecordedEvent> events = RecordingFile.readAllEvents(file);
    assertThat(events)
        .filteredOn(event -> event.getEventType().getName().equals("io.ebpf4j.xdp_redirect_err"))
        .singleElement()
        .satisfies(event -> assertThat(event.getInt("err")).isEqualTo(-22))
        .satisfies(event -> assertThat(event.getInt("toIfindex")).isEqualTo(77));
    assertThat(events)
        .filteredOn(event -> event.getEventType().getName().equals("io.ebpf4j.frame_dropped"))
        .singleElement()
        .satisfies(event -> assertThat(event.getInt("ifindex")).isEqualTo(ifindex))
        .satisfies(
            event -> assertThat(event.getString("reason")).isEqualTo("redirect_to_no_device"));
  }
}
