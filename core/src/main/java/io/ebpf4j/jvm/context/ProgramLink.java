package io.ebpf4j.jvm.context;

import io.ebpf4j.Link;
import io.ebpf4j.jvm.handle.Counted;
import org.jspecify.annotations.Nullable;

/**
 * A program that is attached to a hook for as long as this has holders. It holds the program. A
 * subsystem has a class of its own for each of its hooks. Thread safe.
 */
public abstract class ProgramLink extends Counted {
  private final int id;

  /**
   * Takes what all links have in common.
   *
   * @param id the kernel-wide id
   */
  protected ProgramLink(int id) {
    this.id = id;
  }

  /** The kernel-wide id. */
  public final int id() {
    return id;
  }

  /** What the kernel tells of it now. */
  public abstract Link.Info info();

  /**
   * Puts another program, which this holds from now on, in the place of the attached one.
   *
   * @param expected what must be attached now, or null for anything
   * @throws io.ebpf4j.BpfException as {@link Link#update(io.ebpf4j.Program)}
   */
  public abstract void update(LoadedProgram program, @Nullable LoadedProgram expected);

  /**
   * Takes the program off the hook.
   *
   * @throws io.ebpf4j.BpfException as {@link Link#detach}
   */
  public abstract void detach();

  @Override
  public final String toString() {
    return "link " + id;
  }
}
