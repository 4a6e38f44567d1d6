package io.ebpf4j.pcap;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * pcapng: sections of blocks, each block with its type, its length before and after its body, and
 * padded to four bytes. A section has its own byte order and its own interfaces. Blocks that hold
 * no packets and describe no interface are skipped.
 */
final class PcapngReader extends CaptureReader {
  static final int SECTION_HEADER = 0x0a0d0d0a;
  static final int INTERFACE_DESCRIPTION = 1;
  static final int ENHANCED_PACKET = 6;
  static final int BYTE_ORDER_MAGIC = 0x1a2b3c4d;
  static final int OPTION_TIMESTAMP_RESOLUTION = 9;

  private static final int OBSOLETE_PACKET = 2;
  private static final int SIMPLE_PACKET = 3;
  private static final int OPTION_END = 0;
  private static final int OPTION_TIMESTAMP_OFFSET = 14;

  /** Bytes of a block around its body: type, length, length. */
  private static final int FRAME = 12;

  private static final int SECTION_BODY = 16;
  private static final int INTERFACE_BODY = 8;
  private static final int PACKET_BODY = 20;
  private static final int SIMPLE_PACKET_BODY = 4;

  private static final int MAX_INTERFACES = 1 << 16;

  private final List<Interface> interfaces = new ArrayList<>();
  private long timestamp;
  private TimestampUnit unit = TimestampUnit.MICROSECONDS;

  PcapngReader(CaptureInput input) throws IOException {
    super(input);
    readSectionHeader();
  }

  @Override
  public long timestampNanos() {
    return unit.toNanos(timestamp);
  }

  @Override
  boolean advance() throws IOException {
    ByteBuffer bytes = input.bytes();
    while (input.require(8)) {
      int type = bytes.getInt(bytes.position());
      if (type == SECTION_HEADER) {
        readSectionHeader();
        continue;
      }
      long length = bytes.getInt(bytes.position() + 4) & 0xffffffffL;
      checkLength(length, FRAME);
      switch (type) {
        case ENHANCED_PACKET -> {
          readPacket(requireBlock(length, FRAME + PACKET_BODY), true);
          return true;
        }
        case OBSOLETE_PACKET -> {
          readPacket(requireBlock(length, FRAME + PACKET_BODY), false);
          return true;
        }
        case SIMPLE_PACKET -> {
          readSimplePacket(requireBlock(length, FRAME + SIMPLE_PACKET_BODY));
          return true;
        }
        case INTERFACE_DESCRIPTION -> readInterface(requireBlock(length, FRAME + INTERFACE_BODY));
        default -> skipBlock(length);
      }
    }
    if (bytes.hasRemaining()) {
      throw input.cutOff("the header of a block");
    }
    return false;
  }

  private void readSectionHeader() throws IOException {
    if (!input.require(FRAME + SECTION_BODY)) {
      throw input.cutOff("a section header");
    }
    ByteBuffer bytes = input.bytes();
    int start = bytes.position();
    int magic = bytes.order(ByteOrder.LITTLE_ENDIAN).getInt(start + 8);
    if (magic != BYTE_ORDER_MAGIC) {
      if (Integer.reverseBytes(magic) != BYTE_ORDER_MAGIC) {
        throw damaged("a section header without the byte-order magic");
      }
      bytes.order(ByteOrder.BIG_ENDIAN);
    }
    int major = bytes.getShort(start + 12) & 0xffff;
    if (major != 1) {
      throw input.malformed(
          "the section says it is of pcapng version "
              + major
              + ", and only 1 is known: convert the file with Wireshark's editcap");
    }
    interfaces.clear();
    long length = bytes.getInt(start + 4) & 0xffffffffL;
    checkLength(length, FRAME + SECTION_BODY);
    skipBlock(length);
  }

  private void readInterface(int length) throws IOException {
    if (interfaces.size() == MAX_INTERFACES) {
      throw damaged("a section of more than " + MAX_INTERFACES + " interfaces");
    }
    ByteBuffer bytes = input.bytes();
    int start = bytes.position();
    int linkType = bytes.getShort(start + 8) & 0xffff;
    int snapLength = bytes.getInt(start + 12);
    byte resolution = 6;
    long offsetSeconds = 0;
    int end = start + length - 4;
    int option = start + 8 + INTERFACE_BODY;
    while (option + 4 <= end) {
      int code = bytes.getShort(option) & 0xffff;
      int size = bytes.getShort(option + 2) & 0xffff;
      if (code == OPTION_END) {
        break;
      }
      if (option + 4 + size > end) {
        throw damaged("an interface's option " + code + " that is longer than its block");
      }
      if (code == OPTION_TIMESTAMP_RESOLUTION && size == 1) {
        resolution = bytes.get(option + 4);
      } else if (code == OPTION_TIMESTAMP_OFFSET && size == 8) {
        offsetSeconds = bytes.getLong(option + 4);
      }
      option += 4 + padded(size);
    }
    interfaces.add(
        new Interface(linkType, snapLength, TimestampUnit.ofResolution(resolution, offsetSeconds)));
    bytes.position(start + length);
  }

  /** An enhanced packet block, or the obsolete one, which differs in its first four bytes. */
  private void readPacket(int length, boolean enhanced) throws IOException {
    ByteBuffer bytes = input.bytes();
    int start = bytes.position();
    int id = enhanced ? bytes.getInt(start + 8) : bytes.getShort(start + 8) & 0xffff;
    Interface source = interfaceOf(id);
    int captured = bytes.getInt(start + 20);
    setPacket(start + 8 + PACKET_BODY, captured, bytes.getInt(start + 24), start + length - 4);
    interfaceId = id;
    timestamp = (long) bytes.getInt(start + 12) << 32 | (bytes.getInt(start + 16) & 0xffffffffL);
    unit = source.unit();
    bytes.position(start + length);
  }

  private void readSimplePacket(int length) throws IOException {
    ByteBuffer bytes = input.bytes();
    int start = bytes.position();
    Interface source = interfaceOf(0);
    int original = bytes.getInt(start + 8);
    int captured = original;
    if (source.snapLength() != 0 && Integer.compareUnsigned(source.snapLength(), original) < 0) {
      captured = source.snapLength();
    }
    setPacket(start + 8 + SIMPLE_PACKET_BODY, captured, original, start + length - 4);
    interfaceId = 0;
    timestamp = 0;
    unit = TimestampUnit.MICROSECONDS;
    bytes.position(start + length);
  }

  private void setPacket(int data, int captured, int original, int blockEnd) throws IOException {
    if (captured < 0 || captured > MAX_PACKET_BYTES) {
      throw damaged(
          "packet "
              + (packets() + 1)
              + " of "
              + Integer.toUnsignedLong(captured)
              + " bytes, more than the "
              + MAX_PACKET_BYTES
              + " that a packet may have");
    }
    if (captured > blockEnd - data) {
      throw damaged(
          "packet %d of %d bytes in a block that has room for %d"
              .formatted(packets() + 1, captured, blockEnd - data));
    }
    dataOffset = data;
    capturedLength = captured;
    originalLength = original < 0 ? Integer.MAX_VALUE : Math.max(original, captured);
  }

  private Interface interfaceOf(int id) throws IOException {
    if (id < 0 || id >= interfaces.size()) {
      throw damaged(
          "packet %d of interface %s, of which the section describes %d"
              .formatted(packets() + 1, Integer.toUnsignedString(id), interfaces.size()));
    }
    Interface source = interfaces.get(id);
    if (source.linkType() != LinkType.ETHERNET) {
      throw input.malformed(LinkType.refusal(source.linkType()));
    }
    return source;
  }

  private void checkLength(long length, int least) throws IOException {
    if (length < least || length % 4 != 0) {
      throw damaged(
          "a block of length %d, which is %s"
              .formatted(length, length < least ? "too short" : "no multiple of 4"));
    }
  }

  /** Makes the whole block available and checks its frame. */
  private int requireBlock(long length, int least) throws IOException {
    checkLength(length, least);
    if (length > CaptureInput.WINDOW) {
      throw damaged(
          "a packet or interface in a block of " + length + " bytes, more than one can need");
    }
    int size = (int) length;
    if (!input.require(size)) {
      throw input.cutOff("a block of " + length + " bytes");
    }
    ByteBuffer bytes = input.bytes();
    checkTrailer(bytes.getInt(bytes.position() + size - 4), length);
    return size;
  }

  private void skipBlock(long length) throws IOException {
    if (!input.skip(length - 4) || !input.require(4)) {
      throw input.cutOff("a block of " + length + " bytes");
    }
    ByteBuffer bytes = input.bytes();
    checkTrailer(bytes.getInt(bytes.position()), length);
    bytes.position(bytes.position() + 4);
  }

  private void checkTrailer(int trailer, long length) throws IOException {
    if (trailer != (int) length) {
      throw damaged(
          "a block that says length %d before and %d after it"
              .formatted(length, Integer.toUnsignedLong(trailer)));
    }
  }

  private CaptureFormatException damaged(String what) {
    return input.malformed(
        "the capture has here "
            + what
            + ", so it is damaged from here on: record it again, or keep the packets before with"
            + " \"tcpdump -r\" and \"-w\"");
  }

  private static int padded(int size) {
    return (size + 3) & ~3;
  }

  /** What an interface description block says. */
  private record Interface(int linkType, int snapLength, TimestampUnit unit) {}
}
