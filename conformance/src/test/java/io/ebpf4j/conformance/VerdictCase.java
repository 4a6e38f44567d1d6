package io.ebpf4j.conformance;

import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.ProgramSpec;
import java.util.List;

/**
 * A program on which kernels give a verdict.
 *
 * @param name what it shows, unique in its file
 * @param program the program
 * @param maps the maps that it names
 */
record VerdictCase(String name, ProgramSpec program, List<MapSpec> maps) {
  VerdictCase {
    maps = List.copyOf(maps);
  }

  /** The same case with another program. */
  VerdictCase with(ProgramSpec other) {
    return new VerdictCase(name, other, maps);
  }
}
