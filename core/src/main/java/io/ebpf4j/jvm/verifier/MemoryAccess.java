package io.ebpf4j.jvm.verifier;

import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.SocketLayouts;
import io.ebpf4j.jvm.map.MapShape;
import io.ebpf4j.jvm.map.SpecialFields;
import io.ebpf4j.jvm.verifier.Register.Kind;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.ProgramType;
import java.util.OptionalLong;

/** Whether a load or store through a pointer stays within what the pointer leads to. */
final class MemoryAccess {
  private static final int MAX_OFFSET = 1 << 29;
  private static final int FLOW_KEYS_BYTES = 56;

  private final Verification verification;
  private final StackAccess stack;
  private final KernelObjects objects;

  MemoryAccess(Verification verification, StackAccess stack) {
    this.verification = verification;
    this.stack = stack;
    this.objects = new KernelObjects(verification);
  }

  StackAccess stack() {
    return stack;
  }

  /**
   * An access.
   *
   * @param pointerNumber the register with the pointer
   * @param write whether it is a store
   * @param value the register that is loaded or stored, or -1
   * @param strict whether it must be aligned, however the program was loaded
   * @param signed whether a load extends the sign
   */
  record Access(
      int pointerNumber,
      int offset,
      int size,
      boolean write,
      int value,
      boolean strict,
      boolean signed) {
    /** Whether it is a load into a register. */
    boolean loads() {
      return !write && value >= 0;
    }
  }

  /** Checks an access, and gives what it loads to the register. */
  void check(Access access) {
    Register pointer = verification.register(access.pointerNumber());
    checkAlignment(pointer, access);
    int offset = access.offset() + pointer.offset;
    verification.facts.base(verification.slot, pointer);
    switch (pointer.kind) {
      case STACK -> {
        if (access.write()) {
          stack.store(access.pointerNumber(), offset, access.size(), access.value());
        } else {
          stack.load(access.pointerNumber(), offset, access.size(), access.value());
        }
      }
      case MAP_KEY -> mapKey(access, pointer, offset);
      case MAP_VALUE -> mapValue(access, pointer, offset);
      case MEMORY -> memory(access, pointer, offset);
      case CONTEXT -> context(access, pointer, offset);
      case PACKET, PACKET_META -> packet(access, offset);
      case BUFFER -> buffer(access, pointer, offset);
      case BTF -> {
        refuseNull(access, pointer);
        objects.access(access, pointer, offset);
      }
      case MAP -> objects.mapStructure(access, pointer, offset);
      case SOCKET, SOCK_COMMON, TCP_SOCK, XDP_SOCK -> {
        refuseNull(access, pointer);
        socket(access, pointer, offset);
      }
      case FLOW_KEYS -> {
        refuseLeak(access, "flow keys");
        if (offset < 0 || offset + access.size() > FLOW_KEYS_BYTES) {
          throw Rejection.access(
              "invalid access to flow keys off=%d size=%d", offset, access.size());
        }
        loadUnknown(access);
      }
      case TRACEPOINT_BUFFER -> {
        fixedBuffer("tracepoint", access.pointerNumber(), offset, access.size());
        loadUnknown(access);
      }
      default -> throw invalid(access, pointer);
    }
    if (access.loads() && access.size() < Long.BYTES) {
      Register loaded = verification.register(access.value());
      if (loaded.isScalar()) {
        if (access.signed()) {
          Bounds.signExtend(loaded, access.size());
        } else {
          Bounds.truncate(loaded, access.size());
        }
      }
    }
  }

  private static Rejection invalid(Access access, Register pointer) {
    return Rejection.access(
        "R%d invalid mem access '%s'", access.pointerNumber(), StatePrinter.kind(pointer));
  }

  private static void refuseNull(Access access, Register pointer) {
    if (pointer.mayBeNull()) {
      throw invalid(access, pointer);
    }
  }

  private void refuseLeak(Access access, String where) {
    if (access.write()
        && access.value() >= 0
        && verification.isSecret(verification.register(access.value()))) {
      throw Rejection.access("R%d leaks addr into %s", access.value(), where);
    }
  }

  private void loadUnknown(Access access) {
    if (access.loads()) {
      verification.markUnknown(verification.register(access.value()));
    }
  }

  private void checkAlignment(Register pointer, Access access) {
    boolean strict =
        access.strict() || verification.rules.strictAlignment() || pointer.kind == Kind.STACK;
    if (!strict || access.size() == 1) {
      return;
    }
    Tnum at;
    String name;
    if (pointer.isPacketPointer()) {
      // Two bytes in front of an Ethernet frame align what follows its header.
      at = pointer.bits.plus(Tnum.constant(2L + pointer.offset + access.offset()));
      if (!at.isAligned(access.size())) {
        throw Rejection.access(
            "misaligned packet access off 2+%s+%d+%d size %d",
            pointer.bits, pointer.offset, access.offset(), access.size());
      }
      return;
    }
    name =
        switch (pointer.kind) {
          case STACK -> "stack ";
          case CONTEXT -> "context ";
          case MAP_KEY -> "key ";
          case MAP_VALUE -> "value ";
          case FLOW_KEYS -> "flow keys ";
          case SOCKET, SOCK_COMMON, TCP_SOCK, XDP_SOCK -> pointer.kind.label() + " ";
          default -> "";
        };
    at = pointer.bits.plus(Tnum.constant((long) pointer.offset + access.offset()));
    if (!at.isAligned(access.size())) {
      throw Rejection.access(
          "misaligned %saccess off %s+%d+%d size %d",
          name, pointer.bits, pointer.offset, access.offset(), access.size());
    }
  }

  private void mapKey(Access access, Register pointer, int offset) {
    if (access.write()) {
      throw Rejection.access("write to change key R%d not allowed", access.pointerNumber());
    }
    region(access.pointerNumber(), offset, access.size(), map(pointer).spec().keySize(), false);
    loadUnknown(access);
  }

  private static MapShape map(Register pointer) {
    MapShape map = pointer.map;
    if (map == null) {
      throw new IllegalStateException("a map pointer without its map");
    }
    return map;
  }

  private void mapValue(Access access, Register pointer, int offset) {
    refuseNull(access, pointer);
    refuseLeak(access, "map");
    MapShape map = map(pointer);
    mapDirection(access.pointerNumber(), offset, access.size(), access.write());
    mapValue(access.pointerNumber(), offset, access.size(), false, true);
    if (!access.loads()) {
      return;
    }
    Register loaded = verification.register(access.value());
    OptionalLong constant =
        pointer.bits.isConstant()
            ? FrozenValue.read(map, offset + pointer.bits.value(), access.size())
            : OptionalLong.empty();
    if (constant.isPresent()) {
      long value = constant.getAsLong();
      int shift = Long.SIZE - access.size() * Byte.SIZE;
      loaded.setConstant(access.signed() ? value << shift >> shift : value);
      loaded.precise = !verification.rules.capable();
    } else {
      verification.markUnknown(loaded);
    }
  }

  int valueSize(Register pointer) {
    return map(pointer).spec().valueSize();
  }

  /** Checks that programs may read, or write, the map. */
  void mapDirection(int number, int offset, int size, boolean write) {
    MapShape map = map(verification.register(number));
    int flags = map.spec().flags();
    if (write && (flags & MapFlags.RDONLY_PROG) != 0) {
      throw Rejection.access(
          "write into map forbidden, value_size=%d off=%d size=%d",
          map.spec().valueSize(), offset, size);
    }
    if (!write && (flags & MapFlags.WRONLY_PROG) != 0) {
      throw Rejection.access(
          "read from map forbidden, value_size=%d off=%d size=%d",
          map.spec().valueSize(), offset, size);
    }
  }

  /** Checks an access to a map's value, and that it leaves the kernel's own fields alone. */
  void mapValue(int number, int offset, int size, boolean zeroAllowed, boolean direct) {
    Register pointer = verification.register(number);
    MapShape map = map(pointer);
    region(number, offset, size, map.spec().valueSize(), zeroAllowed);
    for (SpecialFields.Field field : map.specialFields().fields()) {
      int start = field.offset();
      int end = start + field.kind().size();
      if (pointer.smin + offset < end && start < pointer.umax + offset + size) {
        throw Rejection.access(
            direct || field.kind() != SpecialFields.Kind.KERNEL_POINTER
                ? "%s cannot be accessed directly by load/store"
                : "%s cannot be accessed indirectly by helper",
            field.kind().label());
      }
    }
  }

  private void memory(Access access, Register pointer, int offset) {
    refuseNull(access, pointer);
    if (access.write() && pointer.is(Register.READ_ONLY)) {
      throw readOnly(access, pointer);
    }
    refuseLeak(access, "mem");
    region(access.pointerNumber(), offset, access.size(), pointer.extent, false);
    loadUnknown(access);
  }

  private static Rejection readOnly(Access access, Register pointer) {
    return Rejection.access(
        "R%d cannot write into %s", access.pointerNumber(), StatePrinter.kind(pointer));
  }

  private void buffer(Access access, Register pointer, int offset) {
    refuseNull(access, pointer);
    if (access.write() && pointer.is(Register.READ_ONLY)) {
      throw readOnly(access, pointer);
    }
    buffer(access.pointerNumber(), offset, access.size());
    loadUnknown(access);
  }

  /** Checks an access to a buffer of the kernel's, whose size is checked when it is attached. */
  void buffer(int number, int offset, int size) {
    Register pointer = verification.register(number);
    fixedBuffer(pointer.is(Register.READ_ONLY) ? "rdonly" : "rdwr", number, offset, size);
    verification.facts.buffer(pointer.is(Register.READ_ONLY), offset + size);
  }

  private void fixedBuffer(String name, int number, int offset, int size) {
    Register pointer = verification.register(number);
    if (offset < 0) {
      throw Rejection.access(
          "R%d invalid %s buffer access: off=%d, size=%d", number, name, offset, size);
    }
    if (!pointer.bits.isConstant() || pointer.bits.value() != 0) {
      throw Rejection.access(
          "R%d invalid variable buffer offset: off=%d, var_off=%s", number, offset, pointer.bits);
    }
  }

  /** A load of a field of a socket, as the structures that programs see of it have them. */
  private void socket(Access access, Register pointer, int offset) {
    if (access.write()) {
      throw readOnly(access, pointer);
    }
    if (pointer.smin < 0) {
      throw negative(access.pointerNumber());
    }
    ContextLayout layout =
        switch (pointer.kind) {
          case SOCK_COMMON -> SocketLayouts.SOCK_COMMON;
          case TCP_SOCK -> SocketLayouts.TCP_SOCK;
          case XDP_SOCK -> SocketLayouts.XDP_SOCK;
          default -> SocketLayouts.SOCK;
        };
    ContextLayout.Field field = layout.loadedField(offset, access.size()).orElse(null);
    if (field == null) {
      throw Rejection.access(
          "R%d invalid %s access off=%d size=%d",
          access.pointerNumber(), pointer.kind.label(), offset, access.size());
    }
    verification.facts.field(verification.slot, field);
    loadUnknown(access);
  }

  private void context(Access access, Register pointer, int offset) {
    refuseLeak(access, "ctx");
    unmodified(pointer, access.pointerNumber(), false);
    ContextLayout layout = verification.subject.context();
    ContextLayout.Field field =
        (access.write()
                ? layout.storedField(offset, access.size())
                : layout
                    .loadedField(offset, access.size())
                    .filter(loaded -> isLoadable(loaded, access)))
            .orElse(null);
    if (field == null || needsCapability(field, access)) {
      throw Rejection.access("invalid bpf_context access off=%d size=%d", offset, access.size());
    }
    verification.contextEnd = Math.max(verification.contextEnd, offset + access.size());
    verification.facts.field(verification.slot, field);
    if (access.loads()) {
      loadField(field, verification.register(access.value()));
    }
  }

  /** The packet of a control group, and its time, are not for everyone. */
  private boolean needsCapability(ContextLayout.Field field, Access access) {
    if (verification.rules.capable()
        || verification.subject.spec().type() != ProgramType.CGROUP_SKB) {
      return false;
    }
    return switch (field.kind()) {
      case PACKET, PACKET_END -> true;
      default -> access.write() && field.name().equals("tstamp");
    };
  }

  /** A pointer is loaded as it is, without extending its sign. */
  private static boolean isLoadable(ContextLayout.Field field, Access access) {
    return field.kind() == ContextLayout.Kind.SCALAR || !access.signed();
  }

  private void loadField(ContextLayout.Field field, Register to) {
    switch (field.kind()) {
      case SCALAR -> verification.markUnknown(to);
      case PACKET -> to.setPointer(Kind.PACKET, 0);
      case PACKET_END -> to.setPointer(Kind.PACKET_END, 0);
      case PACKET_META -> to.setPointer(Kind.PACKET_META, 0);
      case OBJECT -> objects.contextField(verification.subject.context(), field, to);
      case FLOW_KEYS -> to.setPointer(Kind.FLOW_KEYS, 0);
      case TRACEPOINT_BUFFER -> to.setPointer(Kind.TRACEPOINT_BUFFER, 0);
      case SOCKET -> to.setPointer(Kind.SOCKET, 0);
      case SOCKET_OR_NULL -> orNull(to, Kind.SOCKET);
      case SOCK_COMMON_OR_NULL -> orNull(to, Kind.SOCK_COMMON);
      case BUFFER_OR_NULL -> {
        to.setPointer(Kind.BUFFER, Register.MAYBE_NULL);
        to.id = verification.nextId();
      }
      case READ_ONLY_BUFFER_OR_NULL -> {
        to.setPointer(Kind.BUFFER, Register.MAYBE_NULL | Register.READ_ONLY);
        to.id = verification.nextId();
      }
    }
  }

  private void orNull(Register to, Kind kind) {
    to.setPointer(kind, Register.MAYBE_NULL);
    to.id = verification.nextId();
  }

  /** Checks that a pointer is what it was when the program got it. */
  static void unmodified(Register pointer, int number, boolean fixedOffsetAllowed) {
    String kind = StatePrinter.kind(pointer);
    if (pointer.offset < 0) {
      throw Rejection.access(
          "negative offset %s ptr R%d off=%d disallowed", kind, number, pointer.offset);
    }
    if (!fixedOffsetAllowed && pointer.offset != 0) {
      throw Rejection.access(
          "dereference of modified %s ptr R%d off=%d disallowed", kind, number, pointer.offset);
    }
    if (!pointer.bits.is(0)) {
      throw Rejection.access("variable %s access var_off=%s disallowed", kind, pointer.bits);
    }
  }

  private void packet(Access access, int offset) {
    if (access.write() && !mayWritePacket(verification.subject.spec().type())) {
      throw Rejection.access("cannot write into packet");
    }
    refuseLeak(access, "packet");
    packet(access.pointerNumber(), offset, access.size(), false);
    loadUnknown(access);
  }

  /** Whether programs of a type may write the packet. */
  static boolean mayWritePacket(ProgramType type) {
    return switch (type) {
      case SCHED_CLS, SCHED_ACT, XDP, LWT_XMIT, SK_SKB, SK_MSG, CGROUP_SOCKOPT -> true;
      default -> false;
    };
  }

  /** Checks an access to what the program has compared with the packet's end. */
  void packet(int number, int offset, int size, boolean zeroAllowed) {
    Register pointer = verification.register(number);
    if (pointer.smin < 0) {
      throw negative(number);
    }
    Rejection refusal =
        pointer.extent < 0
            ? new Rejection(Errno.EINVAL, "")
            : outside(number, offset, size, pointer.extent, zeroAllowed);
    if (refusal != null) {
      String first = refusal.text().isEmpty() ? "" : refusal.text() + "\n";
      throw refusal.saying(first + "R%d offset is outside of the packet".formatted(number));
    }
  }

  private static Rejection negative(int number) {
    return Rejection.access(
        "R%d min value is negative, either use unsigned index or do a if (index >=0) check.",
        number);
  }

  /** Checks an access to memory of a known size. */
  void region(int number, int offset, int size, int regionSize, boolean zeroAllowed) {
    Register pointer = verification.register(number);
    if (pointer.smin < 0) {
      long min = offset + pointer.smin;
      if (pointer.smin == Long.MIN_VALUE || min != (int) min || min < 0) {
        throw negative(number);
      }
    }
    check(
        outside(number, (int) (pointer.smin + offset), size, regionSize, zeroAllowed),
        "R%d min value is outside of the allowed memory range",
        number);
    if (Long.compareUnsigned(pointer.umax, MAX_OFFSET) >= 0) {
      throw Rejection.access(
          "R%d unbounded memory access, make sure to bounds check any such access", number);
    }
    check(
        outside(number, (int) (pointer.umax + offset), size, regionSize, zeroAllowed),
        "R%d max value is outside of the allowed memory range",
        number);
  }

  private static void check(
      @org.jspecify.annotations.Nullable Rejection refusal, String and, int number) {
    if (refusal != null) {
      throw refusal.saying(refusal.text() + "\n" + and.formatted(number));
    }
  }

  private @org.jspecify.annotations.Nullable Rejection outside(
      int number, int offset, int size, int regionSize, boolean zeroAllowed) {
    boolean sizeAllowed = size > 0 || (size == 0 && zeroAllowed);
    if (offset >= 0 && sizeAllowed && (long) offset + size <= Integer.toUnsignedLong(regionSize)) {
      return null;
    }
    Register pointer = verification.register(number);
    return switch (pointer.kind) {
      case MAP_KEY ->
          Rejection.access(
              "invalid access to map key, key_size=%d off=%d size=%d", regionSize, offset, size);
      case MAP_VALUE ->
          Rejection.access(
              "invalid access to map value, value_size=%d off=%d size=%d",
              regionSize, offset, size);
      case PACKET, PACKET_META, PACKET_END ->
          Rejection.access(
              "invalid access to packet, off=%d size=%d, R%d(id=%d,off=%d,r=%d)",
              offset, size, number, pointer.id, offset, regionSize);
      default ->
          Rejection.access(
              "invalid access to memory, mem_size=%s off=%d size=%d",
              Integer.toUnsignedString(regionSize), offset, size);
    };
  }
}
