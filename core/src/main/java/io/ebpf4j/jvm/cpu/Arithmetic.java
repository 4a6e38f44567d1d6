package io.ebpf4j.jvm.cpu;

/**
 * Division as RFC 9669 section 4.1 has it: by zero gives 0, the rest of it the dividend; the lowest
 * number by -1 gives itself, the rest of it 0, as in Java.
 */
public final class Arithmetic {
  private Arithmetic() {}

  /** Unsigned quotient. */
  public static long divide(long a, long b) {
    return b == 0 ? 0 : Long.divideUnsigned(a, b);
  }

  /** Unsigned remainder. */
  public static long modulo(long a, long b) {
    return b == 0 ? a : Long.remainderUnsigned(a, b);
  }

  /** Signed quotient. */
  public static long signedDivide(long a, long b) {
    return b == 0 ? 0 : a / b;
  }

  /** Signed remainder. */
  public static long signedModulo(long a, long b) {
    return b == 0 ? a : a % b;
  }

  /** Unsigned quotient of 32 bits. */
  public static int divide(int a, int b) {
    return b == 0 ? 0 : Integer.divideUnsigned(a, b);
  }

  /** Unsigned remainder of 32 bits. */
  public static int modulo(int a, int b) {
    return b == 0 ? a : Integer.remainderUnsigned(a, b);
  }

  /** Signed quotient of 32 bits. */
  public static int signedDivide(int a, int b) {
    return b == 0 ? 0 : a / b;
  }

  /** Signed remainder of 32 bits. */
  public static int signedModulo(int a, int b) {
    return b == 0 ? a : a % b;
  }
}
