package io.ebpf4j.linux;

import io.ebpf4j.BpfException;
import io.ebpf4j.Program;
import io.ebpf4j.VerifierException;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * What a Linux kernel has and lets this process use: each thing is tried once, with the smallest
 * map or program that needs it, and the answer kept. Nothing stays behind in the kernel. Thread
 * safe.
 */
public final class Features {
  private static final Instruction ZERO = new Instruction(0xb7, 0, 0, 0, 0);
  private static final Instruction EXIT = new Instruction(0x95, 0, 0, 0, 0);

  private final LinuxKernel kernel;
  private final Map<Object, Feature> known = new ConcurrentHashMap<>();

  private record Call(ProgramType type, int helper) {}

  Features(LinuxKernel kernel) {
    this.kernel = kernel;
  }

  /** Whether maps of a type can be made. */
  public Feature map(MapType type) {
    return known(
        type,
        () -> {
          Optional<MapSpec> smallest = SmallestMap.of(type);
          return smallest.isEmpty()
              ? Feature.no(Errno.ENOTSUPP, "%s maps are not probed".formatted(type))
              : tried(() -> kernel.createMap(smallest.get()).close());
        });
  }

  /** Whether programs of a type can be loaded. */
  public Feature program(ProgramType type) {
    return known(
        type,
        () -> {
          Optional<ProgramSpec> smallest = SmallestProgram.of(type);
          return smallest.isEmpty()
              ? Feature.no(Errno.ENOTSUPP, "%s programs are not probed".formatted(type))
              : tried(() -> load(smallest.get(), ZERO, EXIT).close());
        });
  }

  /**
   * Whether tracing programs of an attach type can be attached: TRACE_RAW_TP, TRACE_ITER, LSM_MAC,
   * and those that need a trampoline in a function, TRACE_FENTRY, TRACE_FEXIT and MODIFY_RETURN. A
   * program that does nothing is attached for a moment where nothing is going on.
   *
   * @throws IllegalArgumentException for another attach type
   */
  public Feature attach(AttachType type) {
    ProgramSpec program =
        SmallestProgram.attachedAs(type)
            .orElseThrow(
                () -> new IllegalArgumentException(type + " is not attached by its type alone"));
    return known(
        type,
        () ->
            tried(() -> {
              try (Program loaded = load(program, ZERO, EXIT)) {
                kernel.attach(loaded, new Attachment.Loaded()).close();
              }
            }));
  }

  /**
   * Whether programs of a type may call a helper function.
   *
   * @param helper its number in {@code enum bpf_func_id}
   */
  public Feature helper(ProgramType type, int helper) {
    return known(new Call(type, helper), () -> call(type, helper));
  }

  /** The verifier looks a helper up before it looks at its arguments, which are missing here. */
  private Feature call(ProgramType type, int helper) {
    Optional<ProgramSpec> smallest = SmallestProgram.of(type);
    if (smallest.isEmpty()) {
      return Feature.no(Errno.ENOTSUPP, "%s programs are not probed".formatted(type));
    }
    Feature program = program(type);
    if (!program.available()) {
      return program;
    }
    Instruction call = new Instruction(Isa.BPF_JMP | Isa.BPF_CALL, 0, 0, 0, helper);
    try {
      load(smallest.get(), call, ZERO, EXIT).close();
      return Feature.yes();
    } catch (VerifierException e) {
      String log = e.log();
      boolean lookedUp =
          !log.contains("invalid func ")
              && !log.contains("unknown func ")
              && !log.contains("cannot use helper");
      return lookedUp ? Feature.yes() : Feature.refused(e);
    } catch (BpfException e) {
      return Feature.refused(e);
    }
  }

  private Program load(ProgramSpec spec, Instruction... instructions) {
    return kernel.loadProgram(spec.withInstructions(List.of(instructions)), Map.of());
  }

  private Feature known(Object what, Supplier<Feature> probe) {
    Feature before = known.get(what);
    if (before != null) {
      return before;
    }
    Feature now = probe.get();
    known.put(what, now);
    return now;
  }

  private static Feature tried(Runnable attempt) {
    try {
      attempt.run();
      return Feature.yes();
    } catch (BpfException e) {
      return Feature.refused(e);
    }
  }
}
