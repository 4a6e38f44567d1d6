package io.ebpf4j.jvm.verifier;

import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.Dynptr;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.MapShape;
import io.ebpf4j.jvm.map.SpecialFields;
import io.ebpf4j.jvm.verifier.HelperStep.Call;
import io.ebpf4j.jvm.verifier.MemoryAccess.Access;
import io.ebpf4j.jvm.verifier.Register.Kind;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The arguments of a helper: what each may be, and what memory it leads to. */
final class HelperArguments {
  private static final int MAX_SIZE = 1 << 29;
  private static final int PEEK = 89;
  private static final int SHORT_HEADER_BYTES = 20;
  private static final int IPV6_HEADER_BYTES = 40;

  private final Verification verification;
  private final MemoryAccess memory;
  private final Locks locks;
  private final ArgumentTypes types;

  HelperArguments(Verification verification, MemoryAccess memory, Locks locks) {
    this.verification = verification;
    this.memory = memory;
    this.locks = locks;
    this.types = new ArgumentTypes(verification);
  }

  /** Checks an argument; those before it have been checked. */
  void check(int number, List<Argument> kinds, Call call) {
    Argument kind = ofMap(kinds.get(number - 1), call);
    if (kind == Argument.UNCHECKED) {
      return;
    }
    Register register = verification.read(number);
    if (kind == Argument.ANYTHING) {
      if (verification.isSecret(register)) {
        throw Rejection.access("R%d leaks addr into helper function", number);
      }
      return;
    }
    if (register.isPacketPointer() && !mayGetPacket(call)) {
      throw Rejection.access("helper access to the packet is not allowed");
    }
    if (!(register.isNull() && kind.isNullable())) {
      types.check(number, register, kind, call.helper);
      types.checkOffset(number, register, kind);
    }
    objects(number, register, kind, call);
    switch (kind) {
      case MAP -> map(register, call);
      case MAP_KEY -> {
        MapShape map = call.map();
        access(number, map.spec().keySize(), false, false, null);
        if (map.spec().type() == MapType.ARRAY || map.spec().type() == MapType.PERCPU_ARRAY) {
          call.key = constantKey(register, map.spec().keySize());
        }
      }
      case MAP_VALUE -> access(number, call.map().spec().valueSize(), false, false, null);
      case MAP_VALUE_OR_NULL -> {
        if (!register.isNull()) {
          access(number, call.map().spec().valueSize(), false, false, null);
        }
      }
      case UNINITIALIZED_MAP_VALUE ->
          access(number, call.map().spec().valueSize(), true, false, call.raw);
      case SIZE -> size(number, kinds.get(number - 2), false, call);
      case SIZE_OR_ZERO -> size(number, kinds.get(number - 2), true, call);
      case LONG_POINTER -> {
        access(number, Long.BYTES, true, false, call.raw);
        aligned(number, Long.BYTES);
      }
      case INT_POINTER -> {
        access(number, Integer.BYTES, true, false, call.raw);
        aligned(number, Integer.BYTES);
      }
      case UPDATED_INT -> {
        access(number, Integer.BYTES, true, false, null);
        aligned(number, Integer.BYTES);
      }
      case READ_LONG -> {
        access(number, Long.BYTES, false, false, null);
        aligned(number, Long.BYTES);
      }
      case IPV4_HEADER, TCP_HEADER -> access(number, SHORT_HEADER_BYTES, false, false, null);
      case IPV6_HEADER -> access(number, IPV6_HEADER_BYTES, false, false, null);
      case ALLOCATION_SIZE -> {
        if (!register.bits.isConstant()) {
          throw Rejection.access("R%d is not a known constant'", number);
        }
        call.memorySize = (int) register.bits.value();
        verification.markPrecise(number);
      }
      case CONSTANT_STRING -> constantString(number, register);
      case FUNCTION -> call.function = register.extent;
      case SPIN_LOCK -> locks.argument(number, call.helper.id() == Locks.LOCK);
      case TIMER -> timer(number, register, call);
      case PER_CPU_OBJECT -> call.object.set(register);
      case DYNPTR -> call.dynptr = dynptrs().use(number, null).copy();
      case NEW_LOCAL_DYNPTR -> dynptrs().begin(number, memory.stack(), Dynptr.Type.LOCAL, 0);
      case NEW_RINGBUF_DYNPTR -> dynptrs().begin(number, memory.stack(), Dynptr.Type.RINGBUF, 0);
      case RELEASED_RINGBUF_DYNPTR -> {
        dynptrs().use(number, Dynptr.Type.RINGBUF);
        dynptrs().release(number);
      }
      default -> {}
    }
  }

  /** Values of some maps are no memory, or are read where others are written. */
  private static Argument ofMap(Argument kind, Call call) {
    MapShape map = call.map;
    if (map == null) {
      return kind;
    }
    return switch (map.spec().type()) {
      case SOCKMAP, SOCKHASH -> kind == Argument.MAP_VALUE ? Argument.ANY_SOCK : kind;
      case BLOOM_FILTER ->
          call.helper.id() == PEEK && kind == Argument.UNINITIALIZED_MAP_VALUE
              ? Argument.MAP_VALUE
              : kind;
      default -> kind;
    };
  }

  /** Takes note of what is given back, and of the reference that an argument brings. */
  private void objects(int number, Register register, Argument kind, Call call) {
    if (kind.isReleased()) {
      if (register.reference == 0 && !register.isNull()) {
        throw Rejection.invalid("R%d must be referenced when passed to release function", number);
      }
      call.released = number;
    }
    if (register.reference != 0) {
      if (call.reference != 0) {
        throw Rejection.access(
            "more than one arg with ref_obj_id R%d %d %d",
            number, register.reference, call.reference);
      }
      call.reference = register.reference;
    }
  }

  StackAccess stack() {
    return memory.stack();
  }

  Dynptrs dynptrs() {
    return memory.stack().dynptrs();
  }

  private boolean mayGetPacket(Call call) {
    return switch (verification.subject.spec().type()) {
      case LWT_IN,
          LWT_OUT,
          LWT_SEG6LOCAL,
          SK_REUSEPORT,
          FLOW_DISSECTOR,
          CGROUP_SKB,
          SCHED_CLS,
          SCHED_ACT,
          XDP,
          LWT_XMIT,
          SK_SKB,
          SK_MSG ->
          call.helper.takesPacket();
      case CGROUP_SOCKOPT -> true;
      default -> false;
    };
  }

  private static void map(Register register, Call call) {
    if (call.map != null && (call.map != register.map || call.mapUid != register.mapUid)) {
      throw Rejection.invalid(
          "timer pointer in R1 map_uid=%d doesn't match map pointer in R2 map_uid=%d",
          call.mapUid, register.mapUid);
    }
    call.map = register.map;
    call.mapUid = register.mapUid;
  }

  private void aligned(int number, int size) {
    Register register = verification.register(number);
    Tnum at = register.bits.plus(Tnum.constant(register.offset));
    if (!at.isAligned(size)) {
      throw Rejection.access(
          "misaligned access off %s+%d+%d size %d", register.bits, register.offset, 0, size);
    }
  }

  /** Memory that a kernel function reads and writes, by its size in the argument behind it. */
  void sized(int number) {
    Register pointer = verification.register(number - 1);
    Register saved = pointer.copy();
    if (pointer.mayBeNull()) {
      NullChecks.notNull(pointer);
    }
    checkSize(number, true);
    int size = (int) verification.register(number).umax;
    access(number - 1, size, false, true, null);
    access(number - 1, size, true, true, null);
    pointer.set(saved);
    verification.markPrecise(number);
  }

  private void checkSize(int number, boolean zeroAllowed) {
    Register size = verification.register(number);
    if (size.smin < 0) {
      throw Rejection.access(
          "R%d min value is negative, either use unsigned or 'var &= const'", number);
    }
    if (size.umin == 0 && !zeroAllowed) {
      throw Rejection.access(
          "R%d invalid zero-sized read: u64=[%d,%d]", number, size.umin, size.umax);
    }
    if (Long.compareUnsigned(size.umax, MAX_SIZE) >= 0) {
      throw Rejection.access(
          "R%d unbounded memory access, use 'var &= const' or 'if (var < const)'", number);
    }
  }

  private void size(int number, Argument of, boolean zeroAllowed, Call call) {
    Register size = verification.register(number);
    boolean writes = of.isWritten();
    checkSize(number, zeroAllowed);
    call.size = (int) size.umax;
    boolean fills = writes && of != Argument.WRITABLE_MEMORY;
    StackAccess.Raw raw = fills && size.bits.isConstant() ? call.raw : null;
    access(number - 1, (int) size.umax, writes, zeroAllowed, raw);
    verification.markPrecise(number);
  }

  /** Checks the memory that a pointer leads to. */
  void access(
      int number, int size, boolean write, boolean zeroAllowed, StackAccess.@Nullable Raw raw) {
    Register pointer = verification.register(number);
    switch (pointer.kind) {
      case PACKET, PACKET_META -> memory.packet(number, pointer.offset, size, zeroAllowed);
      case MAP_KEY -> {
        refuseReadOnly(number, pointer, write, true);
        memory.region(number, pointer.offset, size, keySize(pointer), false);
      }
      case MAP_VALUE -> {
        memory.mapDirection(number, pointer.offset, size, write);
        memory.mapValue(number, pointer.offset, size, zeroAllowed, false);
      }
      case MEMORY -> {
        refuseReadOnly(number, pointer, write, pointer.is(Register.READ_ONLY));
        memory.region(number, pointer.offset, size, pointer.extent, zeroAllowed);
      }
      case BUFFER -> {
        refuseReadOnly(number, pointer, write, pointer.is(Register.READ_ONLY));
        memory.buffer(number, pointer.offset, size);
      }
      case STACK ->
          memory.stack().checkInitialized(number, pointer.offset, size, zeroAllowed, write, raw);
      case BTF -> memory.check(new Access(number, 0, size, false, -1, false, false));
      case CONTEXT -> context(number, pointer, size, write, zeroAllowed);
      default -> {
        if (!(zeroAllowed && size == 0 && pointer.isNull())) {
          throw notMemory(number, pointer);
        }
      }
    }
  }

  private static Rejection notMemory(int number, Register pointer) {
    return Rejection.access("R%d type=%s expected=fp", number, StatePrinter.kind(pointer));
  }

  private void context(int number, Register pointer, int size, boolean write, boolean zeroAllowed) {
    if (!verification.subject.context().isMemory()) {
      throw notMemory(number, pointer);
    }
    if (size == 0) {
      if (zeroAllowed) {
        return;
      }
      throw Rejection.access("invalid zero-sized read");
    }
    memory.check(new Access(number, size - 1, 1, write, -1, false, false));
  }

  private static int keySize(Register pointer) {
    MapShape map = pointer.map;
    return map == null ? 0 : map.spec().keySize();
  }

  private static void refuseReadOnly(
      int number, Register pointer, boolean write, boolean readOnly) {
    if (write && readOnly) {
      throw Rejection.access("R%d cannot write into %s", number, StatePrinter.kind(pointer));
    }
  }

  /** A helper has filled a byte. */
  void markWritten(int number, int offset) {
    memory.check(new Access(number, offset, 1, true, -1, false, false));
  }

  /** The number that lies where the key is read from, or -1 where it is not known. */
  private long constantKey(Register key, int size) {
    if (!verification.rules.capable() || key.kind != Kind.STACK || !key.bits.isConstant()) {
      return -1;
    }
    Frame frame = verification.state.frame(key.frame);
    int byteIndex = -(key.offset + (int) key.bits.value()) - 1;
    int slot = byteIndex / Frame.SLOT_BYTES;
    int first = slot * Frame.SLOT_BYTES;
    int zeros = 0;
    for (int i = byteIndex; i >= first && frame.bytes[i] == Frame.ZERO; i--) {
      zeros++;
    }
    if (zeros >= size) {
      return 0;
    }
    if (!frame.isSpilledScalar(slot)) {
      return -1;
    }
    int spilled = 0;
    for (int i = byteIndex; i >= first && frame.bytes[i] == Frame.SPILL; i--) {
      spilled++;
    }
    Register spill = frame.spill(slot);
    if (spilled != size || !spill.bits.isConstant()) {
      return -1;
    }
    verification.precision.markSlot(verification.state, key.frame, slot);
    return spill.bits.value();
  }

  /** A zero-terminated string in a read-only map. */
  void constantString(int number, Register register) {
    if (!(register.map instanceof JvmMap map)
        || (map.spec().flags() & MapFlags.RDONLY_PROG) == 0
        || !map.frozen()) {
      throw Rejection.access("R%d does not point to a readonly map'", number);
    }
    if (!register.bits.isConstant()) {
      throw Rejection.access("R%d is not a constant address'", number);
    }
    if (map.spec().type() != MapType.ARRAY || map.spec().maxEntries() != 1) {
      throw Rejection.access("no direct value access support for this map type");
    }
    memory.mapValue(
        number, register.offset, map.spec().valueSize() - register.offset, false, false);
    if (FrozenValue.stringLength(map, register.offset + register.bits.value()) < 0) {
      throw Rejection.invalid("string is not zero-terminated");
    }
  }

  private static void timer(int number, Register register, Call call) {
    field(number, register, SpecialFields.Kind.TIMER);
    call.map = register.map;
    call.mapUid = register.mapUid;
  }

  /** Checks that a map's value is pointed to where it has a field of the kernel's. */
  static void field(int number, Register register, SpecialFields.Kind kind) {
    MapShape map = register.map;
    String name = kind.label();
    if (map == null) {
      throw new IllegalStateException("a map value without its map");
    }
    if (!register.bits.isConstant()) {
      throw Rejection.invalid(
          "R%d doesn't have constant offset. %s has to be at the constant offset", number, name);
    }
    if (map.spec().btf() == null || map.spec().valueType() == 0) {
      throw Rejection.invalid(
          "map '%s' has to have BTF in order to use %s", map.spec().name(), name);
    }
    int offset =
        map.specialFields().fields().stream()
            .filter(field -> field.kind() == kind)
            .mapToInt(SpecialFields.Field::offset)
            .findFirst()
            .orElseThrow(
                () -> Rejection.invalid("map '%s' has no valid %s", map.spec().name(), name));
    long at = register.bits.value() + register.offset;
    if (offset != at) {
      throw Rejection.invalid(
          "off %d doesn't point to 'struct %s' that is at %d", at, name, offset);
    }
  }
}
