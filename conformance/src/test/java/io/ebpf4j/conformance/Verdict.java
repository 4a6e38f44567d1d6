package io.ebpf4j.conformance;

/**
 * What a kernel says to a program.
 *
 * @param answer {@code OK}, the errno's name, or {@code FAILURE} where the kernel itself failed
 * @param reason the last words of the log, or why there is none; empty where it was accepted
 */
record Verdict(String answer, String reason) {
  static final String OK = "OK";
  static final String FAILURE = "FAILURE";

  boolean accepts() {
    return answer.equals(OK);
  }

  /** Whether it tells of something that the kernel in the JVM does not have yet. */
  boolean isUnbuilt() {
    return reason.contains("not part of this kernel") || reason.contains("not built");
  }

  @Override
  public String toString() {
    return reason.isEmpty() ? answer : answer + ": " + reason;
  }
}
