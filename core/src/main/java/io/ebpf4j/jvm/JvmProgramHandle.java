package io.ebpf4j.jvm;

import io.ebpf4j.Program;
import io.ebpf4j.ProgramInfo;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.spec.ProgramSpec;

/** A descriptor of a program of the kernel in the JVM. */
final class JvmProgramHandle extends JvmHandle<LoadedProgram> implements Program {
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
    return kernel().kind(program.spec().type()).testRun(program, kernel().machine(), run);
  }
}
