package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.memory.Memory;
import java.lang.foreign.MemorySegment;

/**
 * A frame as Java code sees it, during the call that it is given to. Bytes count from the Ethernet
 * header. For the thread of that call.
 */
public final class FrameView {
  private long frame;

  FrameView() {}

  /** Shows a frame. */
  FrameView of(long shown) {
    frame = shown;
    return this;
  }

  /** Bytes of the packet, frags included. */
  public int length() {
    return XdpFrame.length(frame);
  }

  /** Bytes of metadata that programs have put in front of the packet. */
  public int metadataLength() {
    return XdpFrame.metaLength(frame);
  }

  /** A copy of the packet. */
  public byte[] bytes() {
    byte[] bytes = new byte[length()];
    copyTo(MemorySegment.ofArray(bytes), 0);
    return bytes;
  }

  /** A copy of the metadata. */
  public byte[] metadata() {
    byte[] bytes = new byte[metadataLength()];
    Memory.copy(XdpFrame.data(frame) - bytes.length, bytes, 0, bytes.length);
    return bytes;
  }

  /**
   * Copies the packet.
   *
   * @throws IndexOutOfBoundsException where it does not fit
   */
  public void copyTo(MemorySegment target, long offset) {
    int linear = XdpFrame.linearLength(frame);
    Memory.copy(XdpFrame.data(frame), target, offset, linear);
    long filled = offset + linear;
    int frags = Memory.getInt(frame + XdpFrame.FRAG_COUNT_OFFSET);
    for (int i = 0; i < frags; i++) {
      int size = XdpFrame.fragSize(frame, i);
      Memory.copy(XdpFrame.fragAddress(frame, i), target, filled, size);
      filled += size;
    }
  }
}
