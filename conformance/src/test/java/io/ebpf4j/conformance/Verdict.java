package io.ebpf4j.conformance;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.VerifierException;
import io.ebpf4j.spec.MapSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a kernel says to a program.
 *
 * @param answer {@code OK} or the errno's name
 * @param reason the last words of the log, or why there is none; empty where it was accepted
 */
record Verdict(String answer, String reason) {
  static final String OK = "OK";

  /** Loads the program, with fresh maps, and unloads it. */
  static Verdict of(Kernel kernel, VerdictCase of) {
    List<AutoCloseable> opened = new ArrayList<>();
    try {
      Map<String, BpfMap> maps = new HashMap<>();
      for (MapSpec spec : of.maps()) {
        BpfMap map = kernel.createMap(spec);
        opened.add(map);
        maps.put(spec.name(), fill(map, spec));
      }
      opened.add(kernel.loadProgram(of.program(), maps));
      return new Verdict(OK, "");
    } catch (VerifierException e) {
      return new Verdict(e.errno().name(), lastWords(e));
    } catch (BpfException e) {
      return new Verdict(e.errno().name(), oneLine(e));
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      return new Verdict("FAILURE", e + " at " + e.getStackTrace()[0]);
    } finally {
      opened.reversed().forEach(Verdict::close);
    }
  }

  boolean accepts() {
    return answer.equals(OK);
  }

  @Override
  public String toString() {
    return reason.isEmpty() ? answer : answer + ": " + reason;
  }

  private static BpfMap fill(BpfMap map, MapSpec spec) {
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

  private static void close(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
