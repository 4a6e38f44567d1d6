package io.ebpf4j.object;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfExt.CoreKind;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.btf.BtfType.Composite;
import io.ebpf4j.btf.BtfType.Enumeration;
import io.ebpf4j.btf.BtfType.Member;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a CO-RE relocation comes to in one set of types.
 *
 * @param number the value; for a missing field, type or enumerator of which only existence counts,
 *     0
 * @param missing whether there is no value, so that the instruction must never be reached
 * @param certain whether the compiler's own idea of the value must be the same
 * @param accessSize bytes that a load or store of the field moves, 0 where it is no such field
 * @param accessType the type of what is moved
 */
record CoreValue(
    long number, boolean missing, boolean certain, long accessSize, @Nullable BtfType accessType) {

  private static final CoreValue MISSING = new CoreValue(0, true, true, 0, null);

  /** The value of {@code kind}; {@code access} is empty where the kernel lacks it. */
  static CoreValue of(CoreKind kind, Optional<CoreAccess> access) {
    return switch (kind) {
      case FIELD_EXISTS, TYPE_EXISTS, TYPE_MATCHES, ENUMVAL_EXISTS ->
          plain(access.isPresent() ? 1 : 0);
      case TYPE_SIZE -> plain(access.map(CoreValue::typeSize).orElse(0L));
      case TYPE_ID_LOCAL, TYPE_ID_TARGET ->
          // Linkers renumber types, so what the compiler wrote says nothing.
          new CoreValue(access.map(CoreAccess::root).orElse(0), false, false, 0, null);
      case ENUMVAL_VALUE -> access.map(CoreValue::enumerator).orElse(MISSING);
      case FIELD_BYTE_OFFSET, FIELD_BYTE_SIZE, FIELD_SIGNED, FIELD_LSHIFT_U64, FIELD_RSHIFT_U64 ->
          access.map(found -> field(kind, found)).orElse(MISSING);
    };
  }

  /** Whether a load or store of one field may become one of another size. */
  boolean mayBeResizedTo(CoreValue other) {
    return (accessType instanceof BtfType.Pointer && other.accessType instanceof BtfType.Pointer)
        || (accessType instanceof BtfType.Int from
            && other.accessType instanceof BtfType.Int to
            && !from.signed()
            && !to.signed());
  }

  private static CoreValue plain(long number) {
    return new CoreValue(number, false, true, 0, null);
  }

  private static long typeSize(CoreAccess access) {
    return size(access, access.root());
  }

  private static CoreValue enumerator(CoreAccess access) {
    Enumeration enumeration = (Enumeration) access.btf().type(access.last().type());
    return plain(enumeration.values().get(access.last().index()).value());
  }

  private static CoreValue field(CoreKind kind, CoreAccess access) {
    CoreAccess.Step last = access.last();
    return last.isElement() ? element(kind, access, last) : member(kind, access, last);
  }

  private static CoreValue element(CoreKind kind, CoreAccess access, CoreAccess.Step last) {
    return switch (kind) {
      case FIELD_BYTE_OFFSET -> moved(access.bitOffset() / Byte.SIZE, access, last.type());
      case FIELD_BYTE_SIZE -> plain(size(access, last.type()));
      default ->
          throw new ObjectFormatException(
              "the CO-RE relocation %s cannot be of an array's element, %s"
                  .formatted(kind.name(), access));
    };
  }

  private static CoreValue member(CoreKind kind, CoreAccess access, CoreAccess.Step last) {
    Btf btf = access.btf();
    Member member = ((Composite) btf.type(last.type())).members().get(last.index());
    int typeId = btf.strip(member.type());
    BtfType type = btf.type(typeId);
    boolean bitField = member.bitFieldSize() > 0;
    long bitOffset = access.bitOffset();
    long byteSize = size(access, typeId);
    long bitSize = bitField ? member.bitFieldSize() : byteSize * Byte.SIZE;
    long byteOffset = bitOffset / Byte.SIZE;
    if (bitField) {
      byteOffset = aligned(bitOffset, byteSize, access);
      while (bitOffset + bitSize - byteOffset * Byte.SIZE > byteSize * Byte.SIZE) {
        if (byteSize >= Long.BYTES) {
          throw new ObjectFormatException(
              "the bit field %s cannot be read with one load".formatted(access));
        }
        byteSize *= 2;
        byteOffset = aligned(bitOffset, byteSize, access);
      }
    }
    // Which unit of memory holds a bit field is the compiler's choice.
    boolean certain = !bitField;
    return switch (kind) {
      case FIELD_BYTE_OFFSET ->
          bitField
              ? new CoreValue(byteOffset, false, false, 0, null)
              : moved(byteOffset, access, typeId);
      case FIELD_BYTE_SIZE -> new CoreValue(byteSize, false, certain, 0, null);
      case FIELD_SIGNED -> plain(isSigned(type) ? 1 : 0);
      case FIELD_LSHIFT_U64 ->
          new CoreValue(
              Long.SIZE - (bitOffset + bitSize - byteOffset * Byte.SIZE), false, certain, 0, null);
      default -> plain(Long.SIZE - bitSize);
    };
  }

  private static long aligned(long bitOffset, long byteSize, CoreAccess access) {
    if (byteSize <= 0) {
      throw new ObjectFormatException("the bit field %s has a type without size".formatted(access));
    }
    return bitOffset / Byte.SIZE / byteSize * byteSize;
  }

  private static boolean isSigned(BtfType type) {
    return switch (type) {
      case BtfType.Int number -> number.signed();
      case Enumeration enumeration -> enumeration.signed();
      default -> false;
    };
  }

  /** A load or store of an array moves one element of it. */
  private static CoreValue moved(long byteOffset, CoreAccess access, int typeId) {
    Btf btf = access.btf();
    int element = btf.strip(typeId);
    while (btf.type(element) instanceof BtfType.Array array) {
      element = btf.strip(array.elementType());
    }
    return new CoreValue(
        byteOffset, false, true, size(access, element), btf.type(btf.strip(typeId)));
  }

  private static long size(CoreAccess access, int id) {
    if (!access.btf().hasSize(id)) {
      throw new ObjectFormatException(
          "%s has a part, %s, whose type has no size".formatted(access, access.btf().typeName(id)));
    }
    return access.btf().sizeOf(id);
  }
}
