package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Raw memory for one {@link XdpFrame}: its context block, its page, and from the first frame that
 * needs them on its frags. It is filled again and again.
 */
final class XdpBuffer implements PacketBuffer {
  private static final int ALIGNMENT = 64;
  private static final long PAGE_OFFSET = (XdpFrame.BLOCK_BYTES + ALIGNMENT - 1) & -ALIGNMENT;

  private final Block block = Block.allocate(PAGE_OFFSET + XdpFrame.PAGE_BYTES, ALIGNMENT);
  private @Nullable Block frags;

  /** The frame's address: the context of programs that run on it. */
  long frame() {
    return block.address();
  }

  /**
   * Makes it a new frame.
   *
   * @param data metadata, then the packet
   * @param metaLength bytes of metadata
   * @param linearLength bytes of metadata and the linear packet; what is above goes into frags
   */
  void fill(byte[] data, int metaLength, int linearLength) {
    int inFrags = data.length - linearLength;
    Memory.copy(data, 0, begin(metaLength, linearLength, inFrags), linearLength);
    if (inFrags > 0) {
      fillFrags(block.address(), data, linearLength);
    }
  }

  /** Makes it a new frame that is one linear piece without metadata. */
  void fill(MemorySegment memory, long offset, int length) {
    Memory.copy(memory, offset, begin(0, length, 0), length);
  }

  /** Notes where the frame came from. */
  void arriveFrom(int ifindex, int rxQueue) {
    Memory.putInt(frame() + XdpFrame.INGRESS_IFINDEX_OFFSET, ifindex);
    Memory.putInt(frame() + XdpFrame.RX_QUEUE_INDEX_OFFSET, rxQueue);
  }

  /** Metadata and packet as they are now. */
  byte[] bytes() {
    long frame = frame();
    int meta = XdpFrame.metaLength(frame);
    int linear = meta + XdpFrame.linearLength(frame);
    byte[] bytes = new byte[meta + XdpFrame.length(frame)];
    Memory.copy(XdpFrame.data(frame) - meta, bytes, 0, linear);
    int filled = linear;
    for (int i = 0; filled < bytes.length; i++) {
      int size = XdpFrame.fragSize(frame, i);
      Memory.copy(XdpFrame.fragAddress(frame, i), bytes, filled, size);
      filled += size;
    }
    return bytes;
  }

  @Override
  public void close() {
    block.close();
    Block pages = frags;
    if (pages != null) {
      pages.close();
    }
  }

  /** Sets up all but the packet's bytes, and gives where they go. */
  private long begin(int metaLength, int linearLength, int inFrags) {
    long frame = block.address();
    long hardStart = frame + PAGE_OFFSET;
    long packet = hardStart + XdpFrame.HEADROOM;
    Memory.fill(hardStart, XdpFrame.HEADROOM, (byte) 0);
    Memory.putLong(frame + XdpFrame.HARD_START_OFFSET, hardStart);
    Memory.putLong(frame + XdpFrame.DATA_META_OFFSET, packet - metaLength);
    Memory.putLong(frame + XdpFrame.DATA_OFFSET, packet);
    Memory.putLong(frame + XdpFrame.DATA_END_OFFSET, packet - metaLength + linearLength);
    Memory.putInt(frame + XdpFrame.EGRESS_IFINDEX_OFFSET, 0);
    Memory.putInt(frame + XdpFrame.FRAGS_SIZE_OFFSET, inFrags);
    Memory.putInt(frame + XdpFrame.FRAG_COUNT_OFFSET, Math.ceilDiv(inFrags, XdpFrame.PAGE_BYTES));
    return packet - metaLength;
  }

  private void fillFrags(long frame, byte[] data, int from) {
    Block pages = frags;
    if (pages == null) {
      pages = Block.allocate((long) XdpFrame.MAX_FRAGS * XdpFrame.PAGE_BYTES, ALIGNMENT);
      frags = pages;
    }
    int filled = from;
    for (int i = 0; filled < data.length; i++) {
      int size = Math.min(data.length - filled, XdpFrame.PAGE_BYTES);
      long page = pages.address() + (long) i * XdpFrame.PAGE_BYTES;
      Memory.copy(data, filled, page, size);
      long frag = frame + XdpFrame.FRAGS_OFFSET + (long) i * XdpFrame.FRAG_STRIDE;
      Memory.putLong(frag, page);
      Memory.putInt(frag + XdpFrame.FRAG_SIZE_OFFSET, size);
      filled += size;
    }
  }
}
