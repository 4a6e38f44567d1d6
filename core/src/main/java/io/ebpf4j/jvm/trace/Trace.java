package io.ebpf4j.jvm.trace;

import io.ebpf4j.BpfException;
import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.jvm.context.Hook;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.ProgramKind;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.map.JvmMap;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** The tracing side of a kernel: what its engine takes into its tables. */
public final class Trace implements AutoCloseable {
  private final List<ArgumentBlocks> memory = new ArrayList<>();
  private final AtomicLong lastSession = new AtomicLong();
  private final Machine machine;
  private final Tasks tasks;
  private final Tracepoints tracepoints;
  private final List<EventBlocks> events = new ArrayList<>();

  /**
   * Puts the tracing side's state on the CPUs of a machine.
   *
   * @param types the kernel's, without tracepoints
   */
  public Trace(Machine machine, Btf types) {
    this.machine = machine;
    tasks = new Tasks(machine);
    tracepoints = new Tracepoints(machine, types);
    for (Cpu cpu : machine.cpus()) {
      ArgumentBlocks blocks = new ArgumentBlocks();
      cpu.slots().set(ArgumentBlocks.SLOT, blocks);
      memory.add(blocks);
      EventBlocks event = new EventBlocks();
      cpu.slots().set(EventBlocks.SLOT, event);
      events.add(event);
    }
  }

  /** The program types of the tracing side. */
  public List<ProgramKind> kinds() {
    return List.of(new RawTracepointKind(), new SyscallKind(), new TracingKind(tracepoints));
  }

  /** Where programs are attached to tracepoints. */
  public List<Hook> hooks() {
    return List.of(new TracepointHook(tracepoints, machine.rcu()));
  }

  /** The kernel's types, with those of its tracepoints. */
  public Btf types() {
    return tracepoints.types();
  }

  /**
   * Declares a tracepoint, or finds one that is declared alike.
   *
   * @throws BpfException EEXIST where one of that name has other arguments; EINVAL
   */
  public Tracepoint tracepoint(String name, List<Tracepoint.Parameter> parameters) {
    return tracepoints.declare(name, parameters);
  }

  /** The threads as tasks. */
  public Tasks tasks() {
    return tasks;
  }

  /** Ends all tasks, when no program runs any more. */
  public void endTasks() {
    tasks.close();
  }

  /** The classes with the helpers that tell of tasks. */
  public static List<Class<?>> helpers() {
    return List.of(TaskHelpers.class);
  }

  /** Adds the types that iterators name, and tasks. */
  public static void declareTypes(BtfBuilder types) {
    ElementContext.declare(types);
    Task.declare(types);
  }

  /**
   * Runs an iterator over a map's elements, as {@link io.ebpf4j.Kernel#iterate} says.
   *
   * @throws BpfException as that says
   */
  public byte[] iterate(LoadedProgram program, JvmMap map) {
    TracingKind.checkTarget(program, map);
    program.retain();
    map.retain();
    try (ElementIteration iteration =
        new ElementIteration(machine, program, map, lastSession.incrementAndGet())) {
      return iteration.run();
    } finally {
      map.release();
      program.release();
    }
  }

  /** Frees the memory of arguments, when no program runs any more. */
  @Override
  public void close() {
    memory.forEach(ArgumentBlocks::close);
    events.forEach(EventBlocks::close);
  }
}
