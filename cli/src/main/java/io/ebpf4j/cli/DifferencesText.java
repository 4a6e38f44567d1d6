package io.ebpf4j.cli;

import java.io.PrintWriter;

/** Prints differences between kernels for people: the first of them, and what to think of them. */
final class DifferencesText {
  private static final int SHOWN = 10;

  /** Bytes of a packet that are shown on each side. */
  private static final int SHOWN_BYTES = 16;

  private final PrintWriter out;

  DifferencesText(PrintWriter out) {
    this.out = out;
  }

  void print(Differences differences) {
    long count = differences.count();
    if (count == 0) {
      out.println("no difference between jvm and linux");
      return;
    }
    out.println(count == 1 ? "1 difference:" : count + " differences:");
    differences.first().stream()
        .limit(SHOWN)
        .forEach(difference -> out.println("  " + line(difference)));
    if (count > SHOWN) {
      out.println("  and %d more: --json lists them".formatted(count - SHOWN));
    }
    if (!differences.suspects().isEmpty()) {
      out.println(
          "the programs call %s, which tell another thing on each kernel: what they told may be all"
                  .formatted(String.join(", ", differences.suspects()))
              + " that differs");
    }
  }

  private static String line(Difference difference) {
    return switch (difference) {
      case Difference.Load(String jvm, String linux) ->
          "the load: jvm %s, linux %s".formatted(jvm, linux);
      case Difference.Packet packet when packet.offset() >= 0 ->
          "packet %d, %s: from byte %d on jvm %s, linux %s"
              .formatted(
                  packet.packet(),
                  packet.what(),
                  packet.offset(),
                  bytes(packet.jvm(), packet.offset()),
                  bytes(packet.linux(), packet.offset()));
      case Difference.Packet packet ->
          "packet %d, %s: jvm %s, linux %s"
              .formatted(packet.packet(), packet.what(), packet.jvm(), packet.linux());
      case Difference.Element element when !element.variable().isEmpty() ->
          "variable %s in %s: jvm %s, linux %s"
              .formatted(
                  element.variable(), element.map(), element.jvm().text(), element.linux().text());
      case Difference.Element element ->
          "map %s[%s]%s: jvm %s, linux %s"
              .formatted(
                  element.map(),
                  element.key(),
                  element.cpu() < 0 ? "" : " on CPU " + element.cpu(),
                  element.jvm().text(),
                  element.linux().text());
    };
  }

  private static String bytes(String hex, int offset) {
    int begin = offset * 2;
    int end = Math.min(hex.length(), begin + SHOWN_BYTES * 2);
    String length = " (of %d bytes)".formatted(hex.length() / 2);
    return (begin >= end ? "nothing" : hex.substring(begin, end) + (end < hex.length() ? "…" : ""))
        + length;
  }
}
