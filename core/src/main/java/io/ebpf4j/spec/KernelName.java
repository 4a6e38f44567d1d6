package io.ebpf4j.spec;

/** The names of maps and programs in a kernel: BPF_OBJ_NAME_LEN of the UAPI header. */
public final class KernelName {
  private static final int LAST_BYTES = 15;

  private KernelName() {}

  /**
   * A name as kernels keep it: cut to 15 bytes, and what Linux refuses in a name, all but letters,
   * digits, underscore and dot, becomes an underscore.
   */
  public static String of(String name) {
    StringBuilder kept = new StringBuilder(LAST_BYTES);
    for (int i = 0; i < Math.min(name.length(), LAST_BYTES); i++) {
      char c = name.charAt(i);
      boolean taken = c < 128 && Character.isLetterOrDigit(c) || c == '_' || c == '.';
      kept.append(taken ? c : '_');
    }
    return kept.toString();
  }
}
