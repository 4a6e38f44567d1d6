package io.ebpf4j.jvm.interpreter;

/**
 * Division as RFC 9669 section 4.1 has it: by zero gives 0, the rest of it the dividend; the lowest
 * number by -1 gives itself, the rest of it 0, as in Java.
 */
final class Arithmetic {
  private Arithmetic() {}

  static long divide(long a, long b) {
    return b == 0 ? 0 : Long.divideUnsigned(a, b);
  }

  static long modulo(long a, long b) {
    return b == 0 ? a : Long.remainderUnsigned(a, b);
  }

  static long signedDivide(long a, long b) {
    return b == 0 ? 0 : a / b;
  }

  static long signedModulo(long a, long b) {
    return b == 0 ? a : a % b;
  }

  static int divide(int a, int b) {
    return b == 0 ? 0 : Integer.divideUnsigned(a, b);
  }

  static int modulo(int a, int b) {
    return b == 0 ? a : Integer.remainderUnsigned(a, b);
  }

  static int signedDivide(int a, int b) {
    return b == 0 ? 0 : a / b;
  }

  static int signedModulo(int a, int b) {
    return b == 0 ? a : a % b;
  }
}
