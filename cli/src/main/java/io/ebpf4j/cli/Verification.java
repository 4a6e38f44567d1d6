package io.ebpf4j.cli;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.VerifierException;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.jvm.verifier.InstructionFacts;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a kernel says of a program.
 *
 * @param kernel {@code jvm} or {@code linux}
 * @param instructions slots of the program and its subprograms
 * @param processed instructions that the verifier went over, or 0 where that is unknown
 * @param errno why it is refused, or null where it is accepted
 * @param reason why it is refused, in a sentence; empty where it is accepted
 * @param log the verifier's log
 * @param facts what the JVM kernel's verifier found of each slot of an accepted program
 */
record Verification(
    String kernel,
    ProgramSpec program,
    int instructions,
    int processed,
    @Nullable Errno errno,
    String reason,
    String log,
    List<InstructionFacts> facts) {
  private static final String PROCESSED = "processed ";

  /** Loads a program into a kernel that has the object's maps, and lets it go. */
  static Verification of(Kernel kernel, BpfObject maps, ProgramSpec program) {
    int instructions = program.instructions().size();
    try (Program loaded = kernel.loadProgram(program, maps.maps())) {
      return new Verification(
          kernel.name(),
          program,
          instructions,
          loaded.processedInstructions(),
          null,
          JvmKernel.verifiedOnly(loaded),
          loaded.log(),
          kernel instanceof JvmKernel ? JvmKernel.facts(loaded) : List.of());
    } catch (BpfException e) {
      String log = e instanceof VerifierException refused ? refused.log() : "";
      return new Verification(
          kernel.name(),
          program,
          instructions,
          processed(log),
          e.errno(),
          String.valueOf(e.getMessage()),
          log,
          List.of());
    }
  }

  boolean accepted() {
    return errno == null;
  }

  /** The log's last line tells it: {@code processed 12 insns (limit 1000000) ...}. */
  private static int processed(String log) {
    int at = log.lastIndexOf(PROCESSED);
    if (at < 0) {
      return 0;
    }
    int begin = at + PROCESSED.length();
    int end = begin;
    while (end < log.length() && Character.isDigit(log.charAt(end))) {
      end++;
    }
    return begin == end || end - begin > 9 ? 0 : Integer.parseInt(log.substring(begin, end));
  }
}
