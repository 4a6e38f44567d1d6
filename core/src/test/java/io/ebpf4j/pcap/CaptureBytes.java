package io.ebpf4j.pcap;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Composes captures byte by byte, well-formed or not. */
final class CaptureBytes {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private ByteOrder order;

  CaptureBytes(ByteOrder order) {
    this.order = order;
  }

  static CaptureBytes pcap(ByteOrder order, int magic, int linkType) {
    return new CaptureBytes(order).u32(magic).u16(2).u16(4).u32(0).u32(0).u32(65535).u32(linkType);
  }

  CaptureBytes pcapPacket(long seconds, int fraction, int originalLength, byte[] data) {
    return u32((int) seconds).u32(fraction).u32(data.length).u32(originalLength).bytes(data);
  }

  CaptureBytes order(ByteOrder newOrder) {
    order = newOrder;
    return this;
  }

  CaptureBytes section() {
    return block(0x0a0d0d0a, body().u32(0x1a2b3c4d).u16(1).u16(0).u32(-1).u32(-1));
  }

  CaptureBytes describedInterface(int linkType, int snapLength, CaptureBytes options) {
    return block(1, body().u16(linkType).u16(0).u32(snapLength).bytes(options.toBytes()));
  }

  CaptureBytes ethernet() {
    return describedInterface(1, 0, body());
  }

  CaptureBytes enhancedPacket(int interfaceId, long timestamp, int originalLength, byte[] data) {
    return block(
        6,
        body()
            .u32(interfaceId)
            .u32((int) (timestamp >>> 32))
            .u32((int) timestamp)
            .u32(data.length)
            .u32(originalLength)
            .bytes(data)
            .pad());
  }

  CaptureBytes option(int code, byte[] value) {
    return u16(code).u16(value.length).bytes(value).pad();
  }

  CaptureBytes block(int type, CaptureBytes body) {
    byte[] content = body.toBytes();
    return u32(type).u32(content.length + 12).bytes(content).u32(content.length + 12);
  }

  /** An empty piece in the same byte order. */
  CaptureBytes body() {
    return new CaptureBytes(order);
  }

  CaptureBytes u16(int value) {
    return bytes(ByteBuffer.allocate(2).order(order).putShort((short) value).array());
  }

  CaptureBytes u32(int value) {
    return bytes(ByteBuffer.allocate(4).order(order).putInt(value).array());
  }

  CaptureBytes u64(long value) {
    return bytes(ByteBuffer.allocate(8).order(order).putLong(value).array());
  }

  CaptureBytes bytes(byte... bytes) {
    out.writeBytes(bytes);
    return this;
  }

  CaptureBytes pad() {
    return bytes(new byte[-out.size() & 3]);
  }

  byte[] toBytes() {
    return out.toByteArray();
  }
}
