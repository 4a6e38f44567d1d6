package io.ebpf4j.jvm.context;

import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.Optional;

/**
 * What the kernel knows of a program type. A subsystem brings one for each of its types, and {@code
 * JvmKernel} lists them.
 */
public interface ProgramKind {
  /** The type. */
  ProgramType type();

  /** What a program of that kind gets in R1. */
  ContextLayout context(ProgramSpec program);

  /**
   * Refuses a program for what its type forbids before its instructions are looked at, such as an
   * expected attach type.
   *
   * @throws io.ebpf4j.BpfException EINVAL
   */
  void check(ProgramSpec program);

  /** Whether programs of that type run here; else they are verified, and kept for looking at. */
  default boolean runs() {
    return true;
  }

  /** How legacy packet instructions read, or empty where the type does not allow them. */
  default Optional<LegacyPacketAccess> legacyPacketAccess() {
    return Optional.empty();
  }

  /** What a program may return, or empty where it may return anything. */
  default Optional<ReturnRange> returnRange(ProgramSpec program) {
    return Optional.empty();
  }

  /** Numbers from {@code min} to {@code max}. */
  record ReturnRange(int min, int max) {}

  /**
   * Runs a program as BPF_PROG_TEST_RUN does.
   *
   * @throws io.ebpf4j.BpfException as {@link io.ebpf4j.Program#testRun}
   */
  TestRun.Result testRun(LoadedProgram program, Machine machine, TestRun run);

  /** Runs a program over many packets, or empty where the type has no faster way than test runs. */
  default Optional<PacketFeed> feed(LoadedProgram program, Machine machine) {
    return Optional.empty();
  }
}
