package io.ebpf4j.cli;

import io.ebpf4j.spec.ProgramType;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SequencedMap;

/**
 * What a run on one kernel came to.
 *
 * @param kernel {@code jvm} or {@code linux}
 * @param program the program's name
 * @param mode how it ran
 * @param instructions slots of the program and its subprograms
 * @param loadNanos time of the load
 * @param packets packets fed to the program, refused ones too
 * @param nanosPerPacket mean time of the program for a packet after warm-up, empty where none ran
 * @param wallNanos time of all test runs
 * @param verdicts how often each was returned
 * @param refused packets that the test run refused, by error
 * @param truncated packets of the input that were cut when they were recorded
 * @param maps the maps as the run left them
 */
record RunReport(
    String kernel,
    String program,
    ProgramType type,
    RunMode mode,
    int instructions,
    long loadNanos,
    long packets,
    OptionalDouble nanosPerPacket,
    long wallNanos,
    SequencedMap<String, Long> verdicts,
    SequencedMap<String, Long> refused,
    long truncated,
    List<MapDump> maps) {}
