package io.ebpf4j.jvm.cpu;

/**
 * A program that runs on a CPU, as helpers see it: its functions can be called back (bpf_loop,
 * bpf_for_each_map_elem), or bound to be called later (bpf_timer).
 */
public interface Activation {
  /** Calls the program's function that a function pointer names, and gives its R0. */
  long call(Cpu cpu, long function, long r1, long r2, long r3, long r4, long r5);

  /**
   * Notes that the run goes on with the program in an element of a PROG_ARRAY once the helper that
   * calls this has returned. Gives 0, or ENOENT below 0 where there is no such program or the run
   * has made all its tail calls: then it goes on as it is.
   *
   * @param map address of the map
   * @param index a u32; higher bits are not looked at
   */
  long tailCall(long context, long map, long index);

  /**
   * Whether all those bytes are memory of the run that it may read now: for helpers that follow
   * pointers which nothing has checked, such as bpf_trace_printk's %s.
   */
  default boolean readable(long address, long bytes) {
    return false;
  }

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
