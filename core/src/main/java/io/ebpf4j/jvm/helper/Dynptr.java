package io.ebpf4j.jvm.helper;

import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Slot;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;

/**
 * A {@code struct bpf_dynptr} by its address: a window over memory or a packet, whose bounds are
 * checked when it is used. It has 16 bytes on the program's stack, which programs do not see into:
 * the address of the memory or the context of the packet, the window's size with its type and
 * whether it is read-only in the upper bits, and where in the memory it begins.
 */
public final class Dynptr {
  /** Bytes that it has on the stack. */
  public static final int BYTES = 16;

  /** Bytes that a window may have. */
  public static final int MAX_SIZE = (1 << 24) - 1;

  /** The packets of a CPU that windows look at, by the ordinal of their type. */
  public static final Slot<Packet[]> PACKETS = Slot.of(Packet[].class);

  private static final int SIZE_OFFSET = 8;
  private static final int START_OFFSET = 12;
  private static final int TYPE_SHIFT = 28;
  private static final int TYPE_MASK = 7;
  private static final int READ_ONLY = 1 << 31;
  private static final Type[] TYPES = Type.values();

  private Dynptr() {}

  /** What a window looks at. */
  public enum Type {
    /** Memory of the program's. */
    LOCAL("local"),
    /** A record of a ring buffer, which must be submitted or discarded. */
    RINGBUF("ringbuf"),
    /** A socket buffer's packet. */
    SKB("skb"),
    /** An XDP frame's packet. */
    XDP("xdp"),
    /** A socket buffer's metadata. */
    SKB_META("skb_meta");

    private final String label;

    Type(String label) {
      this.label = label;
    }

    /** What the verifier's log calls it. */
    public String label() {
      return label;
    }

    /** Whether it holds what must be given back. */
    public boolean isReferenced() {
      return this == RINGBUF;
    }

    /** Whether it looks at a packet. */
    public boolean isPacket() {
      return this == SKB || this == XDP || this == SKB_META;
    }
  }

  /** The packets of one type. Offsets and sizes lie within the packet's window. */
  public interface Packet {
    /** Copies bytes out: 0 or an errno below 0. */
    long load(long context, int offset, long to, int bytes);

    /** Copies bytes in: 0 or an errno below 0. */
    long store(long context, int offset, long from, int bytes, long flags);

    /** The address of bytes that lie in one piece, or 0. */
    long pointer(long context, int offset, int bytes);
  }

  /** Declares its struct. */
  public static void declareTypes(BtfBuilder types) {
    int u64 = types.typedef("__u64", types.unsigned("long long unsigned int", 8));
    types.struct("bpf_dynptr", it -> it.member("__opaque", types.array(u64, 2)));
  }

  /** Makes it a window over all of some memory or packet. */
  public static void set(long dynptr, long data, Type type, int size, boolean readOnly) {
    Memory.putLong(dynptr, data);
    int metadata = size | type.ordinal() << TYPE_SHIFT;
    Memory.putInt(dynptr + SIZE_OFFSET, readOnly ? metadata | READ_ONLY : metadata);
    Memory.putInt(dynptr + START_OFFSET, 0);
  }

  /** Makes it a window over nothing. */
  public static void setNull(long dynptr) {
    Memory.putLong(dynptr, 0);
    Memory.putLong(dynptr + SIZE_OFFSET, 0);
  }

  /** Makes one as another is. */
  static void copy(long from, long to) {
    Memory.putLong(to, Memory.getLong(from));
    Memory.putLong(to + SIZE_OFFSET, Memory.getLong(from + SIZE_OFFSET));
  }

  /** Narrows it to a part of what it is. */
  static void narrow(long dynptr, int start, int size) {
    int metadata = Memory.getInt(dynptr + SIZE_OFFSET) & ~MAX_SIZE;
    Memory.putInt(dynptr + SIZE_OFFSET, metadata | size);
    Memory.putInt(dynptr + START_OFFSET, start(dynptr) + start);
  }

  /** The memory's address, or the packet's context; 0 for a window over nothing. */
  public static long data(long dynptr) {
    return Memory.getLong(dynptr);
  }

  /** Where in the memory or packet it begins. */
  public static int start(long dynptr) {
    return Memory.getInt(dynptr + START_OFFSET);
  }

  /** Bytes of the window. */
  public static int size(long dynptr) {
    return Memory.getInt(dynptr + SIZE_OFFSET) & MAX_SIZE;
  }

  /** What it looks at; one that a stray program has made is taken for memory. */
  public static Type type(long dynptr) {
    int number = Memory.getInt(dynptr + SIZE_OFFSET) >>> TYPE_SHIFT & TYPE_MASK;
    return number < TYPES.length ? TYPES[number] : Type.LOCAL;
  }

  /** Whether nothing may be written through it. */
  public static boolean isReadOnly(long dynptr) {
    return Memory.getInt(dynptr + SIZE_OFFSET) < 0;
  }

  /** Whether bytes (both numbers unsigned) lie within the window. */
  static boolean holds(long dynptr, int offset, int bytes) {
    long size = size(dynptr);
    return Integer.toUnsignedLong(offset) + Integer.toUnsignedLong(bytes) <= size;
  }

  /** Copies bytes out; EINVAL for a window over nothing, E2BIG outside of it. */
  static long read(Cpu cpu, long dynptr, int offset, long to, int bytes, long flags) {
    if (data(dynptr) == 0 || flags != 0) {
      return -Errno.EINVAL.number();
    }
    if (!holds(dynptr, offset, bytes)) {
      return -Errno.E2BIG.number();
    }
    int at = start(dynptr) + offset;
    Type type = type(dynptr);
    if (type.isPacket()) {
      return packet(cpu, type).load(data(dynptr), at, to, bytes);
    }
    Memory.copy(data(dynptr) + at, to, bytes);
    return 0;
  }

  /** Copies bytes in; EINVAL for a window that is read-only, E2BIG outside of it. */
  static long write(Cpu cpu, long dynptr, int offset, long from, int bytes, long flags) {
    if (data(dynptr) == 0 || isReadOnly(dynptr)) {
      return -Errno.EINVAL.number();
    }
    if (!holds(dynptr, offset, bytes)) {
      return -Errno.E2BIG.number();
    }
    int at = start(dynptr) + offset;
    Type type = type(dynptr);
    if (type.isPacket()) {
      return packet(cpu, type).store(data(dynptr), at, from, bytes, flags);
    }
    if (flags != 0) {
      return -Errno.EINVAL.number();
    }
    Memory.copy(from, data(dynptr) + at, bytes);
    return 0;
  }

  /**
   * The address of bytes of the window: where they lie, or {@code buffer} with a copy of those that
   * do not lie in one piece. 0 outside of the window, or where there is no buffer.
   */
  static long slice(Cpu cpu, long dynptr, int offset, long buffer, int bytes) {
    if (data(dynptr) == 0 || !holds(dynptr, offset, bytes)) {
      return 0;
    }
    int at = start(dynptr) + offset;
    Type type = type(dynptr);
    if (!type.isPacket()) {
      return data(dynptr) + at;
    }
    Packet packet = packet(cpu, type);
    long address = packet.pointer(data(dynptr), at, bytes);
    if (address != 0 || buffer == 0) {
      return address;
    }
    return packet.load(data(dynptr), at, buffer, bytes) == 0 ? buffer : 0;
  }

  private static Packet packet(Cpu cpu, Type type) {
    return cpu.slots().get(PACKETS)[type.ordinal()];
  }
}
