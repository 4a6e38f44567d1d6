package io.ebpf4j.jvm.interpreter;

import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.ContextLayout.Field;
import io.ebpf4j.jvm.context.ContextLayout.Kind;
import io.ebpf4j.jvm.context.ContextLayout.Pointee;
import io.ebpf4j.jvm.memory.Memory;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/** Turns what a program does to its visible context into accesses of the real fields. */
final class ContextAccess {
  private final ContextLayout layout;
  private final Field[] fields;
  private final Pointee[] pointees;
  private final boolean memory;
  private final int packet;
  private final int packetEnd;
  private final int packetMeta;

  ContextAccess(ContextLayout layout) {
    this.layout = layout;
    this.fields =
        layout.fields().stream()
            .filter(Field::isBuilt)
            .sorted(Comparator.comparingInt(Field::offset))
            .toArray(Field[]::new);
    this.pointees = layout.pointees().toArray(Pointee[]::new);
    this.memory = layout.isMemory();
    this.packet = realOffset(Kind.PACKET);
    this.packetEnd = realOffset(Kind.PACKET_END);
    this.packetMeta = realOffset(Kind.PACKET_META);
  }

  ContextLayout layout() {
    return layout;
  }

  /** Bytes of the context at an address that the program sees. */
  int visibleBytes(long context) {
    return layout.visibleBytes(context);
  }

  /** Whether the context is plain memory too, which helpers take. */
  boolean isMemory() {
    return memory;
  }

  /** Sets the packet's bounds from the context. */
  void findPacket(long context, LiveRegions regions) {
    if (packet < 0 || packetEnd < 0) {
      return;
    }
    long start = Memory.getLong(context + packet);
    if (packetMeta >= 0) {
      // Metadata that is not supported is said by a start behind the packet's.
      start = Math.min(start, Memory.getLong(context + packetMeta));
    }
    regions.packet(start, Memory.getLong(context + packetEnd));
  }

  /** Grants the memory that the context points to. */
  void grantPointees(long context, Grants grants) {
    if (context == 0) {
      return;
    }
    for (Pointee pointee : pointees) {
      long low = Memory.getLong(context + pointee.pointerOffset());
      if (low != 0) {
        grants.add(
            low,
            low + Memory.getInt(context + pointee.sizeOffset()),
            pointee.writable(),
            pointee.name());
      }
    }
  }

  /** Whether the access may be made as a load; {@link #load} does it. */
  boolean loads(long offset, int size, boolean signed) {
    Field field = fieldAt(offset, size);
    if (field == null) {
      return false;
    }
    return field.loads(offset, size) && (field.kind() == Kind.SCALAR || !signed);
  }

  /** The value, zero-extended; where {@link #loads} agreed. */
  long load(long context, long offset, int size) {
    Field field = found(offset, size);
    long real = context + field.realOffset();
    if (field.kind() != Kind.SCALAR) {
      return read(real, field.realSize());
    }
    long skip = offset - field.offset();
    if (field.realSize() == field.size()) {
      return read(real + skip, size);
    }
    long value = read(real, field.realSize()) >>> skip * Byte.SIZE;
    return size == Long.BYTES ? value : value & (1L << size * Byte.SIZE) - 1;
  }

  /** Whether the access may be made as a store; {@link #store} does it. */
  boolean stores(long offset, int size) {
    Field field = fieldAt(offset, size);
    return field != null && field.stores(offset, size);
  }

  /** Stores the low bytes of a value; where {@link #stores} agreed. */
  void store(long context, long offset, int size, long value) {
    Field field = found(offset, size);
    long real = context + field.realOffset();
    if (field.realSize() == field.size()) {
      write(real + offset - field.offset(), size, value);
    } else {
      long cut = size == Long.BYTES ? value : value & (1L << size * Byte.SIZE) - 1;
      write(real, field.realSize(), cut);
    }
  }

  private static long read(long address, int size) {
    return switch (size) {
      case 1 -> Memory.getByte(address) & 0xffL;
      case 2 -> Memory.getShort(address) & 0xffffL;
      case 4 -> Memory.getInt(address) & 0xffffffffL;
      default -> Memory.getLong(address);
    };
  }

  private static void write(long address, int size, long value) {
    switch (size) {
      case 1 -> Memory.putByte(address, (byte) value);
      case 2 -> Memory.putShort(address, (short) value);
      case 4 -> Memory.putInt(address, (int) value);
      default -> Memory.putLong(address, value);
    }
  }

  private Field found(long offset, int size) {
    Field field = fieldAt(offset, size);
    if (field == null) {
      throw new IllegalStateException("no field at offset " + offset);
    }
    return field;
  }

  private @Nullable Field fieldAt(long offset, int size) {
    int low = 0;
    int high = fields.length - 1;
    while (low <= high) {
      int middle = low + high >>> 1;
      Field field = fields[middle];
      if (offset < field.offset()) {
        high = middle - 1;
      } else if (offset >= field.offset() + field.size()) {
        low = middle + 1;
      } else {
        return offset + size <= field.offset() + field.size() ? field : null;
      }
    }
    return null;
  }

  private int realOffset(Kind kind) {
    for (Field field : fields) {
      if (field.kind() == kind) {
        return field.realOffset();
      }
    }
    return -1;
  }
}
