package io.ebpf4j.conformance;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.VerifierException;
import io.ebpf4j.junit.BothKernels;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.linux.LinuxKernel;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/** A kernel that gives verdicts. It keeps the maps that it made for the cases that follow. */
final class Judge implements AutoCloseable {
  private static final long RUN_BUDGET = 200_000;

  private final Kernel kernel;
  private final Map<MapSpec, BpfMap> made = new HashMap<>();

  private Judge(Kernel kernel) {
    this.kernel = kernel;
  }

  /** The kernel in the JVM, with its verifier. */
  static Judge ours() {
    return new Judge(
        JvmKernel.builder()
            .verified(true)
            .verifyOnly(true)
            .compiled(false)
            .instructionBudget(RUN_BUDGET)
            .build());
  }

  /** Linux; the test is skipped where that is not available. */
  static Judge linux() {
    Optional<Kernel> linux = BothKernels.linux();
    Assumptions.assumeTrue(linux.isPresent(), "Linux is not available");
    return new Judge(linux.orElseThrow());
  }

  /** The kernel in the JVM, for one who has no capabilities. */
  static Judge oursForAnyone() {
    return new Judge(
        JvmKernel.builder().privileged(false).verifyOnly(true).compiled(false).build());
  }

  /** Linux, for one who has no capabilities; the test is skipped where that is not available. */
  static Judge linuxForAnyone() {
    Judge judge = linux();
    ((LinuxKernel) judge.kernel).privileged(false);
    return judge;
  }

  /** Loads the program and unloads it. */
  Verdict judge(VerdictCase of) {
    try (Program _ = load(of)) {
      return new Verdict(Verdict.OK, "");
    } catch (VerifierException e) {
      return new Verdict(e.errno().name(), lastWords(e));
    } catch (BpfException e) {
      return new Verdict(e.errno().name(), oneLine(e));
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      return new Verdict(Verdict.FAILURE, e + " at " + e.getStackTrace()[0]);
    }
  }

  /** Loads the program. */
  Program load(VerdictCase of) {
    Map<String, BpfMap> maps = new HashMap<>();
    for (MapSpec spec : of.maps()) {
      maps.put(spec.name(), made.computeIfAbsent(spec, this::make));
    }
    try {
      return kernel.loadProgram(of.program(), maps);
    } finally {
      // An array of programs belongs to the first program that uses it.
      made.entrySet().removeIf(map -> isProgramArray(map.getKey()) && closed(map.getValue()));
    }
  }

  /** The maps of a case that was loaded, but for arrays of programs. */
  List<BpfMap> maps(VerdictCase of) {
    return of.maps().stream().map(made::get).filter(Objects::nonNull).toList();
  }

  private static boolean isProgramArray(MapSpec spec) {
    return spec.type() == MapType.PROG_ARRAY;
  }

  private static boolean closed(BpfMap map) {
    map.close();
    return true;
  }

  @Override
  public void close() {
    kernel.close();
  }

  private BpfMap make(MapSpec spec) {
    BpfMap map = kernel.createMap(spec);
    if (spec.contents() != null) {
      map.update(Elements.u32(0), spec.contents(), 0);
    }
    if (spec.frozen()) {
      map.freeze();
    }
    return map;
  }

  /** The reason, which stands before the counts; states of registers begin with a slot. */
  private static String lastWords(VerifierException refusal) {
    List<String> words =
        refusal
            .log()
            .lines()
            .filter(line -> !line.isBlank() && !line.matches("(processed|verification time) .*"))
            .filter(line ->
                !line.matches(
                    "(stack depth|(cur|old) state: |\\d+: |max_states|from \\d+ to |mark_).*"))
            .toList();
    return words.isEmpty() ? oneLine(refusal) : words.getLast().strip();
  }

  private static String oneLine(Exception e) {
    return String.valueOf(e.getMessage()).replaceAll("\\s+", " ").strip();
  }
}
