package io.ebpf4j.jvm.helper;

/**
 * A parameter of a kernel function.
 *
 * @param name its name, whose end says what its type does not
 * @param kind what it is
 * @param target the type that it points to, without typedefs and qualifiers; 0 for {@code void} and
 *     for numbers
 * @param bytes bytes of what it points to, or 0 where they are not known
 * @param constant a number that the program knows when it is verified
 * @param sized a pointer whose next parameter says how much memory it leads to
 * @param optional memory that may be NULL, whatever the size says
 * @param nullable a pointer that may be NULL
 * @param uninitialized memory or an object that the function fills
 */
public record KfuncArgument(
    String name,
    Kind kind,
    int target,
    int bytes,
    boolean constant,
    boolean sized,
    boolean optional,
    boolean nullable,
    boolean uninitialized) {

  /** What a parameter is. */
  public enum Kind {
    /** A number. */
    NUMBER,
    /** Bytes of the memory in the parameter before. */
    SIZE,
    /** The context, an object of the kernel, or memory. */
    POINTER,
    /** A map. */
    MAP,
    /** A {@code struct bpf_dynptr}. */
    DYNPTR,
    /** An iterator's {@code struct bpf_iter_…}. */
    ITERATOR,
    /** A zero-terminated string in a read-only map. */
    STRING,
    /** What bpf_local_irq_save saves. */
    IRQ_FLAGS,
    /** The {@code bpf_wq} in a map's value. */
    WORK_QUEUE,
    /** A function of the program. */
    FUNCTION,
    /** What programs do not give: whatever the register holds. */
    IGNORED
  }
}
