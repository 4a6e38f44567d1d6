package io.ebpf4j.pcap;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PcapngReaderTest {
  private static final byte[] DATA = {1, 2, 3, 4, 5};

  @Test
  void readsBothByteOrders() throws Exception {
    for (var order : new java.nio.ByteOrder[] {LITTLE_ENDIAN, BIG_ENDIAN}) {
      byte[] capture =
          new CaptureBytes(order).section().ethernet().enhancedPacket(0, 7, 9, DATA).toBytes();

      assertThat(Packet.readAll(capture)).containsExactly(new Packet(7000, 9, 0, "0102030405"));
    }
  }

  @Test
  void aSectionHasItsOwnByteOrderAndInterfaces() throws Exception {
    byte[] capture =
        new CaptureBytes(LITTLE_ENDIAN)
            .section()
            .ethernet()
            .enhancedPacket(0, 1, 5, DATA)
            .order(BIG_ENDIAN)
            .section()
            .describedInterface(1, 0, new CaptureBytes(BIG_ENDIAN).option(9, new byte[] {9}))
            .enhancedPacket(0, 1, 5, DATA)
            .toBytes();

    assertThat(Packet.readAll(capture))
        .extracting(Packet::timestampNanos)
        .containsExactly(1000L, 1L);
  }

  @Test
  void interfacesOfAnEarlierSectionAreForgotten() {
    byte[] capture = little().ethernet().section().enhancedPacket(0, 1, 5, DATA).toBytes();

    assertThatThrownBy(() -> Packet.readAll(capture))
        .isInstanceOf(CaptureFormatException.class)
        .hasMessageContaining("packet 1 of interface 0, of which the section describes 0");
  }

  @Test
  void everyInterfaceHasItsUnitAndOffset() throws Exception {
    CaptureBytes capture =
        little()
            .ethernet()
            .describedInterface(1, 0, new CaptureBytes(LITTLE_ENDIAN).option(9, new byte[] {3}))
            .describedInterface(
                1,
                0,
                new CaptureBytes(LITTLE_ENDIAN)
                    .option(1, "a comment".getBytes(java.nio.charset.StandardCharsets.UTF_8))
                    .option(9, new byte[] {(byte) 0x81})
                    .option(14, new CaptureBytes(LITTLE_ENDIAN).u64(100).toBytes())
                    .u32(0));
    for (int id = 0; id < 3; id++) {
      capture.enhancedPacket(id, 3, 5, DATA);
    }

    assertThat(Packet.readAll(capture.toBytes()))
        .extracting(Packet::timestampNanos)
        .containsExactly(3_000L, 3_000_000L, 101_500_000_000L);
  }

  @Test
  void optionsOfAPacketAreNotPartOfIt() throws Exception {
    CaptureBytes body =
        new CaptureBytes(LITTLE_ENDIAN).u32(0).u32(0).u32(0).u32(5).u32(5).bytes(DATA).pad();
    byte[] capture =
        little().ethernet().block(6, body.option(2, new byte[] {1, 0, 0, 0}).u32(0)).toBytes();

    assertThat(Packet.readAll(capture)).containsExactly(new Packet(0, 5, 0, "0102030405"));
  }

  @Test
  void simplePacketsEndAtTheSnapLength() throws Exception {
    CaptureBytes whole = new CaptureBytes(LITTLE_ENDIAN).u32(5).bytes(DATA).pad();
    CaptureBytes cut = new CaptureBytes(LITTLE_ENDIAN).u32(90).bytes(DATA).pad();
    byte[] capture =
        little()
            .describedInterface(1, 5, new CaptureBytes(LITTLE_ENDIAN))
            .block(3, whole)
            .block(3, cut)
            .toBytes();

    assertThat(Packet.readAll(capture))
        .containsExactly(new Packet(0, 5, 0, "0102030405"), new Packet(0, 90, 0, "0102030405"));
  }

  @Test
  void theObsoletePacketBlockIsRead() throws Exception {
    CaptureBytes body =
        new CaptureBytes(LITTLE_ENDIAN)
            .u16(1)
            .u16(99)
            .u32(0)
            .u32(4)
            .u32(5)
            .u32(60)
            .bytes(DATA)
            .pad();
    byte[] capture = little().ethernet().ethernet().block(2, body).toBytes();

    assertThat(Packet.readAll(capture)).containsExactly(new Packet(4000, 60, 1, "0102030405"));
  }

  @Test
  void otherBlocksAreSkippedHoweverLargeTheyAre() throws Exception {
    byte[] capture =
        little()
            .ethernet()
            .block(5, new CaptureBytes(LITTLE_ENDIAN))
            .block(0x0bad, new CaptureBytes(LITTLE_ENDIAN).bytes(new byte[3 << 20]))
            .enhancedPacket(0, 1, 5, DATA)
            .toBytes();

    assertThat(Packet.readAll(capture)).containsExactly(new Packet(1000, 5, 0, "0102030405"));
  }

  @Test
  void anInterfaceOfAnotherLinkTypeMattersOnceItHasAPacket() throws Exception {
    CaptureBytes capture =
        little()
            .describedInterface(113, 0, new CaptureBytes(LITTLE_ENDIAN))
            .ethernet()
            .enhancedPacket(1, 1, 5, DATA);

    assertThat(Packet.readAll(capture.toBytes())).hasSize(1);
    assertThatThrownBy(() -> Packet.readAll(capture.enhancedPacket(0, 1, 5, DATA).toBytes()))
        .isInstanceOf(CaptureFormatException.class)
        .hasMessageContaining("link type LINUX_SLL (113)");
  }

  @Test
  void everyWayToCutACaptureOffIsSaid() throws Exception {
    byte[] capture =
        little()
            .ethernet()
            .enhancedPacket(0, 1, 5, DATA)
            .block(0x0bad, new CaptureBytes(LITTLE_ENDIAN).u32(1))
            .toBytes();
    int[] whole = {28, 48, 88, 104};
    for (int length = 5; length < capture.length; length++) {
      byte[] cut = Arrays.copyOf(capture, length);
      if (Arrays.binarySearch(whole, length) >= 0) {
        Packet.readAll(cut);
      } else {
        assertThatThrownBy(() -> Packet.readAll(cut))
            .isInstanceOf(CaptureFormatException.class)
            .hasMessageContaining("ends inside");
      }
    }
  }

  @Test
  void damagedBlocksAreRefusedWithTheirPlace() {
    refused(little().u32(6).u32(8), "a block of length 8, which is too short");
    refused(little().u32(6).u32(33), "a block of length 33, which is no multiple of 4");
    refused(little().u32(6).u32(28).bytes(new byte[20]), "too short");
    refused(
        little().u32(6).u32(0x7ffffffc).bytes(new byte[20]),
        "in a block of 2147483644 bytes, more than one can need");
    refused(little().u32(99).u32(16).u32(0).u32(17), "length 16 before and 17 after");
    refused(little().ethernet().block(6, packetBody(6)), "packet 1 of 6 bytes in a block that has");
    refused(little().ethernet().block(6, packetBody(-1)), "packet 1 of 4294967295 bytes");
    refused(
        little().block(1, new CaptureBytes(LITTLE_ENDIAN).u32(1).u32(0).u16(9).u16(40)),
        "option 9 that is longer than its block");
    refused(new CaptureBytes(LITTLE_ENDIAN).block(0x0a0d0d0a, packetBody(0)), "byte-order magic");
  }

  @Test
  void otherVersionsAreRefused() {
    byte[] capture = little().toBytes();
    capture[12] = 2;

    assertThatThrownBy(() -> Packet.readAll(capture))
        .isInstanceOf(CaptureFormatException.class)
        .hasMessageContaining("pcapng version 2");
  }

  private static CaptureBytes packetBody(int captured) {
    return new CaptureBytes(LITTLE_ENDIAN).u32(0).u32(0).u32(0).u32(captured).u32(5).u32(0);
  }

  private static void refused(CaptureBytes capture, String sentence) {
    assertThatThrownBy(() -> Packet.readAll(capture.toBytes()))
        .isInstanceOf(CaptureFormatException.class)
        .hasMessageStartingWith("test capture, byte ")
        .hasMessageContaining(sentence);
  }

  private static CaptureBytes little() {
    return new CaptureBytes(LITTLE_ENDIAN).section();
  }
}
