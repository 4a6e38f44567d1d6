package io.ebpf4j.jvm.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** Raw memory by one segment over the whole address space. */
@SuppressWarnings("restricted") // The flag for native access is documented; this is the one place.
final class PortableMemory {
  static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private static final VarHandle BYTE = ValueLayout.JAVA_BYTE.varHandle();
  private static final VarHandle SHORT = ValueLayout.JAVA_SHORT.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private PortableMemory() {}

  static byte getByte(long address) {
    return ALL.get(ValueLayout.JAVA_BYTE, address);
  }

  static void putByte(long address, byte value) {
    ALL.set(ValueLayout.JAVA_BYTE, address, value);
  }

  static short getShort(long address) {
    return ALL.get(ValueLayout.JAVA_SHORT_UNALIGNED, address);
  }

  static void putShort(long address, short value) {
    ALL.set(ValueLayout.JAVA_SHORT_UNALIGNED, address, value);
  }

  static int getInt(long address) {
    return ALL.get(ValueLayout.JAVA_INT_UNALIGNED, address);
  }

  static void putInt(long address, int value) {
    ALL.set(ValueLayout.JAVA_INT_UNALIGNED, address, value);
  }

  static long getLong(long address) {
    return ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, address);
  }

  static void putLong(long address, long value) {
    ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, address, value);
  }

  static int getAndAddInt(long address, int operand) {
    return (int) INT.getAndAdd(ALL, address, operand);
  }

  static int getAndBitwiseOrInt(long address, int operand) {
    return (int) INT.getAndBitwiseOr(ALL, address, operand);
  }

  static int getAndBitwiseAndInt(long address, int operand) {
    return (int) INT.getAndBitwiseAnd(ALL, address, operand);
  }

  static int getAndBitwiseXorInt(long address, int operand) {
    return (int) INT.getAndBitwiseXor(ALL, address, operand);
  }

  static int getAndSetInt(long address, int operand) {
    return (int) INT.getAndSet(ALL, address, operand);
  }

  static long getAndAddLong(long address, long operand) {
    return (long) LONG.getAndAdd(ALL, address, operand);
  }

  static long getAndBitwiseOrLong(long address, long operand) {
    return (long) LONG.getAndBitwiseOr(ALL, address, operand);
  }

  static long getAndBitwiseAndLong(long address, long operand) {
    return (long) LONG.getAndBitwiseAnd(ALL, address, operand);
  }

  static long getAndBitwiseXorLong(long address, long operand) {
    return (long) LONG.getAndBitwiseXor(ALL, address, operand);
  }

  static long getAndSetLong(long address, long operand) {
    return (long) LONG.getAndSet(ALL, address, operand);
  }

  static int compareAndExchangeInt(long address, int expected, int value) {
    return (int) INT.compareAndExchange(ALL, address, expected, value);
  }

  static long compareAndExchangeLong(long address, long expected, long value) {
    return (long) LONG.compareAndExchange(ALL, address, expected, value);
  }

  static byte getByteAcquire(long address) {
    return (byte) BYTE.getAcquire(ALL, address);
  }

  static void putByteRelease(long address, byte value) {
    BYTE.setRelease(ALL, address, value);
  }

  static short getShortAcquire(long address) {
    return (short) SHORT.getAcquire(ALL, address);
  }

  static void putShortRelease(long address, short value) {
    SHORT.setRelease(ALL, address, value);
  }

  static int getIntAcquire(long address) {
    return (int) INT.getAcquire(ALL, address);
  }

  static void putIntRelease(long address, int value) {
    INT.setRelease(ALL, address, value);
  }

  static long getLongAcquire(long address) {
    return (long) LONG.getAcquire(ALL, address);
  }

  static void putLongRelease(long address, long value) {
    LONG.setRelease(ALL, address, value);
  }

  static void copy(long from, long to, long bytes) {
    MemorySegment.copy(ALL, from, ALL, to, bytes);
  }

  static void fill(long address, long bytes, byte value) {
    ALL.asSlice(address, bytes).fill(value);
  }
}
