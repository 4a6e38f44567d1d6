package io.ebpf4j.cli;

import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.interpreter.ProgramFaultException;
import io.ebpf4j.spec.ProgramType;
import java.util.Arrays;
import java.util.HexFormat;

/** Compares what a packet came to on both kernels: refusal, verdict, bytes and context. */
final class OutcomeComparison {
  private static final HexFormat HEX = HexFormat.of();

  private final ProgramType type;
  private final Differences differences;

  OutcomeComparison(ProgramType type, Differences differences) {
    this.type = type;
    this.differences = differences;
  }

  void compare(long packet, KernelRun.Outcome jvm, KernelRun.Outcome linux) {
    String one = outcome(jvm);
    String other = outcome(linux);
    if (!one.equals(other)) {
      differences.add(new Difference.Packet(packet, "outcome", -1, one, other));
      return;
    }
    TestRun.Result onJvm = jvm.result();
    TestRun.Result onLinux = linux.result();
    if (onJvm == null || onLinux == null) {
      return;
    }
    if (onJvm.returnValue() != onLinux.returnValue()) {
      differences.add(
          new Difference.Packet(
              packet,
              "verdict",
              -1,
              Verdicts.name(type, onJvm.returnValue()),
              Verdicts.name(type, onLinux.returnValue())));
    }
    bytes(packet, "bytes", onJvm.data(), onLinux.data());
    bytes(packet, "context", onJvm.context(), onLinux.context());
  }

  private void bytes(long packet, String what, byte[] jvm, byte[] linux) {
    int offset = Arrays.mismatch(jvm, linux);
    if (offset >= 0) {
      differences.add(
          new Difference.Packet(packet, what, offset, HEX.formatHex(jvm), HEX.formatHex(linux)));
    }
  }

  private static String outcome(KernelRun.Outcome outcome) {
    ProgramFaultException fault = outcome.fault();
    if (fault != null) {
      return "stopped: " + fault.getMessage();
    }
    return outcome.refusal() == null ? "ran" : "refused: " + outcome.refusal();
  }
}
