package io.ebpf4j.jvm.program;

import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.ContextLayout.Field;
import io.ebpf4j.jvm.context.ContextLayout.Kind;
import io.ebpf4j.jvm.context.LegacyPacketAccess;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.ProgramKind;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.List;
import java.util.Optional;

/** Packet bounds behind a visible struct of four words. */
final class XdpLike implements ProgramKind {
  @Override
  public ProgramType type() {
    return ProgramType.XDP;
  }

  @Override
  public ContextLayout context(ProgramSpec program) {
    return new ContextLayout(
        "xdp_like",
        16,
        64,
        List.of(
            new Field("data", 0, 4, Kind.PACKET, false, 32, 8),
            new Field("data_end", 4, 4, Kind.PACKET_END, false, 40, 8),
            new Field("number", 8, 4, Kind.SCALAR, false, 48, 2),
            new Field("mark", 12, 4, Kind.SCALAR, true, 50, 2)));
  }

  @Override
  public void check(ProgramSpec program) {}

  @Override
  public TestRun.Result testRun(LoadedProgram program, Machine machine, TestRun run) {
    throw new UnsupportedOperationException("not tested here");
  }

  /** Offsets below 64 hold their own number, in each size. */
  @Override
  public Optional<LegacyPacketAccess> legacyPacketAccess() {
    return Optional.of((context, offset, size) ->
        offset >= 0 && offset < 64 ? offset : LegacyPacketAccess.OUTSIDE);
  }
}
