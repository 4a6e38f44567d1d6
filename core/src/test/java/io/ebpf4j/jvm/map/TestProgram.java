package io.ebpf4j.jvm.map;

import io.ebpf4j.ProgramInfo;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.spec.ProgramSpec;

/** A program that is only put into maps. */
final class TestProgram extends LoadedProgram {
  private final ProgramSpec spec;
  private final int id;
  private boolean freed;

  TestProgram(ProgramSpec spec, int id) {
    this.spec = spec;
    this.id = id;
  }

  boolean freed() {
    return freed;
  }

  @Override
  public ProgramSpec spec() {
    return spec;
  }

  @Override
  public int id() {
    return id;
  }

  @Override
  public ProgramInfo info() {
    throw new UnsupportedOperationException("no kernel knows it");
  }

  @Override
  public long run(Cpu cpu, long context) {
    throw new UnsupportedOperationException("never run");
  }

  @Override
  protected void free() {
    freed = true;
  }
}
