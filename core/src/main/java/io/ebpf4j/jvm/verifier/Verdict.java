package io.ebpf4j.jvm.verifier;

import io.ebpf4j.spec.Errno;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the verification of a program has come to.
 *
 * @param errno why the program is refused, or null where it is accepted
 * @param reason the sentence of the log that says why, or empty
 * @param slot the instruction at which it is refused, or -1
 * @param log the log at the level that was asked for
 * @param processedInstructions instructions that the walk went over, each as often as it did
 * @param contextEnd end of the access to the context that reaches furthest
 * @param readOnlyBufferEnd end of the access to a read-only buffer that reaches furthest
 * @param bufferEnd end of the access to another buffer that reaches furthest
 * @param stackBytes stack that the functions use, each its own
 * @param facts what holds for each slot; empty where the program is refused
 */
public record Verdict(
    @Nullable Errno errno,
    String reason,
    int slot,
    String log,
    int processedInstructions,
    int contextEnd,
    int readOnlyBufferEnd,
    int bufferEnd,
    List<Integer> stackBytes,
    List<InstructionFacts> facts) {
  /** Copies the lists. */
  public Verdict {
    stackBytes = List.copyOf(stackBytes);
    facts = List.copyOf(facts);
  }

  /** The same, with an empty log. */
  public Verdict withoutLog() {
    return new Verdict(
        errno,
        reason,
        slot,
        "",
        processedInstructions,
        contextEnd,
        readOnlyBufferEnd,
        bufferEnd,
        stackBytes,
        facts);
  }

  /** Whether the program may run. */
  public boolean isAccepted() {
    return errno == null;
  }
}
