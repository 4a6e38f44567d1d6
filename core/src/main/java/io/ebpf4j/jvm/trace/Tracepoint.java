package io.ebpf4j.jvm.trace;

import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.memory.Memory;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.List;

/**
 * A place in a Java program where eBPF programs may be attached: declared once, with a name and
 * typed arguments, and fired wherever it happens. Programs of sections {@code raw_tp/NAME} and
 * {@code tp_btf/NAME} get the arguments as an array of u64 and run on the calling thread, as its
 * task, in the order in which they were attached.
 *
 * <p>While nothing is attached firing is one load and one comparison. Keep the tracepoint in a
 * {@code static final} field. Thread safe.
 */
public final class Tracepoint {
  /** Arguments at most, as on Linux. */
  public static final int MAX_ARGUMENTS = 12;

  private static final LoadedProgram[] NONE = {};
  private static final long[] NO_MORE = {};
  private static final VarHandle ATTACHED;

  static {
    try {
      ATTACHED =
          MethodHandles.lookup().findVarHandle(Tracepoint.class, "attached", LoadedProgram[].class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Machine machine;
  private final String name;
  private final List<Parameter> parameters;

  /** Read through {@link #ATTACHED}, so that a loop that fires looks at it each time. */
  @SuppressWarnings("UnusedVariable")
  private LoadedProgram[] attached = NONE;

  /**
   * An argument.
   *
   * @param name its C name
   * @param bytes 1, 2, 4 or 8: what programs see of the {@code long} that is given
   * @param signed whether it is sign-extended
   */
  public record Parameter(String name, int bytes, boolean signed) {
    /** Checks the size. */
    public Parameter {
      if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8) {
        throw new IllegalArgumentException(
            "argument %s has %d bytes: 1, 2, 4 or 8 are possible".formatted(name, bytes));
      }
    }

    /** An {@code int}. */
    public static Parameter s32(String name) {
      return new Parameter(name, Integer.BYTES, true);
    }

    /** An {@code unsigned int}. */
    public static Parameter u32(String name) {
      return new Parameter(name, Integer.BYTES, false);
    }

    /** A {@code long}. */
    public static Parameter s64(String name) {
      return new Parameter(name, Long.BYTES, true);
    }

    /** An {@code unsigned long}. */
    public static Parameter u64(String name) {
      return new Parameter(name, Long.BYTES, false);
    }

    /** The value in eight bytes, as the kernel hands a number of that type on. */
    long widened(long value) {
      int shift = Long.SIZE - bytes * Byte.SIZE;
      return signed ? value << shift >> shift : value << shift >>> shift;
    }
  }

  Tracepoint(Machine machine, String name, List<Parameter> parameters) {
    this.machine = machine;
    this.name = name;
    this.parameters = List.copyOf(parameters);
  }

  /** The name that programs attach to. */
  public String name() {
    return name;
  }

  /** The arguments, in order. */
  public List<Parameter> parameters() {
    return parameters;
  }

  /** Whether a program is attached: to be asked where arguments are expensive to come by. */
  public boolean isEnabled() {
    return (LoadedProgram[]) ATTACHED.getOpaque(this) != NONE;
  }

  /** It happens, without arguments. */
  public void fire() {
    if (isEnabled()) {
      run(0, 0, 0, 0, NO_MORE);
    }
  }

  /** It happens, with one argument. */
  public void fire(long first) {
    if (isEnabled()) {
      run(first, 0, 0, 0, NO_MORE);
    }
  }

  /** It happens, with two arguments. */
  public void fire(long first, long second) {
    if (isEnabled()) {
      run(first, second, 0, 0, NO_MORE);
    }
  }

  /** It happens, with three arguments. */
  public void fire(long first, long second, long third) {
    if (isEnabled()) {
      run(first, second, third, 0, NO_MORE);
    }
  }

  /** It happens, with four arguments. */
  public void fire(long first, long second, long third, long fourth) {
    if (isEnabled()) {
      run(first, second, third, fourth, NO_MORE);
    }
  }

  /** It happens, with more arguments; those that are missing are 0. */
  public void fire(long first, long second, long third, long fourth, long... more) {
    if (isEnabled()) {
      run(first, second, third, fourth, more);
    }
  }

  private void run(long first, long second, long third, long fourth, long[] more) {
    Cpu cpu = enterCpu();
    try {
      // Once more, in this RCU view: what is detached now stays loaded until it is left.
      LoadedProgram[] programs = (LoadedProgram[]) ATTACHED.getAcquire(this);
      EventBlocks blocks = cpu.slots().get(EventBlocks.SLOT);
      long context = blocks.take(parameters.size() * Long.BYTES);
      if (context == 0) {
        return;
      }
      try {
        for (int i = 0; i < parameters.size(); i++) {
          long value =
              switch (i) {
                case 0 -> first;
                case 1 -> second;
                case 2 -> third;
                case 3 -> fourth;
                default -> i - 4 < more.length ? more[i - 4] : 0;
              };
          Memory.putLong(context + (long) i * Long.BYTES, parameters.get(i).widened(value));
        }
        for (LoadedProgram program : programs) {
          program.run(cpu, context);
        }
      } finally {
        blocks.giveBack();
      }
    } finally {
      cpu.exit();
    }
  }

  /** A CPU that nobody is on, the same for a thread where it is free. */
  private Cpu enterCpu() {
    List<Cpu> cpus = machine.cpus();
    int own = (int) (Thread.currentThread().threadId() % cpus.size());
    for (int i = 0; i < cpus.size(); i++) {
      Cpu cpu = cpus.get((own + i) % cpus.size());
      if (cpu.tryEnter()) {
        return cpu;
      }
    }
    Cpu cpu = cpus.get(own);
    cpu.enter();
    return cpu;
  }

  synchronized void attach(LoadedProgram program) {
    LoadedProgram[] before = (LoadedProgram[]) ATTACHED.getAcquire(this);
    LoadedProgram[] after = Arrays.copyOf(before, before.length + 1);
    after[before.length] = program;
    ATTACHED.setRelease(this, after);
  }

  synchronized void detach(LoadedProgram program) {
    LoadedProgram[] before = (LoadedProgram[]) ATTACHED.getAcquire(this);
    int at = Arrays.asList(before).indexOf(program);
    if (at < 0) {
      return;
    }
    LoadedProgram[] after = new LoadedProgram[before.length - 1];
    System.arraycopy(before, 0, after, 0, at);
    System.arraycopy(before, at + 1, after, at, after.length - at);
    ATTACHED.setRelease(this, after.length == 0 ? NONE : after);
  }

  @Override
  public String toString() {
    return "tracepoint " + name;
  }
}
