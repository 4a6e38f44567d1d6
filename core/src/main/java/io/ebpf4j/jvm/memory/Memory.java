package io.ebpf4j.jvm.memory;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/**
 * Raw memory by plain 64-bit address: the only door to it for hand-written code. Nothing is
 * checked; callers prove that an address is theirs.
 *
 * <p>There are two ways: {@code jdk.internal.misc.Unsafe}, where the JVM was started with {@code
 * --add-exports java.base/jdk.internal.misc=ALL-UNNAMED} (or {@code =io.ebpf4j.core}), and {@link
 * MemorySegment} elsewhere. Which one is a constant of the JVM, so the branch costs nothing once
 * compiled. The system property {@code ebpf4j.memory} ({@code fast} or {@code portable}) forces
 * one.
 *
 * <p>Multi-byte values are little-endian, the order of the hosts that ebpf4j runs on.
 */
public final class Memory {
  /** Whether the fast way is in use. */
  public static final boolean FAST = chooseFast();

  private Memory() {}

  /** Plain load of a byte at any alignment. */
  public static byte getByte(long address) {
    return FAST ? FastMemory.getByte(address) : PortableMemory.getByte(address);
  }

  /** Plain store of a byte at any alignment. */
  public static void putByte(long address, byte value) {
    if (FAST) {
      FastMemory.putByte(address, value);
    } else {
      PortableMemory.putByte(address, value);
    }
  }

  /** Plain load of a short at any alignment. */
  public static short getShort(long address) {
    return FAST ? FastMemory.getShort(address) : PortableMemory.getShort(address);
  }

  /** Plain store of a short at any alignment. */
  public static void putShort(long address, short value) {
    if (FAST) {
      FastMemory.putShort(address, value);
    } else {
      PortableMemory.putShort(address, value);
    }
  }

  /** Plain load of an int at any alignment. */
  public static int getInt(long address) {
    return FAST ? FastMemory.getInt(address) : PortableMemory.getInt(address);
  }

  /** Plain store of an int at any alignment. */
  public static void putInt(long address, int value) {
    if (FAST) {
      FastMemory.putInt(address, value);
    } else {
      PortableMemory.putInt(address, value);
    }
  }

  /** Plain load of a long at any alignment. */
  public static long getLong(long address) {
    return FAST ? FastMemory.getLong(address) : PortableMemory.getLong(address);
  }

  /** Plain store of a long at any alignment. */
  public static void putLong(long address, long value) {
    if (FAST) {
      FastMemory.putLong(address, value);
    } else {
      PortableMemory.putLong(address, value);
    }
  }

  /** Fully ordered: adds the operand and gives the old value; aligned. */
  public static int getAndAddInt(long address, int operand) {
    return FAST
        ? FastMemory.getAndAddInt(address, operand)
        : PortableMemory.getAndAddInt(address, operand);
  }

  /** Fully ordered: ors the operand and gives the old value; aligned. */
  public static int getAndBitwiseOrInt(long address, int operand) {
    return FAST
        ? FastMemory.getAndBitwiseOrInt(address, operand)
        : PortableMemory.getAndBitwiseOrInt(address, operand);
  }

  /** Fully ordered: ands the operand and gives the old value; aligned. */
  public static int getAndBitwiseAndInt(long address, int operand) {
    return FAST
        ? FastMemory.getAndBitwiseAndInt(address, operand)
        : PortableMemory.getAndBitwiseAndInt(address, operand);
  }

  /** Fully ordered: xors the operand and gives the old value; aligned. */
  public static int getAndBitwiseXorInt(long address, int operand) {
    return FAST
        ? FastMemory.getAndBitwiseXorInt(address, operand)
        : PortableMemory.getAndBitwiseXorInt(address, operand);
  }

  /** Fully ordered: sets the value and gives the old value; aligned. */
  public static int getAndSetInt(long address, int operand) {
    return FAST
        ? FastMemory.getAndSetInt(address, operand)
        : PortableMemory.getAndSetInt(address, operand);
  }

  /** Fully ordered: adds the operand and gives the old value; aligned. */
  public static long getAndAddLong(long address, long operand) {
    return FAST
        ? FastMemory.getAndAddLong(address, operand)
        : PortableMemory.getAndAddLong(address, operand);
  }

  /** Fully ordered: ors the operand and gives the old value; aligned. */
  public static long getAndBitwiseOrLong(long address, long operand) {
    return FAST
        ? FastMemory.getAndBitwiseOrLong(address, operand)
        : PortableMemory.getAndBitwiseOrLong(address, operand);
  }

  /** Fully ordered: ands the operand and gives the old value; aligned. */
  public static long getAndBitwiseAndLong(long address, long operand) {
    return FAST
        ? FastMemory.getAndBitwiseAndLong(address, operand)
        : PortableMemory.getAndBitwiseAndLong(address, operand);
  }

  /** Fully ordered: xors the operand and gives the old value; aligned. */
  public static long getAndBitwiseXorLong(long address, long operand) {
    return FAST
        ? FastMemory.getAndBitwiseXorLong(address, operand)
        : PortableMemory.getAndBitwiseXorLong(address, operand);
  }

  /** Fully ordered: sets the value and gives the old value; aligned. */
  public static long getAndSetLong(long address, long operand) {
    return FAST
        ? FastMemory.getAndSetLong(address, operand)
        : PortableMemory.getAndSetLong(address, operand);
  }

  /** Fully ordered compare-and-exchange; gives the value that was there; aligned. */
  public static int compareAndExchangeInt(long address, int expected, int value) {
    return FAST
        ? FastMemory.compareAndExchangeInt(address, expected, value)
        : PortableMemory.compareAndExchangeInt(address, expected, value);
  }

  /** Fully ordered compare-and-exchange; gives the value that was there; aligned. */
  public static long compareAndExchangeLong(long address, long expected, long value) {
    return FAST
        ? FastMemory.compareAndExchangeLong(address, expected, value)
        : PortableMemory.compareAndExchangeLong(address, expected, value);
  }

  /** Acquire load; aligned. */
  public static byte getByteAcquire(long address) {
    return FAST ? FastMemory.getByteAcquire(address) : PortableMemory.getByteAcquire(address);
  }

  /** Release store; aligned. */
  public static void putByteRelease(long address, byte value) {
    if (FAST) {
      FastMemory.putByteRelease(address, value);
    } else {
      PortableMemory.putByteRelease(address, value);
    }
  }

  /** Acquire load; aligned. */
  public static short getShortAcquire(long address) {
    return FAST ? FastMemory.getShortAcquire(address) : PortableMemory.getShortAcquire(address);
  }

  /** Release store; aligned. */
  public static void putShortRelease(long address, short value) {
    if (FAST) {
      FastMemory.putShortRelease(address, value);
    } else {
      PortableMemory.putShortRelease(address, value);
    }
  }

  /** Acquire load; aligned. */
  public static int getIntAcquire(long address) {
    return FAST ? FastMemory.getIntAcquire(address) : PortableMemory.getIntAcquire(address);
  }

  /** Release store; aligned. */
  public static void putIntRelease(long address, int value) {
    if (FAST) {
      FastMemory.putIntRelease(address, value);
    } else {
      PortableMemory.putIntRelease(address, value);
    }
  }

  /** Acquire load; aligned. */
  public static long getLongAcquire(long address) {
    return FAST ? FastMemory.getLongAcquire(address) : PortableMemory.getLongAcquire(address);
  }

  /** Release store; aligned. */
  public static void putLongRelease(long address, long value) {
    if (FAST) {
      FastMemory.putLongRelease(address, value);
    } else {
      PortableMemory.putLongRelease(address, value);
    }
  }

  /** Copies bytes; the ranges may overlap. */
  public static void copy(long from, long to, long bytes) {
    if (FAST) {
      FastMemory.copy(from, to, bytes);
    } else {
      PortableMemory.copy(from, to, bytes);
    }
  }

  /** Copies from an array into raw memory. */
  public static void copy(byte[] from, int offset, long to, int bytes) {
    MemorySegment.copy(MemorySegment.ofArray(from), offset, PortableMemory.ALL, to, bytes);
  }

  /** Copies from raw memory into an array. */
  public static void copy(long from, byte[] to, int offset, int bytes) {
    MemorySegment.copy(PortableMemory.ALL, from, MemorySegment.ofArray(to), offset, bytes);
  }

  /** Copies from a segment, whose bounds are checked, into raw memory. */
  public static void copy(MemorySegment from, long offset, long to, long bytes) {
    MemorySegment.copy(from, offset, PortableMemory.ALL, to, bytes);
  }

  /** Copies from raw memory into a segment, whose bounds are checked. */
  public static void copy(long from, MemorySegment to, long offset, long bytes) {
    MemorySegment.copy(PortableMemory.ALL, from, to, offset, bytes);
  }

  /** Sets every byte. */
  public static void fill(long address, long bytes, byte value) {
    if (FAST) {
      FastMemory.fill(address, bytes, value);
    } else {
      PortableMemory.fill(address, bytes, value);
    }
  }

  /** A segment over raw memory that is always accessible: its user keeps the memory alive. */
  public static MemorySegment segment(long address, long bytes) {
    return PortableMemory.ALL.asSlice(address, bytes);
  }

  private static boolean chooseFast() {
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      throw new UnsupportedOperationException(
          "ebpf4j runs on little-endian hosts, this one is big-endian");
    }
    String wanted = System.getProperty("ebpf4j.memory", "");
    switch (wanted) {
      case "portable" -> {
        return false;
      }
      case "", "fast" -> {}
      default ->
          throw new IllegalStateException(
              "system property ebpf4j.memory is '" + wanted + "': use fast or portable");
    }
    boolean exported =
        Object.class.getModule().isExported("jdk.internal.misc", Memory.class.getModule());
    if (!exported && wanted.equals("fast")) {
      throw new IllegalStateException(
          "ebpf4j.memory=fast needs --add-exports java.base/jdk.internal.misc="
              + (Memory.class.getModule().isNamed() ? "io.ebpf4j.core" : "ALL-UNNAMED"));
    }
    return exported;
  }
}
