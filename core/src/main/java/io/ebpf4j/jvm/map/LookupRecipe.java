package io.ebpf4j.jvm.map;

import java.util.List;

/**
 * How a program's lookup in a map is done without a call. A map describes it, the compiler writes
 * it: the map does not know the compiler.
 */
public sealed interface LookupRecipe {
  /**
   * The value lies at {@code base + key * stride} where the 32-bit key is below {@code count}.
   *
   * @param base address of the first value
   * @param count elements, unsigned 32 bits
   * @param stride bytes from value to value
   */
  record Array(long base, long count, long stride) implements LookupRecipe {}

  /**
   * As {@link Array}, in the part of the CPU that runs the program.
   *
   * @param base address of CPU 0's first value
   * @param count elements, unsigned 32 bits
   * @param stride bytes from value to value
   * @param cpuStride bytes from CPU to CPU
   */
  record PerCpuArray(long base, long count, long stride, long cpuStride) implements LookupRecipe {}

  /**
   * By a public static method, {@code long method(long key, long constant...)}, which HotSpot puts
   * in place with its constants.
   *
   * @param owner a public class
   */
  record Function(Class<?> owner, String method, List<Long> constants) implements LookupRecipe {
    public Function {
      constants = List.copyOf(constants);
    }
  }

  /** By calling {@link JvmMap#lookup}. */
  record Call() implements LookupRecipe {}
}
