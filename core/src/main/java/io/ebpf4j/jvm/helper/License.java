package io.ebpf4j.jvm.helper;

import java.util.Set;

/** What Linux takes for a license compatible with the GPL. */
public final class License {
  private static final Set<String> GPL_COMPATIBLE =
      Set.of(
          "GPL",
          "GPL v2",
          "GPL and additional rights",
          "Dual BSD/GPL",
          "Dual MIT/GPL",
          "Dual MPL/GPL");

  private License() {}

  /** Whether a program with that license may call what is for the GPL alone. */
  public static boolean isGplCompatible(String license) {
    return GPL_COMPATIBLE.contains(license);
  }
}
