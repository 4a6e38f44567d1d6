package io.ebpf4j.jvm.memory;

import jdk.internal.misc.Unsafe;

/** Raw memory by the JDK's own intrinsics; loaded only where they are exported. */
final class FastMemory {
  private static final Unsafe UNSAFE = Unsafe.getUnsafe();

  private FastMemory() {}

  static byte getByte(long address) {
    return UNSAFE.getByte(address);
  }

  static void putByte(long address, byte value) {
    UNSAFE.putByte(address, value);
  }

  static short getShort(long address) {
    return UNSAFE.getShortUnaligned(null, address);
  }

  static void putShort(long address, short value) {
    UNSAFE.putShortUnaligned(null, address, value);
  }

  static int getInt(long address) {
    return UNSAFE.getIntUnaligned(null, address);
  }

  static void putInt(long address, int value) {
    UNSAFE.putIntUnaligned(null, address, value);
  }

  static long getLong(long address) {
    return UNSAFE.getLongUnaligned(null, address);
  }

  static void putLong(long address, long value) {
    UNSAFE.putLongUnaligned(null, address, value);
  }

  static int getAndAddInt(long address, int operand) {
    return UNSAFE.getAndAddInt(null, address, operand);
  }

  static int getAndBitwiseOrInt(long address, int operand) {
    return UNSAFE.getAndBitwiseOrInt(null, address, operand);
  }

  static int getAndBitwiseAndInt(long address, int operand) {
    return UNSAFE.getAndBitwiseAndInt(null, address, operand);
  }

  static int getAndBitwiseXorInt(long address, int operand) {
    return UNSAFE.getAndBitwiseXorInt(null, address, operand);
  }

  static int getAndSetInt(long address, int operand) {
    return UNSAFE.getAndSetInt(null, address, operand);
  }

  static long getAndAddLong(long address, long operand) {
    return UNSAFE.getAndAddLong(null, address, operand);
  }

  static long getAndBitwiseOrLong(long address, long operand) {
    return UNSAFE.getAndBitwiseOrLong(null, address, operand);
  }

  static long getAndBitwiseAndLong(long address, long operand) {
    return UNSAFE.getAndBitwiseAndLong(null, address, operand);
  }

  static long getAndBitwiseXorLong(long address, long operand) {
    return UNSAFE.getAndBitwiseXorLong(null, address, operand);
  }

  static long getAndSetLong(long address, long operand) {
    return UNSAFE.getAndSetLong(null, address, operand);
  }

  static int compareAndExchangeInt(long address, int expected, int value) {
    return UNSAFE.compareAndExchangeInt(null, address, expected, value);
  }

  static long compareAndExchangeLong(long address, long expected, long value) {
    return UNSAFE.compareAndExchangeLong(null, address, expected, value);
  }

  static byte getByteAcquire(long address) {
    return UNSAFE.getByteAcquire(null, address);
  }

  static void putByteRelease(long address, byte value) {
    UNSAFE.putByteRelease(null, address, value);
  }

  static short getShortAcquire(long address) {
    return UNSAFE.getShortAcquire(null, address);
  }

  static void putShortRelease(long address, short value) {
    UNSAFE.putShortRelease(null, address, value);
  }

  static int getIntAcquire(long address) {
    return UNSAFE.getIntAcquire(null, address);
  }

  static void putIntRelease(long address, int value) {
    UNSAFE.putIntRelease(null, address, value);
  }

  static long getLongAcquire(long address) {
    return UNSAFE.getLongAcquire(null, address);
  }

  static void putLongRelease(long address, long value) {
    UNSAFE.putLongRelease(null, address, value);
  }

  static void copy(long from, long to, long bytes) {
    UNSAFE.copyMemory(from, to, bytes);
  }

  static void fill(long address, long bytes, byte value) {
    UNSAFE.setMemory(address, bytes, value);
  }
}
