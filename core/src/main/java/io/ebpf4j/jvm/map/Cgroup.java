package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Machine;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A control group: a node in the tree of groups that tasks and sockets are in. Thread safe. */
public final class Cgroup extends StorageOwner {
  /** Bytes of its structure: {@code struct cgroup} as this kernel has it. */
  private static final int STRUCT_BYTES = 64;

  private final String name;
  private final long id;
  private final @Nullable Cgroup parent;

  /**
   * A group, held once.
   *
   * @param name its last path element, empty for the root
   * @param id the kernel-wide id
   * @param parent the group it lies in, which is held, or null for the root
   */
  public Cgroup(Machine machine, String name, long id, @Nullable Cgroup parent) {
    super(machine, STRUCT_BYTES);
    this.name = name;
    this.id = id;
    this.parent = parent;
    if (parent != null) {
      parent.retain();
    }
  }

  /** The last path element, empty for the root. */
  public String name() {
    return name;
  }

  /** The kernel-wide id. */
  public long id() {
    return id;
  }

  /** The group it lies in, if it is not the root. */
  public Optional<Cgroup> parent() {
    return Optional.ofNullable(parent);
  }

  /** Whether this group is another one or lies below it. */
  public boolean isUnder(Cgroup ancestor) {
    for (Cgroup group = this; group != null; group = group.parent) {
      if (group == ancestor) {
        return true;
      }
    }
    return false;
  }

  @Override
  public String toString() {
    return "cgroup " + (parent == null ? "/" : name);
  }

  @Override
  protected void released() {
    if (parent != null) {
      parent.release();
    }
  }
}
