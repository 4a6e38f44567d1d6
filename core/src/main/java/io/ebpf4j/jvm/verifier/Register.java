package io.ebpf4j.jvm.verifier;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.jvm.map.MapShape;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a register or of a spilled one: a number with its bits and ranges, or a pointer
 * of some kind with a fixed offset and a variable one, which the same ranges bound. Mutable, flat,
 * and copied often.
 */
final class Register {
  /** Set in an id: the register is the one of that id plus {@code offset}. */
  static final int PLUS_CONSTANT = 3 << 30;

  /** It was added in 64 bits, or in 32. */
  static final int PLUS_LONG = 1 << 31;

  static final int PLUS_INT = 1 << 30;

  /** Ranges of a packet pointer that is known to be at the packet's end, or past it. */
  static final int AT_PACKET_END = -1;

  static final int BEYOND_PACKET_END = -2;

  // What may be added to a kind.
  static final int MAYBE_NULL = 1;
  static final int READ_ONLY = 1 << 1;
  static final int UNTRUSTED = 1 << 2;
  static final int TRUSTED = 1 << 3;

  /** Valid as long as the RCU section lasts. */
  static final int RCU = 1 << 4;

  /** A variable of the kernel that each CPU has. */
  static final int PER_CPU = 1 << 5;

  /** A record of a ring buffer. */
  static final int RECORD = 1 << 6;

  /** It leads into a packet, by way of a dynptr. */
  static final int PACKET_SLICE = 1 << 8;

  /** A kernel function gave it as a slice of a dynptr. */
  static final int SLICE = 1 << 9;

  /** What a register holds. */
  enum Kind {
    NOT_INITIALIZED(""),
    SCALAR("scalar"),
    CONTEXT("ctx"),
    MAP("map_ptr"),
    MAP_VALUE("map_value"),
    MAP_KEY("map_key"),
    STACK("fp"),
    PACKET_META("pkt_meta"),
    PACKET("pkt"),
    PACKET_END("pkt_end"),
    MEMORY("mem"),
    BUFFER("buf"),
    BTF("ptr_"),
    FUNCTION("func"),
    DYNPTR("dynptr_ptr"),
    ITERATOR("iter"),
    IRQ_FLAGS("irq_flag"),
    SOCKET("sock"),
    SOCK_COMMON("sock_common"),
    TCP_SOCK("tcp_sock"),
    XDP_SOCK("xdp_sock"),
    FLOW_KEYS("flow_keys"),
    TRACEPOINT_BUFFER("tp_buffer");

    private final String label;

    Kind(String label) {
      this.label = label;
    }

    String label() {
      return label;
    }
  }

  Kind kind = Kind.NOT_INITIALIZED;
  int flags;
  int offset;

  /**
   * Packet: bytes known to be there. Memory: its size. Function: number of the sub-program. Dynptr:
   * the ordinal of its type. Iterator: elements that it has given.
   */
  int extent;

  /** Iterator: all elements are given. */
  boolean drained;

  /** Dynptr: this is the first of its two slots. */
  boolean first;

  /** Memory: the id of the dynptr that it is a slice of. */
  int dynptr;

  int frame;
  @Nullable MapShape map;
  int mapUid;
  @Nullable Btf btf;
  int btfId;

  Tnum bits = Tnum.UNKNOWN;
  long smin;
  long smax;
  long umin;
  long umax;
  int s32min;
  int s32max;
  int u32min;
  int u32max;

  int id;
  int reference;
  boolean precise;

  Register() {
    setUnbounded();
  }

  Register copy() {
    Register copy = new Register();
    copy.set(this);
    return copy;
  }

  void set(Register from) {
    kind = from.kind;
    flags = from.flags;
    offset = from.offset;
    extent = from.extent;
    drained = from.drained;
    first = from.first;
    dynptr = from.dynptr;
    frame = from.frame;
    map = from.map;
    mapUid = from.mapUid;
    btf = from.btf;
    btfId = from.btfId;
    id = from.id;
    reference = from.reference;
    precise = from.precise;
    setNumber(from);
  }

  /** Takes over bits and ranges. */
  void setNumber(Register from) {
    bits = from.bits;
    smin = from.smin;
    smax = from.smax;
    umin = from.umin;
    umax = from.umax;
    s32min = from.s32min;
    s32max = from.s32max;
    u32min = from.u32min;
    u32max = from.u32max;
  }

  boolean isScalar() {
    return kind == Kind.SCALAR;
  }

  boolean isInitialized() {
    return kind != Kind.NOT_INITIALIZED;
  }

  boolean isPointer() {
    return kind != Kind.SCALAR && kind != Kind.NOT_INITIALIZED;
  }

  boolean is(int flag) {
    return (flags & flag) != 0;
  }

  boolean is(Kind which, int exactFlags) {
    return kind == which && flags == exactFlags;
  }

  boolean mayBeNull() {
    return is(MAYBE_NULL);
  }

  boolean isPacketPointer() {
    return kind == Kind.PACKET || kind == Kind.PACKET_META;
  }

  boolean isAnyPacketPointer() {
    return isPacketPointer() || kind == Kind.PACKET_END;
  }

  /** Whether it leads to a socket that programs know by its fields. */
  boolean isSocketPointer() {
    return switch (kind) {
      case SOCKET, SOCK_COMMON, TCP_SOCK, XDP_SOCK -> true;
      default -> false;
    };
  }

  boolean isMapKind() {
    return kind == Kind.MAP || kind == Kind.MAP_VALUE || kind == Kind.MAP_KEY;
  }

  /** Whether it is the number 0. */
  boolean isNull() {
    return kind == Kind.SCALAR && bits.is(0);
  }

  boolean isConstant(boolean word) {
    return kind == Kind.SCALAR && (word ? bits.isLowConstant() : bits.isConstant());
  }

  long constant(boolean word) {
    return word ? bits.low().value() : bits.value();
  }

  /** Forgets everything. */
  void clear() {
    kind = Kind.NOT_INITIALIZED;
    forgetPointer();
    bits = Tnum.UNKNOWN;
    precise = false;
    setUnbounded();
  }

  /** A number of which nothing is known. */
  void setUnknown() {
    kind = Kind.SCALAR;
    forgetPointer();
    bits = Tnum.UNKNOWN;
    precise = false;
    setUnbounded();
  }

  /** A known number. */
  void setConstant(long value) {
    kind = Kind.SCALAR;
    forgetPointer();
    precise = false;
    setKnown(value);
  }

  /** Bits and ranges of a known number. */
  void setKnown(long value) {
    bits = Tnum.constant(value);
    smin = value;
    smax = value;
    umin = value;
    umax = value;
    s32min = (int) value;
    s32max = (int) value;
    u32min = (int) value;
    u32max = (int) value;
  }

  /** The lower half is known. */
  void setLowKnown(int value) {
    bits = bits.withLow(Tnum.constant(value));
    s32min = value;
    s32max = value;
    u32min = value;
    u32max = value;
  }

  /** A pointer with no variable offset. */
  void setPointer(Kind pointer, int pointerFlags) {
    forgetPointer();
    kind = pointer;
    flags = pointerFlags;
    precise = false;
    setKnown(0);
  }

  void forgetPointer() {
    flags = 0;
    offset = 0;
    extent = 0;
    drained = false;
    first = false;
    dynptr = 0;
    frame = 0;
    map = null;
    mapUid = 0;
    btf = null;
    btfId = 0;
    id = 0;
    reference = 0;
  }

  void setUnbounded() {
    setLongUnbounded();
    setIntUnbounded();
  }

  void setLongUnbounded() {
    smin = Long.MIN_VALUE;
    smax = Long.MAX_VALUE;
    umin = 0;
    umax = -1;
  }

  void setIntUnbounded() {
    s32min = Integer.MIN_VALUE;
    s32max = Integer.MAX_VALUE;
    u32min = 0;
    u32max = -1;
  }
}
