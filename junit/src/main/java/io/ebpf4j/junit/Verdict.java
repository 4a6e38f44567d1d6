package io.ebpf4j.junit;

/** A return value that has a name. */
public sealed interface Verdict permits TcVerdict, XdpVerdict {
  /** The value. */
  int number();

  /** The name in the UAPI header. */
  String label();

  /** The name of another value of the same kind, or its number where it has none. */
  default String labelOf(int value) {
    Verdict[] all =
        switch (this) {
          case XdpVerdict _ -> XdpVerdict.values();
          case TcVerdict _ -> TcVerdict.values();
        };
    for (Verdict verdict : all) {
      if (verdict.number() == value) {
        return verdict.label();
      }
    }
    return Integer.toString(value);
  }
}
