package io.ebpf4j.jvm.cpu;

/**
 * A program that runs on a CPU, as helpers see it: its functions can be called back (bpf_loop,
 * bpf_for_each_map_elem), or bound to be called later (bpf_timer).
 */
public interface Activation {
  /** Calls the program's function that a function pointer names, and gives its R0. */
  long call(Cpu cpu, long function, long r1, long r2, long r3, long r4, long r5);

  /** The function as something that outlives the run and holds the program. */
  BoundFunction bind(long function);

  /** A function of a program, callable from anywhere, that keeps the program loaded. */
  interface BoundFunction extends AutoCloseable {
    /** Calls it on a CPU that the calling thread has entered. */
    long call(Cpu cpu, long r1, long r2, long r3);

    /** Lets the program go. */
    @Override
    void close();
  }
}
