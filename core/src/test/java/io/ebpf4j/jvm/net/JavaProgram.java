package io.ebpf4j.jvm.net;

import io.ebpf4j.ProgramInfo;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.List;

/** A program whose instructions are Java. */
final class JavaProgram extends LoadedProgram {
  private final ProgramSpec spec;
  private final Body body;

  /** What it does. */
  interface Body {
    long run(Cpu cpu, long context);
  }

  JavaProgram(ProgramType type, Body body) {
    this(ProgramSpec.of("program", type, List.of()), body);
  }

  JavaProgram(ProgramSpec spec, Body body) {
    this.spec = spec;
    this.body = body;
  }

  @Override
  public ProgramSpec spec() {
    return spec;
  }

  @Override
  public int id() {
    return 1;
  }

  @Override
  public ProgramInfo info() {
    throw new UnsupportedOperationException("no kernel knows it");
  }

  @Override
  public long run(Cpu cpu, long context) {
    return body.run(cpu, context);
  }

  @Override
  protected void free() {}
}
