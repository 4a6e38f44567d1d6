package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.ContextLayout.Access;
import io.ebpf4j.jvm.context.ContextLayout.Field;
import io.ebpf4j.jvm.context.ContextLayout.Kind;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import java.util.List;
import java.util.stream.Stream;

/**
 * A frame on its way through XDP, by the address of its context block: {@code struct xdp_md} in
 * front, then where the packet lies in truth. The packet is one linear piece in a page, with
 * headroom before it and tailroom behind it, and up to {@link #MAX_FRAGS} frags of a page each.
 *
 * <p>Operations answer as Linux's helpers do: 0 or more, or a negative errno. For the thread that
 * is on the CPU.
 */
final class XdpFrame {
  /** Bytes of a page, and room of a frag. */
  static final int PAGE_BYTES = 4096;

  /** Bytes between the start of the page and the packet. */
  static final int HEADROOM = 256;

  /** Bytes of the headroom that the frame's own header keeps. */
  static final int HEADER_BYTES = 40;

  /** Bytes at the end of the page that the list of frags keeps. */
  static final int TAILROOM = 320;

  /** Frags that a frame may have. */
  static final int MAX_FRAGS = 17;

  /** Bytes of an Ethernet header: the least that is left of a linear packet. */
  static final int ETHERNET_BYTES = 14;

  /** Bytes of {@code struct xdp_md}. */
  static final int VISIBLE_BYTES = 24;

  /** Offsets and lengths that the byte helpers take, at most. */
  private static final int MAX_OFFSET = 0xffff;

  static final int DATA_OFFSET = 24;
  static final int DATA_END_OFFSET = 32;
  static final int DATA_META_OFFSET = 40;
  static final int HARD_START_OFFSET = 48;
  static final int INGRESS_IFINDEX_OFFSET = 56;
  static final int RX_QUEUE_INDEX_OFFSET = 60;
  static final int EGRESS_IFINDEX_OFFSET = 64;
  static final int FRAG_COUNT_OFFSET = 68;
  static final int FRAGS_SIZE_OFFSET = 72;

  /** Frags whose pages go back to the pool with the frame, however far it has been shortened. */
  static final int OWNED_FRAGS_OFFSET = 76;

  static final int FRAGS_OFFSET = 80;

  /** A frag: its address (8 bytes), then its size (4 bytes). */
  static final int FRAG_STRIDE = 16;

  static final int FRAG_SIZE_OFFSET = 8;
  static final int BLOCK_BYTES = FRAGS_OFFSET + MAX_FRAGS * FRAG_STRIDE;

  /** The context of programs that are loaded for neither DEVMAP nor CPUMAP. */
  static final ContextLayout LAYOUT =
      new ContextLayout(
          "xdp_md",
          VISIBLE_BYTES,
          BLOCK_BYTES,
          List.of(
              new Field("data", 0, 4, Kind.PACKET, false, DATA_OFFSET, 8),
              new Field("data_end", 4, 4, Kind.PACKET_END, false, DATA_END_OFFSET, 8),
              new Field("data_meta", 8, 4, Kind.PACKET_META, false, DATA_META_OFFSET, 8),
              number("ingress_ifindex", 12, INGRESS_IFINDEX_OFFSET),
              number("rx_queue_index", 16, RX_QUEUE_INDEX_OFFSET)));

  /** The context of programs that run when a device map sends a frame. */
  static final ContextLayout EGRESS_LAYOUT =
      new ContextLayout(
          LAYOUT.struct(),
          VISIBLE_BYTES,
          BLOCK_BYTES,
          Stream.concat(
                  LAYOUT.fields().stream(),
                  Stream.of(number("egress_ifindex", 20, EGRESS_IFINDEX_OFFSET)))
              .toList());

  private XdpFrame() {}

  /** Bytes of the packet, frags included, without metadata. */
  static int length(long frame) {
    return linearLength(frame) + Memory.getInt(frame + FRAGS_SIZE_OFFSET);
  }

  /** Bytes of metadata before the packet. */
  static int metaLength(long frame) {
    return (int) (data(frame) - Memory.getLong(frame + DATA_META_OFFSET));
  }

  /** Moves the start of the packet, and its metadata with it. */
  static long adjustHead(long frame, int delta) {
    int meta = metaLength(frame);
    long data = data(frame) + delta;
    if (data < usableStart(frame) + meta || data > dataEnd(frame) - ETHERNET_BYTES) {
      return -Errno.EINVAL.number();
    }
    if (meta > 0) {
      Memory.copy(Memory.getLong(frame + DATA_META_OFFSET), data - meta, meta);
    }
    Memory.putLong(frame + DATA_META_OFFSET, data - meta);
    Memory.putLong(frame + DATA_OFFSET, data);
    return 0;
  }

  /** Moves the start of the metadata. */
  static long adjustMeta(long frame, int delta) {
    long start = Memory.getLong(frame + DATA_META_OFFSET) + delta;
    if (start < usableStart(frame) || start > data(frame)) {
      return -Errno.EINVAL.number();
    }
    if (!isMetaLength((int) (data(frame) - start))) {
      return -Errno.EACCES.number();
    }
    Memory.putLong(frame + DATA_META_OFFSET, start);
    return 0;
  }

  /** Whether metadata may have that length. */
  static boolean isMetaLength(int bytes) {
    return bytes % Integer.BYTES == 0 && bytes >= 0 && bytes <= HEADROOM - HEADER_BYTES;
  }

  /** Moves the end of the packet; what it grows by is zero. */
  static long adjustTail(long frame, int delta) {
    if (Memory.getInt(frame + FRAG_COUNT_OFFSET) > 0) {
      return delta < 0 ? shrinkFrags(frame, -delta) : growLastFrag(frame, delta);
    }
    long end = dataEnd(frame);
    long newEnd = end + delta;
    long hardEnd = Memory.getLong(frame + HARD_START_OFFSET) + PAGE_BYTES - TAILROOM;
    if (newEnd > hardEnd || newEnd < data(frame) + ETHERNET_BYTES) {
      return -Errno.EINVAL.number();
    }
    if (delta > 0) {
      Memory.fill(end, delta, (byte) 0);
    }
    Memory.putLong(frame + DATA_END_OFFSET, newEnd);
    return 0;
  }

  /** Copies bytes of the packet, across frags, to raw memory. */
  static long load(long frame, int offset, long to, int bytes) {
    long refusal = checkRange(frame, offset, bytes);
    if (refusal == 0) {
      copy(frame, offset, to, bytes, false);
    }
    return refusal;
  }

  /** Copies raw memory into the packet, across frags. */
  static long store(long frame, int offset, long from, int bytes) {
    long refusal = checkRange(frame, offset, bytes);
    if (refusal == 0) {
      copy(frame, offset, from, bytes, true);
    }
    return refusal;
  }

  /** The address of bytes that lie in one piece, or 0. */
  static long pointer(long frame, int offset, int bytes) {
    if (checkRange(frame, offset, bytes) != 0) {
      return 0;
    }
    int skip = offset;
    int size = linearLength(frame);
    long start = data(frame);
    for (int frag = 0; skip >= size && frag < Memory.getInt(frame + FRAG_COUNT_OFFSET); frag++) {
      skip -= size;
      size = fragSize(frame, frag);
      start = fragAddress(frame, frag);
    }
    return skip + bytes <= size ? start + skip : 0;
  }

  /** Copies packet bytes that are known to be there, to or from raw memory. */
  static void copy(long frame, int offset, long memory, int bytes, boolean intoPacket) {
    int pieces = 1 + Memory.getInt(frame + FRAG_COUNT_OFFSET);
    int skip = offset;
    int left = bytes;
    long other = memory;
    for (int piece = 0; piece < pieces && left > 0; piece++) {
      int size = piece == 0 ? linearLength(frame) : fragSize(frame, piece - 1);
      if (skip >= size) {
        skip -= size;
        continue;
      }
      long start = piece == 0 ? data(frame) : fragAddress(frame, piece - 1);
      int part = Math.min(left, size - skip);
      if (intoPacket) {
        Memory.copy(other, start + skip, part);
      } else {
        Memory.copy(start + skip, other, part);
      }
      other += part;
      left -= part;
      skip = 0;
    }
  }

  /** Puts an empty frag behind the others, whose page the frame owns. */
  static void addFrag(long frame, long page) {
    int count = Memory.getInt(frame + FRAG_COUNT_OFFSET);
    long frag = frame + FRAGS_OFFSET + (long) count * FRAG_STRIDE;
    Memory.putLong(frag, page);
    Memory.putInt(frag + FRAG_SIZE_OFFSET, 0);
    Memory.putInt(frame + FRAG_COUNT_OFFSET, count + 1);
    Memory.putInt(frame + OWNED_FRAGS_OFFSET, count + 1);
  }

  /** Sets the size of the last frag. */
  static void sizeLastFrag(long frame, int size) {
    resizeFrag(frame, Memory.getInt(frame + FRAG_COUNT_OFFSET) - 1, size);
  }

  /** The receive queue that the frame came by. */
  static int rxQueue(long frame) {
    return Memory.getInt(frame + RX_QUEUE_INDEX_OFFSET);
  }

  static long data(long frame) {
    return Memory.getLong(frame + DATA_OFFSET);
  }

  static long dataEnd(long frame) {
    return Memory.getLong(frame + DATA_END_OFFSET);
  }

  static int linearLength(long frame) {
    return (int) (dataEnd(frame) - data(frame));
  }

  static long fragAddress(long frame, int index) {
    return Memory.getLong(frame + FRAGS_OFFSET + (long) index * FRAG_STRIDE);
  }

  static int fragSize(long frame, int index) {
    return Memory.getInt(frame + FRAGS_OFFSET + (long) index * FRAG_STRIDE + FRAG_SIZE_OFFSET);
  }

  private static long checkRange(long frame, int offset, int bytes) {
    if (Integer.compareUnsigned(offset, MAX_OFFSET) > 0
        || Integer.compareUnsigned(bytes, MAX_OFFSET) > 0) {
      return -Errno.EFAULT.number();
    }
    return offset + bytes > length(frame) ? -Errno.EINVAL.number() : 0;
  }

  private static long growLastFrag(long frame, int bytes) {
    int last = Memory.getInt(frame + FRAG_COUNT_OFFSET) - 1;
    int size = fragSize(frame, last);
    if (bytes > PAGE_BYTES - size) {
      return -Errno.EINVAL.number();
    }
    Memory.fill(fragAddress(frame, last) + size, bytes, (byte) 0);
    resizeFrag(frame, last, size + bytes);
    return 0;
  }

  // The least int negated is itself: nothing to shrink by, and no error, on Linux too.
  private static long shrinkFrags(long frame, int bytes) {
    if (bytes > length(frame) - ETHERNET_BYTES) {
      return -Errno.EINVAL.number();
    }
    int left = bytes;
    int count = Memory.getInt(frame + FRAG_COUNT_OFFSET);
    while (count > 0 && left > 0) {
      int size = fragSize(frame, count - 1);
      int cut = Math.min(size, left);
      resizeFrag(frame, count - 1, size - cut);
      left -= cut;
      if (cut == size) {
        count--;
      }
    }
    Memory.putInt(frame + FRAG_COUNT_OFFSET, count);
    if (count == 0) {
      Memory.putLong(frame + DATA_END_OFFSET, dataEnd(frame) - left);
    }
    return 0;
  }

  private static void resizeFrag(long frame, int index, int size) {
    int all = Memory.getInt(frame + FRAGS_SIZE_OFFSET) - fragSize(frame, index) + size;
    Memory.putInt(frame + FRAGS_SIZE_OFFSET, all);
    Memory.putInt(frame + FRAGS_OFFSET + (long) index * FRAG_STRIDE + FRAG_SIZE_OFFSET, size);
  }

  private static long usableStart(long frame) {
    return Memory.getLong(frame + HARD_START_OFFSET) + HEADER_BYTES;
  }

  private static Field number(String name, int offset, int realOffset) {
    return new Field(
        name, offset, Integer.BYTES, Kind.SCALAR, Access.WHOLE, false, realOffset, Integer.BYTES);
  }
}
