package io.ebpf4j.jvm.context;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A map of programs that tail calls go through: what a PROG_ARRAY is for the engine. */
public interface TailCallTable extends ProgramTable {
  /**
   * The program in an element, or null where there is none or the index is past the end. Called on
   * a CPU, whose RCU view keeps the program loaded until the run has ended.
   *
   * @param index a u32
   */
  @Nullable LoadedProgram target(int index);

  /**
   * Tells a watcher what an element holds, now and whenever it changes, one change at a time.
   *
   * @param index a u32
   * @return ends the watch
   */
  Runnable watch(int index, Consumer<@Nullable LoadedProgram> watcher);
}
