package io.ebpf4j.bench;

import static io.ebpf4j.isa.Isa.*;

import io.ebpf4j.TestRun;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.ProgramKind;
import io.ebpf4j.jvm.cpu.Clock;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.helper.HelperTable;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.MapHelpers;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.jvm.map.MapTypes;
import io.ebpf4j.jvm.program.JvmProgram;
import io.ebpf4j.jvm.program.RunOptions;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import io.ebpf4j.spec.ProgramType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Instructions a second of the checked interpreter: each operation is one instruction. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
      "--enable-native-access=ALL-UNNAMED",
      "-XX:+UseSerialGC"
    })
public class InterpreterBenchmark {
  private static final int LOOPS = 1000;

  private final Machine machine = new Machine(1, Clock.fixed(0), 1);
  private final MapTable table = MapTable.install(machine);
  private final JvmMap map =
      MapTypes.create(machine, MapSpec.array("counters", Long.BYTES, 256), 1, null);
  private final Cpu cpu = machine.cpus().getFirst();
  private final JvmProgram arithmetic = load(loop(arithmeticBody()));
  private final JvmProgram stack = load(loop(stackBody()));
  private final JvmProgram counter = load(loop(counterBody()));

  /** Takes the CPU. */
  @Setup(Level.Iteration)
  public void enter() {
    cpu.enter();
  }

  /** Gives it back. */
  @TearDown(Level.Iteration)
  public void exit() {
    cpu.exit();
  }

  /** Frees everything. */
  @TearDown(Level.Trial)
  public void close() {
    List.of(arithmetic, stack, counter).forEach(JvmProgram::release);
    map.release();
    machine.close();
    table.close();
  }

  /** Additions, shifts, products: 11 instructions in each of a thousand turns. */
  @Benchmark
  @OperationsPerInvocation(LOOPS * 11)
  public long arithmetic() {
    return arithmetic.run(cpu, 0);
  }

  /** Loads and stores through the frame pointer and a copy of it: 10 instructions a turn. */
  @Benchmark
  @OperationsPerInvocation(LOOPS * 10)
  public long stack() {
    return stack.run(cpu, 0);
  }

  /** A lookup in an array and a counter's increment, as packet programs do: 11 a turn. */
  @Benchmark
  @OperationsPerInvocation(LOOPS * 11)
  public long counter() {
    return counter.run(cpu, 0);
  }

  private JvmProgram load(List<Instruction> instructions) {
    List<Class<?>> helpers = new ArrayList<>(HelperTable.GENERAL);
    helpers.add(MapHelpers.class);
    List<Reference> references = new ArrayList<>();
    for (int slot = 0; slot < instructions.size(); slot++) {
      if (instructions.get(slot).isWide()) {
        references.add(new Reference.ToMap(slot++, "counters"));
      }
    }
    ProgramSpec spec =
        ProgramSpec.of("bench", ProgramType.XDP, instructions).withReferences(references);
    return JvmProgram.load(
        machine,
        HelperTable.of(helpers),
        new NoContext(),
        spec,
        Map.of("counters", map),
        1,
        RunOptions.DEFAULT);
  }

  /** The body in a loop that R6 counts down: two instructions more a turn. */
  private static List<Instruction> loop(List<Instruction> body) {
    List<Instruction> program = new ArrayList<>();
    program.add(new Instruction(BPF_ALU64 | BPF_MOV, 6, 0, 0, LOOPS));
    program.add(new Instruction(BPF_ALU64 | BPF_MOV, 0, 0, 0, 1));
    program.addAll(body);
    program.add(new Instruction(BPF_ALU64 | BPF_SUB, 6, 0, 0, 1));
    program.add(new Instruction(BPF_JMP | BPF_JNE, 6, 0, -body.size() - 2, 0));
    program.add(new Instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
    return program;
  }

  private static List<Instruction> arithmeticBody() {
    return List.of(
        new Instruction(BPF_ALU64 | BPF_ADD | BPF_X, 0, 6, 0, 0),
        new Instruction(BPF_ALU64 | BPF_MOV | BPF_X, 1, 0, 0, 0),
        new Instruction(BPF_ALU64 | BPF_LSH, 1, 0, 0, 3),
        new Instruction(BPF_ALU64 | BPF_XOR | BPF_X, 0, 1, 0, 0),
        new Instruction(BPF_ALU | BPF_MUL, 1, 0, 0, 17),
        new Instruction(BPF_ALU64 | BPF_RSH, 1, 0, 0, 5),
        new Instruction(BPF_JMP | BPF_JSGT, 1, 0, 1, 1 << 30),
        new Instruction(BPF_ALU64 | BPF_OR | BPF_X, 0, 1, 0, 0),
        new Instruction(BPF_ALU | BPF_SUB | BPF_X, 0, 6, 0, 0));
  }

  private static List<Instruction> stackBody() {
    return List.of(
        new Instruction(BPF_STX | BPF_MEM | BPF_DW, 10, 6, -8, 0),
        new Instruction(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0),
        new Instruction(BPF_ALU64 | BPF_ADD, 2, 0, 0, -16),
        new Instruction(BPF_LDX | BPF_MEM | BPF_DW, 3, 10, -8, 0),
        new Instruction(BPF_STX | BPF_MEM | BPF_W, 2, 3, 4, 0),
        new Instruction(BPF_LDX | BPF_MEM | BPF_H, 4, 2, 4, 0),
        new Instruction(BPF_ALU64 | BPF_ADD | BPF_X, 0, 4, 0, 0),
        new Instruction(BPF_LDX | BPF_MEM | BPF_B, 5, 2, 8, 0));
  }

  private static List<Instruction> counterBody() {
    return List.of(
        new Instruction(BPF_STX | BPF_MEM | BPF_W, 10, 6, -4, 0),
        new Instruction(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0),
        new Instruction(BPF_ALU64 | BPF_ADD, 2, 0, 0, -4),
        new Instruction(BPF_ST | BPF_MEM | BPF_W, 10, 0, -4, 17),
        new Instruction(BPF_LD | BPF_IMM | BPF_DW, 1, 0, 0, 0),
        new Instruction(0, 0, 0, 0, 0),
        new Instruction(BPF_JMP | BPF_CALL, 0, 0, 0, 1),
        new Instruction(BPF_LDX | BPF_MEM | BPF_DW, 1, 0, 0, 0),
        new Instruction(BPF_ALU64 | BPF_ADD, 1, 0, 0, 1),
        new Instruction(BPF_STX | BPF_MEM | BPF_DW, 0, 1, 0, 0));
  }

  private static final class NoContext implements ProgramKind {
    @Override
    public ProgramType type() {
      return ProgramType.XDP;
    }

    @Override
    public ContextLayout context(ProgramSpec program) {
      return new ContextLayout("none", 0, 0, List.of());
    }

    @Override
    public void check(ProgramSpec program) {}

    @Override
    public TestRun.Result testRun(LoadedProgram program, Machine machine, TestRun run) {
      throw new UnsupportedOperationException("only run by hand");
    }
  }
}
