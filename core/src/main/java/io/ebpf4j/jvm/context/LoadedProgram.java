package io.ebpf4j.jvm.context;

import io.ebpf4j.ProgramInfo;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.handle.Counted;
import io.ebpf4j.spec.ProgramSpec;

/** A loaded program, as hooks, tail calls and program arrays know it. */
public abstract class LoadedProgram extends Counted {
  /** What was loaded. */
  public abstract ProgramSpec spec();

  /** The kernel-wide id. */
  public abstract int id();

  /** What the kernel tells of it. */
  public abstract ProgramInfo info();

  /**
   * How far its accesses to the context reach, in bytes from the start; 0 where it was not
   * verified.
   */
  public int contextEnd() {
    return 0;
  }

  /** How far it reads the read-only buffer that it is given (an iterator's key), in bytes. */
  public int readOnlyBufferEnd() {
    return 0;
  }

  /** How far it reaches into the buffer that it is given (an iterator's value), in bytes. */
  public int bufferEnd() {
    return 0;
  }

  /** Why it was verified and does not run, in one sentence; empty where it runs. */
  public String verifiedOnly() {
    return "";
  }

  /** The verifier's log, empty where there is none. */
  public String log() {
    return "";
  }

  /**
   * Runs it once on a CPU that the calling thread has entered.
   *
   * @param context address of a block laid out as {@link ProgramKind#context} says
   * @return R0
   */
  public abstract long run(Cpu cpu, long context);

  /**
   * Runs it several times over the same context, which is not put back between runs.
   *
   * @param times at least 1
   * @return R0 of the last run
   */
  public long repeat(Cpu cpu, long context, int times) {
    long value = 0;
    for (int i = 0; i < times; i++) {
      value = run(cpu, context);
    }
    return value;
  }
}
