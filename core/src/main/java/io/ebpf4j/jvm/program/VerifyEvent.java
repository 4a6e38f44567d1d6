package io.ebpf4j.jvm.program;

import io.ebpf4j.jvm.verifier.Rules;
import io.ebpf4j.jvm.verifier.Subject;
import io.ebpf4j.jvm.verifier.Verdict;
import io.ebpf4j.jvm.verifier.Verifier;
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

  /** Verifies a program and tells of it. */
  static Verdict verify(Subject subject, Rules rules, int logLevel) {
    VerifyEvent event = new VerifyEvent();
    event.begin();
    Verdict verdict = Verifier.verify(subject, rules, logLevel);
    event.end();
    if (event.shouldCommit()) {
      event.program = subject.spec().name();
      event.type = subject.spec().type().label();
      event.instructions = subject.spec().instructions().size();
      event.processed = verdict.processedInstructions();
      event.accepted = verdict.errno() == null;
      event.commit();
    }
    return verdict;
  }
}
