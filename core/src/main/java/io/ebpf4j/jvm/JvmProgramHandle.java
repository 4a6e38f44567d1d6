package io.ebpf4j.jvm;

import io.ebpf4j.BpfException;
import io.ebpf4j.Program;
import io.ebpf4j.ProgramInfo;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.PacketFeed;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.Optional;

/** A descriptor of a program of the kernel in the JVM. */
final class JvmProgramHandle extends JvmHandle<LoadedProgram> implements Program {
  /** BPF_F_TEST_XDP_LIVE_FRAMES. */
  private static final int LIVE_FRAMES = 1 << 1;

  JvmProgramHandle(JvmKernel kernel, LoadedProgram program) {
    super(kernel, program);
  }

  @Override
  public int id() {
    return object().id();
  }

  @Override
  public ProgramSpec spec() {
    return object().spec();
  }

  @Override
  public ProgramInfo info() {
    return object().info();
  }

  @Override
  public String log() {
    return object().log();
  }

  @Override
  public int processedInstructions() {
    return info().verifiedInstructions();
  }

  @Override
  public TestRun.Result testRun(TestRun run) {
    LoadedProgram program = object();
    byte[] context = run.context();
    if (context != null && context.length == 0) {
      throw new BpfException(
          Errno.EINVAL, "a context of no bytes is given to %s: give none".formatted(program));
    }
    if (run.batchSize() != 0 && !isLive(program, run)) {
      throw new BpfException(
          Errno.EINVAL,
          "only an XDP test run with BPF_F_TEST_XDP_LIVE_FRAMES has batches, not one of %s"
              .formatted(program));
    }
    if (!program.verifiedOnly().isEmpty()) {
      throw new BpfException(Errno.ENOTSUPP, program.verifiedOnly());
    }
    return kernel().kind(program.spec().type()).testRun(program, kernel().machine(), run);
  }

  /** Runs it over many packets. */
  Optional<PacketFeed> feed() {
    LoadedProgram program = object();
    return kernel().kind(program.spec().type()).feed(program, kernel().machine());
  }

  private static boolean isLive(LoadedProgram program, TestRun run) {
    return program.spec().type() == ProgramType.XDP && (run.flags() & LIVE_FRAMES) != 0;
  }
}
