package io.ebpf4j.jvm.program;

import static io.ebpf4j.isa.Isa.*;
import static io.ebpf4j.jvm.interpreter.Slots.program;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfException;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.cpu.Clock;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.helper.HelperTable;
import io.ebpf4j.jvm.interpreter.ProgramFaultException;
import io.ebpf4j.jvm.interpreter.Slots;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.MapHelpers;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.jvm.map.MapTypes;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.LineInfo;
import io.ebpf4j.spec.ProgramSpec.Reference;
import io.ebpf4j.spec.ProgramType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class JvmProgramTest {
  private static final int LOOKUP = 1;

  private final Machine machine = new Machine(2, Clock.fixed(0), 1);
  private final MapTable table = MapTable.install(machine);
  private final JvmMap cnt = MapTypes.create(machine, MapSpec.array("cnt", 6, 4), 1, null);
  private final Block context = Block.allocate(64, 8);
  private final Block packet = Block.allocate(64, 8);
  private final List<JvmProgram> loaded = new ArrayList<>();

  @AfterEach
  void close() {
    loaded.forEach(JvmProgram::release);
    cnt.release();
    machine.close();
    table.close();
    context.close();
    packet.close();
  }

  @Test
  void aLookedUpElementMayBeReadAndWritten() {
    assertThat(run(lookup(3).store(BPF_H, 0, 4, 10).load(BPF_H, 0, 0, 4).exit())).isNotZero();
    byte[] value = new byte[6];
    cnt.user()
        .lookup(MemorySegment.ofArray(new byte[] {3, 0, 0, 0}), MemorySegment.ofArray(value), 0);
    assertThat(value[5]).isNotZero();
  }

  @Test
  void anAccessPastAnElementNamesTheElement() {
    // Elements are 8 bytes apart, but a value has 6.
    assertThatThrownBy(() -> run(lookup(3).load(BPF_B, 0, 0, 8).exit()))
        .isInstanceOf(ProgramFaultException.class)
        .hasMessageContaining("program test, instruction 8")
        .hasMessageContaining("r0 = *(u8 *)(r0 +8)")
        .hasMessageContaining("2 bytes past the end of cnt[3]");
    assertThatThrownBy(() -> run(lookup(1).load(BPF_DW, 0, 0, 0).exit()))
        .hasMessageContaining("its last 2 bytes lie past the end of cnt[1]");
    assertThatThrownBy(() -> run(lookup(0).load(BPF_H, 0, 0, -2).exit()))
        .hasMessageContaining("2 bytes before cnt[0]");
    assertThatThrownBy(() -> run(lookup(9).load(BPF_B, 0, 0, 4).exit()))
        .hasMessageContaining("a NULL pointer plus 4");
  }

  @Test
  void aStrayAccessNamesTheSourceLine() {
    ProgramSpec spec = spec(lookup(9).load(BPF_B, 0, 0, 0).exit());
    ProgramSpec withLines =
        new ProgramSpec(
            spec.name(),
            "",
            spec.type(),
            null,
            false,
            false,
            false,
            "",
            "GPL",
            0,
            spec.instructions(),
            spec.references(),
            List.of(),
            null,
            List.of(),
            List.of(
                new LineInfo(0, "a.c", "first", 1, 1),
                new LineInfo(7, "count.bpf.c", "  return *value;", 17, 3)));
    assertThatThrownBy(() -> run(load(withLines, RunOptions.DEFAULT)))
        .hasMessageContaining("(count.bpf.c:17: return *value;)");
  }

  @Test
  void aMapsOwnStructureMayBeReadOnly() {
    assertThat(run(map(1).load(BPF_W, 0, 1, 4).exit())).isEqualTo(4);
    assertThatThrownBy(() -> run(map(1).storeImm(BPF_W, 1, 4, 0).mov(0, 0).exit()))
        .hasMessageContaining("the structure of map cnt is read only");
  }

  @Test
  void aReadOnlyMapMayNotBeWritten() {
    JvmMap constants =
        MapTypes.create(
            machine, MapSpec.array("rodata", 8, 1).withFlags(MapFlags.RDONLY_PROG), 2, null);
    try {
      List<Instruction> program = program().wide(1, 0).storeImm(BPF_W, 1, 0, 7).mov(0, 0).exit();
      ProgramSpec spec =
          ProgramSpec.of("test", ProgramType.XDP, program)
              .withReferences(List.of(new Reference.ToMapValue(0, "rodata", 4)));
      JvmProgram loadedProgram =
          JvmProgram.load(
              machine,
              helpers(),
              new XdpLike(),
              spec,
              Map.of("rodata", constants),
              1,
              RunOptions.DEFAULT);
      loaded.add(loadedProgram);
      assertThatThrownBy(() -> run(loadedProgram))
          .hasMessageContaining("may not write 4 bytes")
          .hasMessageContaining("rodata[0] is read only");
    } finally {
      constants.release();
    }
  }

  @Test
  void contextFieldsAreWhereTheyReallyAre() {
    Memory.putLong(context.address() + 32, packet.address());
    Memory.putLong(context.address() + 40, packet.address() + 60);
    Memory.putShort(context.address() + 48, (short) 0x1234);
    Memory.putByte(packet.address() + 59, (byte) 5);
    assertThat(run(program().load(BPF_W, 2, 1, 0).load(BPF_B, 0, 2, 59).exit())).isEqualTo(5);
    assertThat(run(program().load(BPF_W, 0, 1, 8).exit())).isEqualTo(0x1234);
    assertThat(run(program().load(BPF_B, 0, 1, 9).exit())).isEqualTo(0x12);
    assertThat(run(program().storeImm(BPF_W, 1, 12, -1).load(BPF_W, 0, 1, 12).exit()))
        .isEqualTo(0xffff);
  }

  @Test
  void theContextIsNoMemory() {
    Memory.putLong(context.address() + 32, packet.address());
    Memory.putLong(context.address() + 40, packet.address() + 60);
    assertThatThrownBy(() -> run(program().load(BPF_DW, 0, 1, 0).exit()))
        .hasMessageContaining("may not read 8 bytes at offset 0 of struct xdp_like");
    assertThatThrownBy(() -> run(program().storeImm(BPF_W, 1, 8, 0).mov(0, 0).exit()))
        .hasMessageContaining("may not write 4 bytes at offset 8 of struct xdp_like");
    assertThatThrownBy(() -> run(program().load(BPF_W, 0, 1, 16).exit()))
        .hasMessageContaining("just past the end of the context");
    assertThatThrownBy(() -> run(program().load(BPF_W, 2, 1, 0).load(BPF_B, 0, 2, 61).exit()))
        .hasMessageContaining("1 byte past the end of the packet");
  }

  @Test
  void helperArgumentsAreCheckedBeforeTheCall() {
    assertThatThrownBy(
            () -> run(map(1).movx(2, 10).alu64(BPF_ADD, 2, -2).helper(LOOKUP).mov(0, 0).exit()))
        .hasMessageContaining("its last 2 bytes lie past the end of the stack");
    assertThatThrownBy(() -> run(program().mov(1, 7).movx(2, 10).helper(LOOKUP).mov(0, 0).exit()))
        .hasMessageContaining(
            "argument 1 of bpf_map_lookup_elem is 0x7, which is no map that the program has");
  }

  @Test
  void aMissingHelperIsNamed() {
    assertThatThrownBy(() -> run(program().helper(130).mov(0, 0).exit()))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("program test, instruction 0: helper bpf_ringbuf_output (130)")
        .extracting(e -> ((BpfException) e).errno())
        .isEqualTo(Errno.EINVAL);
    assertThatThrownBy(() -> run(program().helper(999).mov(0, 0).exit()))
        .hasMessageContaining("there is no helper 999");
  }

  @Test
  void aMalformedProgramGetsLinuxsAnswer() {
    assertThatThrownBy(() -> run(List.of(new Instruction(BPF_ALU64 | BPF_MOV, 0, 0, 0, 3))))
        .hasMessageContaining("instruction 0: last insn is not an exit or jmp")
        .extracting(e -> ((BpfException) e).errno())
        .isEqualTo(Errno.EINVAL);
    assertThatThrownBy(() -> run(program().mov(10, 0).exit()))
        .extracting(e -> ((BpfException) e).errno())
        .isEqualTo(Errno.EACCES);
    List<Instruction> empty = List.of();
    assertThatThrownBy(
            () -> load(ProgramSpec.of("test", ProgramType.XDP, empty), RunOptions.DEFAULT))
        .extracting(e -> ((BpfException) e).errno())
        .isEqualTo(Errno.E2BIG);
  }

  @Test
  void aPoisonedInstructionIsAnErrorOnlyWhenReached() {
    List<Instruction> program = program().mov(0, 3).jump(BPF_JEQ, 0, 3, 1).helper(0xbad2310).exit();
    RunOptions options = RunOptions.DEFAULT.withPoisoned(Map.of(2, "struct task_struct.nowhere"));
    assertThat(run(load(ProgramSpec.of("test", ProgramType.XDP, program), options))).isEqualTo(3);
    List<Instruction> reached = program().mov(0, 3).jump(0).helper(0xbad2310).exit();
    assertThatThrownBy(() -> run(load(ProgramSpec.of("test", ProgramType.XDP, reached), options)))
        .hasMessageContaining("instruction 2")
        .hasMessageContaining("struct task_struct.nowhere");
  }

  @Test
  void aMissingMapIsNamed() {
    ProgramSpec spec =
        ProgramSpec.of("test", ProgramType.XDP, program().wide(1, 0).mov(0, 0).exit())
            .withReferences(List.of(new Reference.ToMap(0, "nope")));
    assertThatThrownBy(() -> load(spec, RunOptions.DEFAULT))
        .hasMessageContaining("instruction 0: there is no map nope");
  }

  @Test
  void aWeakKernelVariableIsZeroAndAStrongOneIsRefused() {
    ProgramSpec spec = ProgramSpec.of("test", ProgramType.XDP, program().wide(0, 77).exit());
    assertThat(
            run(
                load(
                    spec.withReferences(
                        List.of(new Reference.ToKernelSymbol(0, "bpf_nothing", 0, true))),
                    RunOptions.DEFAULT)))
        .isZero();
    assertThatThrownBy(() ->
            load(
                spec.withReferences(
                    List.of(new Reference.ToKernelSymbol(0, "bpf_nothing", 0, false))),
                RunOptions.DEFAULT))
        .hasMessageContaining("kernel variable bpf_nothing is not part of this kernel");
  }

  @Test
  void aLoadedProgramHoldsItsMapsUntilItIsFreed() {
    JvmMap map = MapTypes.create(machine, MapSpec.array("held", 8, 1), 3, null);
    ProgramSpec spec =
        ProgramSpec.of("test", ProgramType.XDP, program().wide(1, 0).mov(0, 0).exit())
            .withReferences(List.of(new Reference.ToMap(0, "held")));
    JvmProgram program =
        JvmProgram.load(
            machine, helpers(), new XdpLike(), spec, Map.of("held", map), 1, RunOptions.DEFAULT);
    map.release();
    assertThat(map.tryRetain()).isTrue();
    map.release();
    program.release();
    assertThat(map.tryRetain()).isFalse();
  }

  @Test
  void forEachGivesItsCallbackKeyAndValue() {
    // The callback gives 1, the end, at key 2, after it has written to the value.
    List<Instruction> instructions =
        map(1)
            .function(2, 5)
            .mov(3, 0)
            .mov(4, 0)
            .helper(164)
            .exitAnd()
            .load(BPF_W, 6, 2, 0)
            .storeImm(BPF_H, 3, 0, 7)
            .mov(0, 0)
            .jump(BPF_JNE, 6, 2, 1)
            .mov(0, 1)
            .exit();
    assertThat(run(instructions)).isEqualTo(3);
    assertThatThrownBy(() ->
            run(
                map(1)
                    .function(2, 5)
                    .mov(3, 0)
                    .mov(4, 0)
                    .helper(164)
                    .exitAnd()
                    .load(BPF_DW, 6, 2, 0)
                    .mov(0, 0)
                    .exit()))
        .isInstanceOf(ProgramFaultException.class);
  }

  private static Slots map(int register) {
    return program().wide(register, 0);
  }

  /** Looks an element of cnt up: eight slots, then its address is in R0. */
  private static Slots lookup(int key) {
    return map(1)
        .storeImm(BPF_W, 10, -4, key)
        .movx(2, 10)
        .alu64(BPF_ADD, 2, -4)
        .mov(3, 0)
        .helper(LOOKUP)
        .mov(1, 0);
  }

  private static HelperTable helpers() {
    List<Class<?>> classes = new ArrayList<>(HelperTable.GENERAL);
    classes.add(MapHelpers.class);
    return HelperTable.of(classes);
  }

  private static ProgramSpec spec(List<Instruction> program) {
    boolean refers = program.getFirst().isWide();
    return ProgramSpec.of("test", ProgramType.XDP, program)
        .withReferences(refers ? List.of(new Reference.ToMap(0, "cnt")) : List.of());
  }

  private JvmProgram load(ProgramSpec spec, RunOptions options) {
    JvmProgram program =
        JvmProgram.load(machine, helpers(), new XdpLike(), spec, Map.of("cnt", cnt), 1, options);
    loaded.add(program);
    return program;
  }

  private long run(List<Instruction> program) {
    return run(load(spec(program), RunOptions.DEFAULT));
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
