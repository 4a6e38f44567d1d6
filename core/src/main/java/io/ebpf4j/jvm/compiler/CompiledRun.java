package io.ebpf4j.jvm.compiler;

import io.ebpf4j.isa.Isa;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.TailCallTable;
import io.ebpf4j.jvm.cpu.Activation;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.FunctionPointer;
import io.ebpf4j.jvm.cpu.Slot;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.spec.Errno;
import org.jspecify.annotations.Nullable;

/**
 * A run of compiled programs on a CPU: what tail calls, callbacks and helpers that ask who runs
 * need. Each CPU keeps one for each level of nesting and uses it again, so a run allocates nothing.
 */
public final class CompiledRun implements Activation {
  /** Tail calls that a run may make. */
  static final int MAX_TAIL_CALLS = 33;

  private static final Slot<CompiledRun[]> SLOT = Slot.of(CompiledRun[].class);

  private final Cpu cpu;
  private @Nullable CompiledProgram caller;
  private long calleeFrame;
  private long context;

  private CompiledRun(Cpu cpu) {
    this.cpu = cpu;
  }

  /** A loaded program that was compiled. */
  public interface Holder {
    /** The compiled program. */
    CompiledProgram compiled();

    /** Whether those bytes are memory that a run with that context may read. */
    boolean readable(Cpu cpu, long context, long address, long bytes);

    /** Keeps the program loaded. */
    void retain();

    /** Lets it go. */
    void release();
  }

  /**
   * Runs a program that makes tail calls, has callbacks, or calls helpers that ask who runs.
   *
   * @return R0 of the program that ended the run
   */
  public static long run(Cpu cpu, CompiledProgram program, long context) {
    CompiledRun run = on(cpu);
    run.context = context;
    Activation outer = cpu.activate(run);
    int tailCalls = cpu.generated.tailCalls;
    cpu.generated.tailCalls = 0;
    try {
      return program.run(context, stackEnd(cpu), cpu);
    } finally {
      cpu.generated.tailCalls = tailCalls;
      cpu.activate(outer);
    }
  }

  /** Where the stack of the innermost program of a CPU ends: R10 of its first frame. */
  public static long stackEnd(Cpu cpu) {
    return cpu.stackAddress() + Cpu.STACK_BYTES;
  }

  /** Notes, before a helper that may call back, who calls it and where callbacks' frames begin. */
  public static void callsHelper(Cpu cpu, CompiledProgram caller, long calleeFrame) {
    CompiledRun run = (CompiledRun) cpu.activation();
    run.caller = caller;
    run.calleeFrame = calleeFrame;
  }

  /** A tail call from generated code: R0, or a miss in {@code GeneratedState}. */
  public static long tailCall(long context, long frame, Cpu cpu, TailCallTable table, long index) {
    return TailCallSite.lookUp(table, (int) index, context, frame, cpu);
  }

  /** As above, through the map at an address. */
  public static long tailCall(long context, long frame, Cpu cpu, long map, long index) {
    return MapTable.get(cpu, map) instanceof TailCallTable table
        ? tailCall(context, frame, cpu, table, index)
        : TailCallSite.miss(context, frame, cpu);
  }

  static CompiledProgram compiled(LoadedProgram program) {
    if (program instanceof Holder holder) {
      return holder.compiled();
    }
    throw new IllegalStateException(program + " is no compiled program");
  }

  @Override
  public long call(Cpu on, long function, long r1, long r2, long r3, long r4, long r5) {
    CompiledProgram program = caller();
    long frame = calleeFrame;
    long r0 = program.call(slot(function), r1, r2, r3, r4, r5, frame, cpu);
    caller = program;
    calleeFrame = frame;
    return r0;
  }

  /** Generated code makes its tail calls itself. */
  @Override
  public long tailCall(long newContext, long map, long index) {
    return -Errno.ENOENT.number();
  }

  @Override
  public boolean readable(long address, long bytes) {
    return caller().holder().readable(cpu, context, address, bytes);
  }

  @Override
  public BoundFunction bind(long function) {
    return new Bound(caller(), slot(function));
  }

  private CompiledProgram caller() {
    CompiledProgram program = caller;
    if (program == null) {
      throw new IllegalStateException("no program runs");
    }
    return program;
  }

  private static int slot(long function) {
    int slot = FunctionPointer.slot(function, Isa.MAX_SLOTS);
    if (slot < 0) {
      throw new IllegalStateException("0x%x is no function".formatted(function));
    }
    return slot;
  }

  /** The run of the innermost program of a CPU. */
  private static CompiledRun on(Cpu cpu) {
    CompiledRun[] runs = cpu.slots().find(SLOT);
    if (runs == null) {
      runs = new CompiledRun[Cpu.NESTING];
      for (int i = 0; i < runs.length; i++) {
        runs[i] = new CompiledRun(cpu);
      }
      cpu.slots().set(SLOT, runs);
    }
    return runs[cpu.nesting() - 1];
  }

  /** A function that keeps its program. */
  private static final class Bound implements BoundFunction {
    private final CompiledProgram program;
    private final int slot;

    Bound(CompiledProgram program, int slot) {
      this.program = program;
      this.slot = slot;
      program.holder().retain();
    }

    @Override
    public long call(Cpu cpu, long r1, long r2, long r3) {
      CompiledRun run = on(cpu);
      run.context = 0;
      Activation outer = cpu.activate(run);
      int tailCalls = cpu.generated.tailCalls;
      cpu.generated.tailCalls = 0;
      try {
        return program.call(slot, r1, r2, r3, 0, 0, stackEnd(cpu), cpu);
      } finally {
        cpu.generated.tailCalls = tailCalls;
        cpu.activate(outer);
      }
    }

    @Override
    public void close() {
      program.holder().release();
    }
  }
}
