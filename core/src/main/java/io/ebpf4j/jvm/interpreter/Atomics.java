package io.ebpf4j.jvm.interpreter;

import io.ebpf4j.isa.Isa;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;

/** Atomic operations (RFC 9669 section 5.3), and Linux's load-acquire and store-release. */
final class Atomics {
  private Atomics() {}

  /** Does the decoded instruction {@code i}. */
  static void execute(Run run, int slot, long i) {
    long[] r = run.registers;
    int size = Isa.accessSize((int) i & 0xff);
    int dst = (int) i >>> 8 & 0xf;
    int src = (int) i >>> 12 & 0xf;
    int offset = (int) i >> 16;
    int operation = (int) (i >> 32);
    switch (operation) {
      case Isa.BPF_LOAD_ACQ -> {
        long address = r[src] + offset;
        check(run, slot, address, size, false);
        r[dst] = loadAcquire(address, size);
      }
      case Isa.BPF_STORE_REL -> {
        long address = r[dst] + offset;
        check(run, slot, address, size, true);
        storeRelease(address, size, r[src]);
      }
      default -> {
        long address = r[dst] + offset;
        check(run, slot, address, size, true);
        long old =
            size == Long.BYTES
                ? modifyLong(operation, address, r[src], r[0])
                : modifyInt(operation, address, (int) r[src], (int) r[0]) & 0xffff_ffffL;
        if (operation == Isa.BPF_CMPXCHG) {
          r[0] = old;
        } else if ((operation & Isa.BPF_FETCH) != 0) {
          r[src] = old;
        }
      }
    }
  }

  private static void check(Run run, int slot, long address, int size, boolean write) {
    boolean fast =
        write ? run.regions.writable(address, size) : run.regions.readable(address, size);
    if (!fast) {
      run.check(slot, address, size, write);
    }
    if ((address & size - 1) != 0) {
      throw Faults.of(
          run,
          slot,
          Errno.EINVAL,
          "an atomic access of %d bytes at 0x%x is not aligned".formatted(size, address));
    }
  }

  private static long loadAcquire(long address, int size) {
    return switch (size) {
      case 1 -> Memory.getByteAcquire(address) & 0xffL;
      case 2 -> Memory.getShortAcquire(address) & 0xffffL;
      case 4 -> Memory.getIntAcquire(address) & 0xffff_ffffL;
      default -> Memory.getLongAcquire(address);
    };
  }

  private static void storeRelease(long address, int size, long value) {
    switch (size) {
      case 1 -> Memory.putByteRelease(address, (byte) value);
      case 2 -> Memory.putShortRelease(address, (short) value);
      case 4 -> Memory.putIntRelease(address, (int) value);
      default -> Memory.putLongRelease(address, value);
    }
  }

  private static long modifyLong(int operation, long address, long operand, long expected) {
    return switch (operation) {
      case Isa.BPF_XCHG -> Memory.getAndSetLong(address, operand);
      case Isa.BPF_CMPXCHG -> Memory.compareAndExchangeLong(address, expected, operand);
      default ->
          switch (operation & ~Isa.BPF_FETCH) {
            case Isa.BPF_OR -> Memory.getAndBitwiseOrLong(address, operand);
            case Isa.BPF_AND -> Memory.getAndBitwiseAndLong(address, operand);
            case Isa.BPF_XOR -> Memory.getAndBitwiseXorLong(address, operand);
            default -> Memory.getAndAddLong(address, operand);
          };
    };
  }

  private static int modifyInt(int operation, long address, int operand, int expected) {
    return switch (operation) {
      case Isa.BPF_XCHG -> Memory.getAndSetInt(address, operand);
      case Isa.BPF_CMPXCHG -> Memory.compareAndExchangeInt(address, expected, operand);
      default ->
          switch (operation & ~Isa.BPF_FETCH) {
            case Isa.BPF_OR -> Memory.getAndBitwiseOrInt(address, operand);
            case Isa.BPF_AND -> Memory.getAndBitwiseAndInt(address, operand);
            case Isa.BPF_XOR -> Memory.getAndBitwiseXorInt(address, operand);
            default -> Memory.getAndAddInt(address, operand);
          };
    };
  }
}
