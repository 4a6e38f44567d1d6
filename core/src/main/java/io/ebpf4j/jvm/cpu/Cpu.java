package io.ebpf4j.jvm.cpu;

import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Rcu;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A CPU of the kernel in the JVM. A thread enters it to run programs and no two threads are on one
 * at once; the same thread may enter again (a timer inside a run). What is inside sees a consistent
 * RCU view. All but {@link #enter} and {@link #number} is for the thread that is on the CPU.
 */
public final class Cpu {
  /** Bytes of stack of one function. */
  public static final int FRAME_BYTES = 512;

  /** Functions that may be on the stack of one program: Linux's MAX_CALL_FRAMES. */
  public static final int FRAMES = 8;

  /**
   * Bytes of stack of one program and all that it goes on with by tail calls: 33 tail calls from
   * functions that have 256 bytes at most with their callers, and a last program whose functions
   * have {@link #FRAME_BYTES} each.
   */
  public static final int STACK_BYTES = 33 * 256 + FRAMES * FRAME_BYTES + 1024;

  /** Programs that may be on one CPU, one inside the other. */
  public static final int NESTING = 4;

  private final Machine machine;
  private final int number;
  private final Rcu.ReadSide readSide;
  private final ReentrantLock lock = new ReentrantLock();
  private final Block stack = Block.allocate((long) STACK_BYTES * NESTING, 64);
  private final Slots slots = new Slots();
  private final RandomSource random;
  private int nesting;
  private @Nullable Activation activation;

  /** For generated code. */
  public final GeneratedState generated = new GeneratedState();

  Cpu(Machine machine, int number, long seed, Rcu.ReadSide readSide) {
    this.machine = machine;
    this.number = number;
    this.readSide = readSide;
    this.random = new RandomSource(seed + number);
  }

  /** The number, from 0. */
  public int number() {
    return number;
  }

  /** What all CPUs share. */
  public Machine machine() {
    return machine;
  }

  /** Takes the CPU, waiting for the thread that is on it. */
  public void enter() {
    lock.lock();
    if (nesting == NESTING) {
      lock.unlock();
      throw new IllegalStateException(
          "more than %d programs inside each other on CPU %d".formatted(NESTING, number));
    }
    if (nesting++ == 0) {
      readSide.enter();
    }
  }

  /** Takes the CPU if no other thread is on it, and says whether it did. */
  public boolean tryEnter() {
    if (!lock.tryLock()) {
      return false;
    }
    enter();
    lock.unlock();
    return true;
  }

  /** Whether the calling thread is on it. */
  public boolean isEntered() {
    return lock.isHeldByCurrentThread();
  }

  /** Leaves the CPU. */
  public void exit() {
    if (--nesting == 0) {
      readSide.exit();
    }
    lock.unlock();
  }

  /** A quiescent state between packets of a batch, where nothing is held from before. */
  public void quiescent() {
    if (nesting == 1) {
      readSide.exit();
      readSide.enter();
    }
  }

  /** Programs on this CPU now, from 1 inside a run. */
  public int nesting() {
    return nesting;
  }

  /** The lowest address of the stack of the innermost program: {@link #STACK_BYTES}. */
  public long stackAddress() {
    return stack.address() + (long) (nesting - 1) * STACK_BYTES;
  }

  /** What runs: helpers call back into it. */
  public Activation activation() {
    Activation running = activation;
    if (running == null) {
      throw new IllegalStateException("no program runs on CPU " + number);
    }
    return running;
  }

  /** Notes what runs now and gives what ran before, to be noted again afterwards. */
  public @Nullable Activation activate(@Nullable Activation next) {
    Activation previous = activation;
    activation = next;
    return previous;
  }

  /** This CPU's random numbers. */
  public RandomSource random() {
    return random;
  }

  /** State that a subsystem keeps for each CPU. */
  public Slots slots() {
    return slots;
  }

  void close() {
    stack.close();
  }
}
