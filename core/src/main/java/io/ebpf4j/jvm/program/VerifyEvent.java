package io.ebpf4j.jvm.program;

import io.ebpf4j.jvm.verifier.Verdict;
import io.ebpf4j.spec.ProgramSpec;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Flight recorder event: a program was verified. Its duration is what that took. */
@Name("io.ebpf4j.Verify")
@Label("eBPF Program Verified")
@Category("eBPF")
@Description("The verifier went over a program")
@StackTrace(false)
final class VerifyEvent extends Event {
  @Label("Program")
  String program = "";

  @Label("Program Type")
  String type = "";

  @Label("Instructions")
  @Description("Slots of the program and its functions")
  int instructions;

  @Label("Processed Instructions")
  @Description("Instructions that the verifier went over, each as often as it did")
  int processed;

  @Label("Accepted")
  boolean accepted;

  void report(ProgramSpec spec, Verdict verdict) {
    program = spec.name();
    type = spec.type().label();
    instructions = spec.instructions().size();
    processed = verdict.processedInstructions();
    accepted = verdict.errno() == null;
    commit();
  }
}
