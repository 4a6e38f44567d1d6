package io.ebpf4j.jvm.program;

import static io.ebpf4j.isa.Isa.*;
import static io.ebpf4j.jvm.interpreter.Slots.program;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.cpu.Clock;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.handle.FdTable;
import io.ebpf4j.jvm.helper.HelperTable;
import io.ebpf4j.jvm.interpreter.Slots;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.jvm.map.MapTypes;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import io.ebpf4j.spec.ProgramType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TailCallTest {
  private static final int TAIL_CALL = 12;

  private final Machine machine = new Machine(1, Clock.fixed(0), 1);
  private final FdTable fds = new FdTable();
  private final MapTable table = install();
  private final JvmMap programs =
      MapTypes.create(machine, MapSpec.of("programs", MapType.PROG_ARRAY, 4, 4, 4), 1, null);
  private final JvmMap runs = MapTypes.create(machine, MapSpec.array("runs", 8, 1), 2, null);
  private final Block context = Block.allocate(64, 8);
  private final List<Integer> open = new ArrayList<>();

  private MapTable install() {
    machine.slots().set(FdTable.SLOT, fds);
    return MapTable.install(machine);
  }

  @AfterEach
  void close() {
    // The programs hold the map and the map the programs, until its last user goes.
    programs.retainUser();
    programs.releaseUser();
    open.forEach(fds::close);
    programs.release();
    runs.release();
    machine.close();
    table.close();
    context.close();
  }

  @Test
  void the34thTailCallOfAChainFails() {
    JvmProgram self = put(0, counting(0));
    assertThat(run(self)).isEqualTo(-1);
    assertThat(counted()).isEqualTo(34);
  }

  @Test
  void aTailCallToNothingIsNotCounted() {
    // As seen on Linux: slot 3 is empty, so only the calls of slot 0 count.
    put(0, counting(3, 3, 3, 0));
    assertThat(run(put(1, counting(3, 0)))).isEqualTo(-1);
    assertThat(counted()).isEqualTo(34);
  }

  @Test
  void anIndexPastTheEndFallsThrough() {
    assertThat(run(put(0, counting(4)))).isEqualTo(-1);
    assertThat(counted()).isEqualTo(1);
  }

  @Test
  void aProgramCalledFromAFunctionReturnsToItsCaller() {
    put(1, program().mov(0, 7).exit());
    List<Instruction> caller =
        program()
            .movx(6, 1)
            .call(2)
            .alu64(BPF_ADD, 0, 100)
            .exitAnd()
            .wide(2, 0)
            .mov(3, 1)
            .helper(TAIL_CALL)
            .mov(0, 5)
            .exit();
    assertThat(run(put(2, caller))).isEqualTo(107);
  }

  @Test
  void aChainOfTailCallsFromFunctionsNeedsMoreThanEightFrames() {
    // Each of 34 runs leaves a frame behind that adds 1 to what its function gives.
    List<Instruction> deeper =
        program()
            .call(2)
            .alu64(BPF_ADD, 0, 1)
            .exitAnd()
            .storeImm(BPF_DW, 10, -8, 1)
            .wide(2, 0)
            .mov(3, 0)
            .helper(TAIL_CALL)
            .load(BPF_DW, 0, 10, -8)
            .exit();
    assertThat(run(put(0, deeper))).isEqualTo(35);
  }

  @Test
  void aContextOfAnotherRunIsRefused() {
    List<Instruction> wrong =
        program().movx(1, 10).wide(2, 0).mov(3, 0).helper(TAIL_CALL).mov(0, 0).exit();
    JvmProgram loaded = put(0, wrong);
    assertThatThrownBy(() -> run(loaded))
        .hasMessageContaining("argument 1 of bpf_tail_call")
        .hasMessageContaining("no context of the program");
  }

  @Test
  void legacyPacketLoadsReadOrEndTheProgram() {
    List<Instruction> inside =
        program().movx(6, 1).raw(BPF_LD | BPF_ABS | BPF_H, 0, 0, 0, 12).exit();
    assertThat(run(put(0, inside))).isEqualTo(12);
    List<Instruction> indirect =
        program().movx(6, 1).mov(2, 30).raw(BPF_LD | BPF_IND | BPF_B, 0, 2, 0, 3).exit();
    assertThat(run(put(0, indirect))).isEqualTo(33);
    List<Instruction> outside =
        program().movx(6, 1).raw(BPF_LD | BPF_ABS | BPF_W, 0, 0, 0, 64).mov(0, 9).exit();
    assertThat(run(put(0, outside))).isZero();
  }

  /** Counts its runs, then tail-calls some slots in order, and gives -1 where all fell through. */
  private static List<Instruction> counting(int... indexes) {
    Slots slots =
        program()
            .movx(6, 1)
            .wide(1, 1)
            .load(BPF_DW, 2, 1, 0)
            .alu64(BPF_ADD, 2, 1)
            .store(BPF_DW, 1, 0, 2);
    for (int index : indexes) {
      slots.movx(1, 6).wide(2, 0).mov(3, index).helper(TAIL_CALL);
    }
    return slots.mov(0, -1).exit();
  }

  private JvmProgram put(int index, List<Instruction> instructions) {
    List<Reference> references = new ArrayList<>();
    for (int slot = 0; slot < instructions.size(); slot++) {
      if (instructions.get(slot).isWide()) {
        boolean counter = instructions.get(slot).imm() == 1;
        references.add(
            counter
                ? new Reference.ToMapValue(slot, "runs", 0)
                : new Reference.ToMap(slot, "programs"));
      }
    }
    ProgramSpec spec =
        ProgramSpec.of("test", ProgramType.XDP, instructions).withReferences(references);
    JvmProgram program =
        JvmProgram.load(
            machine,
            HelperTable.general(),
            new XdpLike(),
            spec,
            Map.of("programs", programs, "runs", runs),
            1,
            RunOptions.DEFAULT);
    int fd = fds.open(program);
    open.add(fd);
    programs.user().update(int32(index), int32(fd), 0);
    return program;
  }

  private static MemorySegment int32(int value) {
    return MemorySegment.ofArray(
        new byte[] {(byte) value, (byte) (value >> 8), (byte) (value >> 16), (byte) (value >> 24)});
  }

  private long counted() {
    return Memory.getLong(runs.valueAreas().getFirst().base());
  }

  private long run(JvmProgram program) {
    Cpu cpu = machine.cpus().getFirst();
    cpu.enter();
    try {
      return program.run(cpu, context.address());
    } finally {
      cpu.exit();
    }
  }
}
