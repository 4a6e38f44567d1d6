package io.ebpf4j.pcap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CaptureWriterTest {
  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(
      strings = {"out.pcap", "out.pcapng", "OUT.PCAPNG", "out", "out.pcap.gz", "out.pcapng.gz"})
  void whatIsWrittenIsReadBack(String name) throws Exception {
    Random random = new Random(1);
    Path file = directory.resolve(name);
    List<Packet> written = new ArrayList<>();
    try (CaptureWriter writer = CaptureWriter.create(file)) {
      for (int packet = 0; packet < 2000; packet++) {
        byte[] data =
            new byte[packet == 999 ? CaptureReader.MAX_PACKET_BYTES : random.nextInt(1500)];
        random.nextBytes(data);
        int original = data.length + random.nextInt(2);
        long nanos = random.nextLong(0xffffffffL * 1_000_000_000);
        writer.write(MemorySegment.ofArray(data), 0, data.length, original, nanos);
        written.add(new Packet(nanos, original, 0, HexFormat.of().formatHex(data)));
      }
      assertThat(writer.packets()).isEqualTo(2000);
    }

    assertThat(Packet.readAll(file)).isEqualTo(written);
  }

  @Test
  void theNameChoosesTheFormat() throws Exception {
    CaptureWriter.create(directory.resolve("a.pcap")).close();
    CaptureWriter.create(directory.resolve("a.pcapng")).close();
    CaptureWriter.create(directory.resolve("a.pcap.gz")).close();

    assertThat(Files.readAllBytes(directory.resolve("a.pcap"))).startsWith(0x4d, 0x3c, 0xb2, 0xa1);
    assertThat(Files.readAllBytes(directory.resolve("a.pcapng")))
        .startsWith(0x0a, 0x0d, 0x0d, 0x0a);
    assertThat(Files.readAllBytes(directory.resolve("a.pcap.gz"))).startsWith(0x1f, 0x8b);
  }

  @Test
  void aFullDiskIsOneSentenceAndLeavesNoDoubt() throws Exception {
    CaptureWriter writer = CaptureWriter.to(new FullDisk(1500), "out.pcap");
    MemorySegment packet = MemorySegment.ofArray(new byte[1400]);
    assertThatThrownBy(
            () -> {
              for (int count = 0; count < 1000; count++) {
                writer.write(packet, 0, 1400, 1400, 0);
              }
            })
        .isInstanceOf(IOException.class)
        .hasMessage(
            "out.pcap could not be written to its end: No space left on device; the file is"
                + " incomplete: make room or choose another place, and run again");
    assertThatThrownBy(() -> writer.write(packet, 0, 1400, 1400, 0))
        .isInstanceOf(IllegalStateException.class);
    writer.close();
  }

  @Test
  void aFullDiskAtTheEndIsReportedByClose() throws Exception {
    CaptureWriter writer = CaptureWriter.to(new FullDisk(30), "out.pcap");
    writer.write(MemorySegment.ofArray(new byte[1400]), 0, 1400, 1400, 0);

    assertThatThrownBy(writer::close)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the file is incomplete");
  }

  @Test
  void aFileThatCannotBeCreatedIsSaidToBeSo() {
    assertThatThrownBy(() -> CaptureWriter.create(directory.resolve("none/a.pcap")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("its directory does not exist");
    assertThatThrownBy(() -> CaptureWriter.create(directory))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is a directory");
  }

  @Test
  void packetsThatNoCaptureHoldsAreRefused() throws Exception {
    MemorySegment packet = MemorySegment.ofArray(new byte[CaptureReader.MAX_PACKET_BYTES + 1]);
    try (CaptureWriter writer = CaptureWriter.create(directory.resolve("a.pcap"))) {
      int length = (int) packet.byteSize();
      assertThatThrownBy(() -> writer.write(packet, 0, length, length, 0))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> writer.write(packet, 0, 60, 59, 0))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  /** Takes so many bytes and no more. */
  private static final class FullDisk implements WritableByteChannel {
    private int room;

    FullDisk(int room) {
      this.room = room;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      if (room == 0) {
        throw new IOException("No space left on device");
      }
      int count = Math.min(room, source.remaining());
      source.position(source.position() + count);
      room -= count;
      return count;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
