package io.ebpf4j.jvm.program;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfException;
import io.ebpf4j.isa.Assembler;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a load tells the flight recorder. */
class FlightRecorderTest {
  @TempDir Path directory;

  @Test
  void verifyingAndCompilingAreEvents() throws Exception {
    List<RecordedEvent> events = recorded("r0 = 2\nif r1 == 0 goto +1\nr0 = 1\nexit");

    assertThat(events).hasSize(2);
    RecordedEvent verified = events.get(0);
    assertThat(verified.getEventType().getName()).isEqualTo("io.ebpf4j.Verify");
    assertThat(verified.getString("program")).isEqualTo("recorded");
    assertThat(verified.getString("type")).isEqualTo("xdp");
    assertThat(verified.getInt("instructions")).isEqualTo(4);
    assertThat(verified.getInt("processed")).isPositive();
    assertThat(verified.getBoolean("accepted")).isTrue();
    RecordedEvent compiled = events.get(1);
    assertThat(compiled.getEventType().getName()).isEqualTo("io.ebpf4j.Compile");
    assertThat(compiled.getString("className")).isEqualTo("ebpf.recorded");
    assertThat(compiled.getInt("parts")).isEqualTo(1);
    assertThat(compiled.getInt("bytes")).isGreaterThan(100);
    assertThat(compiled.getDuration()).isPositive();
  }

  @Test
  void aRefusalIsAnEventToo() throws Exception {
    List<RecordedEvent> events = recorded("r0 = *(u64 *)(r1 + 0)\nexit");

    assertThat(events).hasSize(1);
    assertThat(events.getFirst().getBoolean("accepted")).isFalse();
  }

  private List<RecordedEvent> recorded(String source) throws Exception {
    Path file = directory.resolve("load.jfr");
    try (Recording recording = new Recording();
        JvmKernel kernel = JvmKernel.builder().verified(true).build()) {
      recording.enable("io.ebpf4j.Verify").withoutThreshold();
      recording.enable("io.ebpf4j.Compile").withoutThreshold();
      recording.start();
      ProgramSpec program =
          ProgramSpec.of("recorded", ProgramType.XDP, Assembler.assemble(source).instructions());
      try {
        kernel.loadProgram(program, Map.of()).close();
      } catch (BpfException e) {
        // The event tells.
      }
      recording.stop();
      recording.dump(file);
    }
    return RecordingFile.readAllEvents(file);
  }
}
