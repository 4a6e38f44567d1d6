package io.ebpf4j.pcap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PcapReaderTest {
  private static final byte[] DATA = {1, 2, 3, 4, 5};

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"micro", "nano", "snap"})
  void readsWhatTcpdumpReads(String name) throws Exception {
    List<Packet> packets = Packet.readAll(resource(name + ".pcap"));

    assertThat(packets).isNotEmpty().isEqualTo(tcpdumpListing(resource(name + ".txt")));
  }

  @Test
  void gzipIsToldByItsContent() throws Exception {
    assertThat(Packet.readAll(resource("micro.pcap.gz")))
        .isEqualTo(Packet.readAll(resource("micro.pcap")));
  }

  @Test
  void gzipFileOfSeveralMembersIsReadWhole() throws Exception {
    byte[] capture = Files.readAllBytes(resource("micro.pcap"));
    ByteArrayOutputStream members = new ByteArrayOutputStream();
    for (int part = 0; part < capture.length; part += 700) {
      try (GZIPOutputStream gzip = new GZIPOutputStream(members)) {
        gzip.write(capture, part, Math.min(700, capture.length - part));
      }
    }

    assertThat(Packet.readAll(members.toByteArray())).isEqualTo(Packet.readAll(capture));
  }

  @ParameterizedTest
  @ValueSource(strings = {"LITTLE_ENDIAN", "BIG_ENDIAN"})
  void readsEitherByteOrderAndBothUnits(String order) throws Exception {
    CaptureBytes micro = CaptureBytes.pcap(order(order), 0xa1b2c3d4, 1);
    CaptureBytes nano = CaptureBytes.pcap(order(order), 0xa1b23c4d, 1);

    assertThat(Packet.readAll(micro.pcapPacket(7, 8, 5, DATA).toBytes()))
        .containsExactly(new Packet(7_000_008_000L, 5, 0, "0102030405"));
    assertThat(Packet.readAll(nano.pcapPacket(7, 8, 5, DATA).toBytes()))
        .containsExactly(new Packet(7_000_000_008L, 5, 0, "0102030405"));
  }

  @Test
  void secondsAreUnsigned() throws Exception {
    byte[] capture = little().pcapPacket(0xfffffffeL, 0, 5, DATA).toBytes();

    assertThat(Packet.readAll(capture).getFirst().timestampNanos())
        .isEqualTo(4_294_967_294_000_000_000L);
  }

  @Test
  void packetsTruncatedWhenRecordedAreCounted() throws Exception {
    byte[] capture = little().pcapPacket(0, 0, 5, DATA).pcapPacket(0, 0, 1500, DATA).toBytes();

    try (CaptureReader reader = Packet.reader(capture)) {
      Packet.readAll(reader);

      assertThat(reader.packets()).isEqualTo(2);
      assertThat(reader.truncatedPackets()).isEqualTo(1);
    }
  }

  @Test
  void emptyPacketsAndTheLargestAreRead() throws Exception {
    byte[] largest = new byte[CaptureReader.MAX_PACKET_BYTES];
    Arrays.fill(largest, (byte) 7);
    CaptureBytes capture = little().pcapPacket(0, 0, 0, new byte[0]);
    for (int packet = 0; packet < 9; packet++) {
      capture.pcapPacket(0, 0, largest.length, largest);
    }

    List<Packet> packets = Packet.readAll(capture.toBytes());

    assertThat(packets).hasSize(10);
    assertThat(packets.getFirst().hex()).isEmpty();
    assertThat(packets.subList(1, 10))
        .allSatisfy(packet -> assertThat(packet.hex()).isEqualTo("07".repeat(largest.length)));
  }

  @Test
  void everyWayToCutACaptureOffNamesTheBrokenPacket() throws Exception {
    byte[] capture = little().pcapPacket(0, 0, 5, DATA).pcapPacket(0, 0, 5, DATA).toBytes();
    for (int length = 25; length < capture.length; length++) {
      if (length == 24 + 21) {
        continue;
      }
      int broken = length < 24 + 21 ? 1 : 2;
      try (CaptureReader reader = Packet.reader(Arrays.copyOf(capture, length))) {
        assertThatThrownBy(() -> Packet.readAll(reader))
            .isInstanceOf(CaptureFormatException.class)
            .hasMessageStartingWith("test capture, byte " + (24 + 21 * (broken - 1)) + ": the")
            .hasMessageContaining("ends inside")
            .hasMessageContaining("packet " + broken);
        assertThat(reader.packets()).isEqualTo(broken - 1);
      }
    }
  }

  @Test
  void absurdLengthsAreRefused() {
    for (int length : new int[] {CaptureReader.MAX_PACKET_BYTES + 1, Integer.MAX_VALUE, -1}) {
      byte[] capture = little().u32(0).u32(0).u32(length).u32(length).toBytes();

      assertThatThrownBy(() -> Packet.readAll(capture))
          .isInstanceOf(CaptureFormatException.class)
          .hasMessageContaining(
              "byte 24: packet 1 says it has " + Integer.toUnsignedString(length) + " bytes");
    }
  }

  @Test
  void anEmptyFileIsSaidToBeEmpty() throws Exception {
    Path file = Files.createFile(directory.resolve("empty.pcap"));

    assertThatThrownBy(() -> Packet.readAll(file))
        .isInstanceOfSatisfying(
            CaptureFormatException.class,
            e -> {
              assertThat(e.file()).isEqualTo(file.toString());
              assertThat(e.offset()).isZero();
            })
        .hasMessageContaining("is empty");
  }

  @Test
  void aFileThatIsNoCaptureIsRefusedByItsFirstBytes() {
    assertThatThrownBy(() -> Packet.readAll(new byte[] {0x7f, 'E', 'L', 'F', 2, 1}))
        .isInstanceOf(CaptureFormatException.class)
        .hasMessageContaining("begins with 7f454c46");
  }

  @Test
  void otherVersionsAreRefused() {
    byte[] capture = little().toBytes();
    capture[4] = 3;

    assertThatThrownBy(() -> Packet.readAll(capture))
        .isInstanceOf(CaptureFormatException.class)
        .hasMessageContaining("version 3.4");
  }

  @Test
  void otherLinkTypesAreRefusedByName() {
    assertThatThrownBy(() -> Packet.readAll(resource("any.pcap")))
        .isInstanceOf(CaptureFormatException.class)
        .hasMessageContaining("link type LINUX_SLL2 (276)");
  }

  @Test
  void damagedCompressionIsSaidToBeDamaged() throws Exception {
    byte[] capture = Files.readAllBytes(resource("micro.pcap.gz"));
    byte[] flipped = capture.clone();
    flipped[capture.length / 2] ^= 0x55;

    assertThatThrownBy(() -> Packet.readAll(Arrays.copyOf(capture, capture.length / 2)))
        .isInstanceOf(CaptureFormatException.class)
        .hasMessageContaining(", byte " + capture.length / 2 + ": ")
        .hasMessageContaining("the compressed data end in the middle");
    assertThatThrownBy(() -> Packet.readAll(flipped)).isInstanceOf(CaptureFormatException.class);
    assertThatThrownBy(() -> Packet.readAll(Arrays.copyOf(capture, 5)))
        .isInstanceOf(CaptureFormatException.class)
        .hasMessageContaining("gzip header");
  }

  @Test
  void aPlaceInACompressedCaptureIsSaidToBeUnpacked() throws Exception {
    byte[] capture = Files.readAllBytes(resource("micro.pcap"));
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
      gzip.write(capture, 0, 30);
    }

    assertThatThrownBy(() -> Packet.readAll(compressed.toByteArray()))
        .hasMessageContaining(", unpacked byte 24: ")
        .hasMessageContaining("the header of packet 1 (6 bytes are left)");
  }

  @Test
  void whatIsLeftOfAPacketIsCountedWithoutItsHeader() throws Exception {
    byte[] capture = Files.readAllBytes(resource("micro.pcap"));

    assertThatThrownBy(() -> Packet.readAll(Arrays.copyOf(capture, 24 + 16 + 10)))
        .hasMessageContaining("packet 1 of ")
        .hasMessageContaining("(10 bytes are left)");
    assertThatThrownBy(() -> Packet.readAll(Arrays.copyOf(capture, 24 + 16 + 1)))
        .hasMessageContaining("(1 byte is left)");
  }

  @Test
  void missingFilesAndDirectoriesAreSaidToBeSo() {
    assertThatThrownBy(() -> CaptureReader.open(directory.resolve("none.pcap")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("none.pcap does not exist");
    assertThatThrownBy(() -> CaptureReader.open(directory))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is a directory");
  }

  private static CaptureBytes little() {
    return CaptureBytes.pcap(ByteOrder.LITTLE_ENDIAN, 0xa1b2c3d4, 1);
  }

  private static ByteOrder order(String name) {
    return name.equals("BIG_ENDIAN") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
  }

  static Path resource(String name) throws Exception {
    return Path.of(PcapReaderTest.class.getResource("/pcap/" + name).toURI());
  }

  /** Packets as tcpdump lists them: a line with time and length, then lines of hex. */
  private static List<Packet> tcpdumpListing(Path listing) throws IOException {
    Pattern head = Pattern.compile("(\\d+\\.\\d{9}) .*? length (\\d+): .*");
    Pattern hex = Pattern.compile("\\s+0x[0-9a-f]{4}:\\s+([0-9a-f ]+)");
    List<Packet> packets = new ArrayList<>();
    for (String line : Files.readAllLines(listing)) {
      Matcher matcher = head.matcher(line);
      Matcher bytes = hex.matcher(line);
      if (matcher.matches()) {
        long nanos = new BigDecimal(matcher.group(1)).movePointRight(9).longValueExact();
        packets.add(new Packet(nanos, Integer.parseInt(matcher.group(2)), 0, ""));
      } else if (bytes.matches()) {
        Packet last = packets.removeLast();
        packets.add(
            new Packet(
                last.timestampNanos(),
                last.originalLength(),
                0,
                last.hex() + bytes.group(1).replace(" ", "")));
      }
    }
    return packets;
  }
}
