package io.ebpf4j.jvm.verifier;

/**
 * What whoever loads the program may do.
 *
 * @param capable loops, precision, calls between functions: what needs CAP_BPF
 * @param leaksPointers pointers may be seen as numbers, and uninitialised stack be read: what needs
 *     CAP_PERFMON
 * @param strictAlignment every access must be aligned: BPF_F_STRICT_ALIGNMENT
 */
public record Rules(boolean capable, boolean leaksPointers, boolean strictAlignment) {
  /** What root may do. */
  public static final Rules PRIVILEGED = new Rules(true, true, false);

  /** What anyone may do: CAP_BPF and CAP_PERFMON are missing. */
  public static final Rules UNPRIVILEGED = new Rules(false, false, false);

  /** These, with or without strict alignment. */
  public Rules withStrictAlignment(boolean strict) {
    return new Rules(capable, leaksPointers, strict);
  }
}
