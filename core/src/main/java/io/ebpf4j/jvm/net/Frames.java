package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.memory.Memory;
import java.lang.foreign.MemorySegment;

/** What is done with whole frames of the pool. */
final class Frames {
  /** Bytes of a packet that lie in one piece; what is above goes into frags. */
  static final int LINEAR_BYTES = XdpFrame.PAGE_BYTES - XdpFrame.HEADROOM - XdpFrame.TAILROOM;

  /** Bytes of a packet at most. */
  static final int MAX_BYTES = LINEAR_BYTES + XdpFrame.MAX_FRAGS * XdpFrame.PAGE_BYTES;

  private Frames() {}

  static void checkLength(int length) {
    if (length < XdpFrame.ETHERNET_BYTES || length > MAX_BYTES) {
      throw new IllegalArgumentException(
          "a frame has %d (an Ethernet header) to %d bytes, not %d"
              .formatted(XdpFrame.ETHERNET_BYTES, MAX_BYTES, length));
    }
  }

  /** Fills an empty frame. */
  static void fill(SoftNet net, long frame, MemorySegment packet, long offset, int length) {
    int linear = Math.min(length, LINEAR_BYTES);
    long data = XdpFrame.data(frame);
    Memory.copy(packet, offset, data, linear);
    Memory.putLong(frame + XdpFrame.DATA_END_OFFSET, data + linear);
    for (int filled = linear; filled < length; ) {
      int size = Math.min(length - filled, XdpFrame.PAGE_BYTES);
      Memory.copy(packet, offset + filled, net.frames().addFrag(frame), size);
      XdpFrame.sizeLastFrag(frame, size);
      filled += size;
    }
  }

  /** A copy of a frame with its metadata. */
  static long copy(SoftNet net, long frame) {
    long copy = net.frames().take();
    long data = XdpFrame.data(frame);
    int meta = XdpFrame.metaLength(frame);
    int linear = XdpFrame.linearLength(frame);
    long offset = data - Memory.getLong(frame + XdpFrame.HARD_START_OFFSET);
    long target = Memory.getLong(copy + XdpFrame.HARD_START_OFFSET) + offset;
    Memory.copy(data - meta, target - meta, meta + linear);
    Memory.putLong(copy + XdpFrame.DATA_META_OFFSET, target - meta);
    Memory.putLong(copy + XdpFrame.DATA_OFFSET, target);
    Memory.putLong(copy + XdpFrame.DATA_END_OFFSET, target + linear);
    int frags = Memory.getInt(frame + XdpFrame.FRAG_COUNT_OFFSET);
    for (int i = 0; i < frags; i++) {
      int size = XdpFrame.fragSize(frame, i);
      Memory.copy(XdpFrame.fragAddress(frame, i), net.frames().addFrag(copy), size);
      XdpFrame.sizeLastFrag(copy, size);
    }
    return copy;
  }

  /** Forgets metadata, as what is on the wire has none. */
  static void clearMetadata(long frame) {
    Memory.putLong(frame + XdpFrame.DATA_META_OFFSET, XdpFrame.data(frame));
  }

  /** Notes on which device and queue a frame arrived. */
  static void arrive(long frame, int ifindex, int queue) {
    Memory.putInt(frame + XdpFrame.INGRESS_IFINDEX_OFFSET, ifindex);
    Memory.putInt(frame + XdpFrame.RX_QUEUE_INDEX_OFFSET, queue);
  }
}
