package io.ebpf4j.object;

/**
 * Something that an object declares {@code extern} and the kernel brings.
 *
 * @param name its C name
 * @param kind what brings it
 * @param btfType its variable or function in the object's BTF, 0 where it has none
 * @param weak whether the object does without it
 */
public record Extern(String name, Kind kind, int btfType, boolean weak) {
  /** What brings an extern. */
  public enum Kind {
    /** The kernel's configuration: {@code __kconfig}. */
    CONFIGURATION,
    /** A kernel's variable: {@code __ksym}. */
    KERNEL_SYMBOL,
    /** A kernel's function that programs may call (kfunc): {@code __ksym}. */
    KERNEL_FUNCTION,
    /** Not said: neither {@code __kconfig} nor {@code __ksym}. */
    UNKNOWN
  }
}
