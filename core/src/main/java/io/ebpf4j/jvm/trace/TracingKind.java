package io.ebpf4j.jvm.trace;

import io.ebpf4j.BpfException;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.ProgramKind;
import io.ebpf4j.jvm.context.Sleepable;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.Optional;

/**
 * Of all tracing programs those that are here: iterators over the elements of a map, and programs
 * of tracepoints with types.
 */
final class TracingKind implements ProgramKind {
  private static final String TARGET = "bpf_map_elem";

  @Override
  public ProgramType type() {
    return ProgramType.TRACING;
  }

  private final Tracepoints tracepoints;

  TracingKind(Tracepoints tracepoints) {
    this.tracepoints = tracepoints;
  }

  @Override
  public ContextLayout context(ProgramSpec program) {
    return isOfTracepoint(program) ? tracepoints.context(program) : ElementContext.LAYOUT;
  }

  @Override
  public void check(ProgramSpec program) {
    if (isOfTracepoint(program)) {
      Sleepable.refuse(program);
      tracepoints.target(program);
      return;
    }
    AttachType attachType = program.expectedAttachType();
    if (attachType != AttachType.TRACE_ITER) {
      throw new BpfException(
          Errno.EINVAL,
          "program %s: tracing programs of attach type %s are not built in the JVM kernel yet"
              .formatted(program.name(), attachType == null ? "none" : attachType));
    }
    if (!program.attachTo().equals(TARGET)) {
      throw new BpfException(
          Errno.EINVAL,
          "program %s: the iterator '%s' is not built in the JVM kernel yet, only %s is"
              .formatted(program.name(), program.attachTo(), TARGET));
    }
  }

  private static boolean isOfTracepoint(ProgramSpec program) {
    return program.expectedAttachType() == AttachType.TRACE_RAW_TP;
  }

  /** An iterator's: to go on, or to be called for the same element again. */
  @Override
  public Optional<ReturnRange> returnRange(ProgramSpec program) {
    return isOfTracepoint(program)
        ? Optional.of(new ReturnRange(0, 0))
        : Optional.of(new ReturnRange(0, 1));
  }

  /** There is none: Linux looks at flags and CPU, and then finds nothing to run. */
  @Override
  public TestRun.Result testRun(LoadedProgram program, Machine machine, TestRun run) {
    boolean plain = run.flags() == 0 && run.cpu() <= 0;
    throw new BpfException(
        plain ? Errno.EFAULT : Errno.EINVAL,
        "program %s is of type tracing, which has no test run".formatted(program.spec().name()));
  }

  /**
   * Refuses what no iterator goes over.
   *
   * @throws BpfException EINVAL
   */
  static void checkTarget(LoadedProgram program, JvmMap map) {
    if (program.spec().type() != ProgramType.TRACING || isOfTracepoint(program.spec())) {
      throw new BpfException(
          Errno.EINVAL, "program %s is no iterator".formatted(program.spec().name()));
    }
    MapType type = map.spec().type();
    boolean walked =
        switch (type) {
          case ARRAY, PERCPU_ARRAY, HASH, PERCPU_HASH, LRU_HASH, LRU_PERCPU_HASH -> true;
          default -> false;
        };
    if (!walked) {
      throw new BpfException(
          Errno.EINVAL, "%s: %s has no iterator over its elements".formatted(map, type));
    }
    int valueBytes = ElementIteration.isPerCpu(map) ? map.userValueSize() : map.spec().valueSize();
    if (program.readOnlyBufferEnd() > map.spec().keySize() || program.bufferEnd() > valueBytes) {
      throw new BpfException(
          Errno.EACCES,
          "program %s reaches %d bytes into keys and %d into values, %s has %d and %d"
              .formatted(
                  program.spec().name(),
                  program.readOnlyBufferEnd(),
                  program.bufferEnd(),
                  map,
                  map.spec().keySize(),
                  valueBytes));
    }
  }
}
