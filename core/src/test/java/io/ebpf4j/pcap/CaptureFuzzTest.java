package io.ebpf4j.pcap;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Damaged captures are read up to the damage or refused by a sentence; nothing else happens. */
class CaptureFuzzTest {
  private static final int ROUNDS = 4000;

  @Test
  void mutationsOfGoodCapturesNeverDoMoreThanRefuse() throws Exception {
    List<byte[]> good =
        List.of(
            Files.readAllBytes(PcapReaderTest.resource("snap.pcap")),
            Files.readAllBytes(PcapReaderTest.resource("micro.pcap.gz")),
            pcapng());
    Random random = new Random(42);
    int refused = 0;
    for (int round = 0; round < ROUNDS; round++) {
      byte[] capture = mutate(good.get(round % good.size()), random);
      try (CaptureReader reader = Packet.reader(capture)) {
        while (reader.next()) {
          assertThat(reader.capturedLength()).isBetween(0, CaptureReader.MAX_PACKET_BYTES);
          assertThat(reader.originalLength()).isGreaterThanOrEqualTo(reader.capturedLength());
          reader.memory().asSlice(reader.offset(), reader.capturedLength());
          reader.timestampNanos();
        }
      } catch (IOException e) {
        assertThat(e).as("round " + round).isInstanceOf(CaptureFormatException.class);
        assertThat(e.getMessage()).startsWith("test capture, ").doesNotContain("\n");
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(ROUNDS / 4);
  }

  private static byte[] mutate(byte[] good, Random random) {
    byte[] capture = good.clone();
    for (int change = random.nextInt(4); change >= 0; change--) {
      int at = random.nextInt(capture.length);
      switch (random.nextInt(5)) {
        case 0 -> capture[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> capture[at] = (byte) random.nextInt();
        case 2 -> Arrays.fill(capture, at, Math.min(at + 4, capture.length), (byte) 0xff);
        case 3 -> capture = Arrays.copyOf(capture, Math.max(1, at));
        default -> {
          int length = Math.min(random.nextInt(40), capture.length - at);
          System.arraycopy(good, random.nextInt(good.length - length), capture, at, length);
        }
      }
    }
    return capture;
  }

  private static byte[] pcapng() {
    CaptureBytes capture = new CaptureBytes(ByteOrder.LITTLE_ENDIAN);
    for (int section = 0; section < 2; section++) {
      capture.order(section == 0 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN).section();
      capture.describedInterface(1, 0, capture.body().option(9, new byte[] {9}).u32(0));
      for (int packet = 0; packet < 6; packet++) {
        capture.enhancedPacket(0, packet, 90, new byte[10 * packet]);
        capture.block(5, capture.body().u32(packet));
      }
    }
    return capture.toBytes();
  }
}
