package io.ebpf4j.jvm.verifier;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfKind;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.map.MapShape;
import io.ebpf4j.jvm.verifier.MemoryAccess.Access;
import io.ebpf4j.jvm.verifier.Register.Kind;
import io.ebpf4j.spec.Errno;
import java.util.OptionalInt;

/** Loads from the kernel's own structures, by their BTF types. */
final class KernelObjects {
  private final Verification verification;

  KernelObjects(Verification verification) {
    this.verification = verification;
  }

  /** A load through a pointer to a structure. */
  void access(Access access, Register pointer, int offset) {
    Btf btf = pointer.btf;
    if (btf == null) {
      throw new IllegalStateException("a pointer to a kernel object without its type");
    }
    String name = btf.name(pointer.btfId);
    refuseWithoutCapability(name);
    if (!pointer.bits.is(0)) {
      throw Rejection.access(
          "R%d is ptr_%s invalid variable offset: off=%d, var_off=%s",
          access.pointerNumber(), name, offset, pointer.bits);
    }
    if (offset < 0) {
      throw Rejection.access(
          "R%d is ptr_%s invalid negative access: off=%d", access.pointerNumber(), name, offset);
    }
    if (access.write()) {
      throw Rejection.access("only read is supported");
    }
    walk(access, btf, pointer.btfId, offset, pointer.is(Register.TRUSTED));
  }

  private void refuseWithoutCapability(String struct) {
    if (!verification.rules.leaksPointers()) {
      throw new Rejection(
          Errno.EPERM,
          "'struct %s' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN".formatted(struct));
    }
  }

  /** A field of the context that points to a structure of the kernel. */
  void contextField(ContextLayout context, ContextLayout.Field field, Register to) {
    Btf btf = verification.subject.kernelTypes();
    OptionalInt struct = btf.find(context.struct(), BtfKind.STRUCT);
    int type =
        struct.isEmpty()
            ? 0
            : btf.member(struct.getAsInt(), field.name()).map(Btf.MemberPlace::type).orElse(0);
    if (type != 0 && btf.type(btf.strip(type)) instanceof BtfType.Pointer pointer) {
      to.setPointer(Kind.BTF, Register.TRUSTED);
      to.btf = btf;
      to.btfId = btf.strip(pointer.target());
    } else {
      verification.markUnknown(to);
    }
  }

  /** Whether a pointer leads to a structure of that name, or to one that begins with it. */
  boolean leadsTo(Btf btf, int id, int offset, String struct) {
    if (offset == 0 && btf.name(btf.strip(id)).equals(struct)) {
      return true;
    }
    int type = complete(btf, id);
    int at = offset;
    while (true) {
      if (!(btf.type(type) instanceof BtfType.Composite composite)) {
        return false;
      }
      if (at == 0 && composite.name().equals(struct)) {
        return true;
      }
      int inner = -1;
      for (BtfType.Member member : composite.members()) {
        int start = member.bitOffset() / Byte.SIZE;
        int of = btf.strip(member.type());
        if (btf.hasSize(of) && at >= start && at < start + btf.sizeOf(of)) {
          inner = of;
          at -= start;
          break;
        }
      }
      if (inner < 0) {
        return false;
      }
      while (btf.type(inner) instanceof BtfType.Array array) {
        inner = btf.strip(array.elementType());
        at %= Math.max(1, btf.sizeOf(inner));
      }
      type = inner;
    }
  }

  /** A load of a field of {@code struct bpf_map} and what the map's type adds. */
  void mapStructure(Access access, Register pointer, int offset) {
    MapShape map = pointer.map;
    Btf btf = verification.subject.kernelTypes();
    if (map == null) {
      throw new IllegalStateException("a map pointer without its map");
    }
    OptionalInt type = btf.find("bpf_map", BtfKind.STRUCT);
    String structure =
        switch (map.spec().type()) {
          case HASH, LRU_HASH, PERCPU_HASH, LRU_PERCPU_HASH -> "bpf_htab";
          default -> "bpf_array";
        };
    OptionalInt own = btf.find(structure, BtfKind.STRUCT);
    if (own.isEmpty() && type.isEmpty()) {
      throw Rejection.access("R%d invalid mem access 'map_ptr'", access.pointerNumber());
    }
    int id = own.orElseGet(type::getAsInt);
    refuseWithoutCapability(btf.name(id));
    if (offset < 0) {
      throw Rejection.access(
          "R%d is %s invalid negative access: off=%d",
          access.pointerNumber(), btf.name(id), offset);
    }
    if (access.write()) {
      throw Rejection.access("only read from %s is supported", btf.name(id));
    }
    walk(access, btf, id, offset, false);
  }

  /** The type itself where only a forward declaration was named. */
  private static int complete(Btf btf, int id) {
    int type = btf.strip(id);
    return btf.type(type) instanceof BtfType.Forward forward
        ? btf.find(forward.name(), BtfKind.STRUCT).orElse(type)
        : type;
  }

  private void walk(Access access, Btf btf, int id, int offset, boolean trusted) {
    int type = complete(btf, id);
    int at = offset;
    if (!btf.hasSize(type) || at + access.size() > btf.sizeOf(type)) {
      throw Rejection.access(
          "access beyond struct %s at off %d size %d", btf.name(type), offset, access.size());
    }
    while (true) {
      BtfType shape = btf.type(type);
      if (shape instanceof BtfType.Array array) {
        int element = btf.strip(array.elementType());
        at %= btf.sizeOf(element);
        type = element;
        continue;
      }
      if (!(shape instanceof BtfType.Composite composite)) {
        break;
      }
      int found = -1;
      int foundAt = 0;
      for (BtfType.Member member : composite.members()) {
        int start = member.bitOffset() / Byte.SIZE;
        int member0 = btf.strip(member.type());
        int size = btf.hasSize(member0) ? btf.sizeOf(member0) : 0;
        if (at >= start && at + access.size() <= start + size) {
          found = member0;
          foundAt = start;
          break;
        }
      }
      if (found < 0) {
        throw Rejection.access(
            "access beyond the end of member of struct %s at off %d size %d",
            composite.name(), offset, access.size());
      }
      type = found;
      at -= foundAt;
    }
    if (!access.loads()) {
      return;
    }
    Register to = verification.register(access.value());
    if (btf.type(type) instanceof BtfType.Pointer target && access.size() == Long.BYTES) {
      int pointee = target.target() == 0 ? 0 : btf.strip(target.target());
      BtfType shape = btf.type(pointee);
      if (shape instanceof BtfType.Composite || shape instanceof BtfType.Forward) {
        boolean stays = trusted && btf.name(id).equals("bpf_iter_meta");
        to.setPointer(Kind.BTF, stays ? Register.TRUSTED : 0);
        to.btf = btf;
        to.btfId = pointee;
        return;
      }
    }
    verification.markUnknown(to);
  }
}
