package io.ebpf4j.jvm.compiler;

import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.TailCallTable;
import io.ebpf4j.jvm.cpu.Cpu;
import java.lang.invoke.CallSite;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.MutableCallSite;
import java.util.Collections;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A tail call whose PROG_ARRAY and index are known: it leads straight to the program in the
 * element, which HotSpot then inlines, and is led elsewhere when the element changes. Compiled code
 * is thrown away at each change, so a site of an element that changes often looks it up at each
 * call instead.
 *
 * <p>A tail call is an ordinary call: 33 in a run are all there may be, which is no depth.
 */
final class TailCallSite extends MutableCallSite implements Consumer<@Nullable LoadedProgram> {
  private static final int MAX_CHANGES = 16;
  private static final MethodType TYPE = CompiledProgram.MAIN_TYPE;

  /**
   * C2 inlines the invoker of call sites of one type into itself only twice. So sites take turns in
   * having 0 to 3 arguments more, which say nothing: a chain of a dozen is inlined whole.
   */
  private static final int TYPES = 4;

  private static final AtomicInteger SITES = new AtomicInteger();

  private static final MethodHandle MISS = own("miss", TYPE);
  private static final MethodHandle LOOK_UP =
      own("lookUp", TYPE.insertParameterTypes(0, TailCallTable.class, int.class));

  private final TailCallTable table;
  private final int index;
  private int changes;

  TailCallSite(TailCallTable table, int index) {
    super(blanked(MISS, SITES.getAndIncrement() % TYPES));
    this.table = table;
    this.index = index;
  }

  /** Arguments, ints that say nothing, that it is called with before the others. */
  static int blanks(CallSite site) {
    return site.type().parameterCount() - TYPE.parameterCount();
  }

  /** Follows the element from now on; what ends that. */
  Runnable watch() {
    return table.watch(index, this);
  }

  @Override
  public void accept(@Nullable LoadedProgram target) {
    if (++changes > MAX_CHANGES) {
      return;
    }
    if (changes == MAX_CHANGES) {
      setTarget(blanked(MethodHandles.insertArguments(LOOK_UP, 0, table, index), blanks(this)));
    } else if (target == null) {
      setTarget(blanked(MISS, blanks(this)));
    } else {
      setTarget(blanked(CompiledRun.compiled(target).main(), blanks(this)));
    }
    syncAll(new MutableCallSite[] {this});
  }

  /** A tail call to an element that is looked up: R0, or a miss. */
  static long lookUp(TailCallTable table, int index, long context, long frame, Cpu cpu) {
    LoadedProgram target = table.target(index);
    return target == null
        ? miss(context, frame, cpu)
        : CompiledRun.compiled(target).run(context, frame, cpu);
  }

  /** A tail call that finds no program. */
  static long miss(long context, long frame, Cpu cpu) {
    cpu.generated.tailCallMissed = true;
    return 0;
  }

  private static MethodHandle blanked(MethodHandle handle, int blanks) {
    return MethodHandles.dropArguments(handle, 0, Collections.nCopies(blanks, int.class));
  }

  private static MethodHandle own(String name, MethodType type) {
    try {
      return MethodHandles.lookup().findStatic(TailCallSite.class, name, type);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
