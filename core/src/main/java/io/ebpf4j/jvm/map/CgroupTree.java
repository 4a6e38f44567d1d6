package io.ebpf4j.jvm.map;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.cpu.Slot;
import io.ebpf4j.spec.Errno;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** A kernel's control groups. Thread safe. */
public final class CgroupTree implements AutoCloseable {
  /** Where the kernel's tree is found. */
  public static final Slot<CgroupTree> SLOT = Slot.of(CgroupTree.class);

  private final Machine machine;
  private final AtomicInteger lastId = new AtomicInteger(1);
  private final AtomicInteger attached = new AtomicInteger();
  private final Cgroup root;
  private volatile Supplier<Cgroup> current;

  private CgroupTree(Machine machine) {
    this.machine = machine;
    root = new Cgroup(machine, "", lastId.get(), null);
    current = () -> root;
  }

  /** Makes a kernel's tree with nothing but its root. */
  static CgroupTree install(Machine machine) {
    CgroupTree tree = new CgroupTree(machine);
    machine.slots().set(SLOT, tree);
    return tree;
  }

  /** The group in which everything is that was not put elsewhere. */
  public Cgroup root() {
    return root;
  }

  /** Notes programs that have been attached anywhere in the tree, or taken off. */
  public void attached(int more) {
    attached.addAndGet(more);
  }

  /** Whether a program is attached anywhere: packets are written out for programs alone. */
  public boolean hasPrograms() {
    return attached.get() > 0;
  }

  /** The group of the calling thread: what it makes is in it. */
  public Cgroup current() {
    return current.get();
  }

  /** Tells which group the calling thread is in. */
  public void findCurrentBy(Supplier<Cgroup> finder) {
    current = finder;
  }

  /**
   * Makes a group, held once.
   *
   * @throws BpfException EEXIST where the parent has one of that name; EINVAL for a name that is
   *     none
   */
  public Cgroup create(Cgroup parent, String name) {
    if (name.isEmpty() || name.contains("/") || name.startsWith(".")) {
      throw new BpfException(
          Errno.EINVAL, "'%s' is no name of a cgroup: leave out slashes and dots".formatted(name));
    }
    return new Cgroup(machine, name, lastId.incrementAndGet(), parent);
  }

  /**
   * The group at a path, held for the caller.
   *
   * @throws BpfException ENOENT where there is none
   */
  public Cgroup hold(String path) {
    Cgroup group = root;
    group.retain();
    for (String name : path.split("/", -1)) {
      if (!name.isEmpty()) {
        Optional<Cgroup> child = group.holdChild(name);
        group.release();
        group =
            child.orElseThrow(() ->
                new BpfException(
                    Errno.ENOENT, "there is no cgroup %s: create it first".formatted(path)));
      }
    }
    return group;
  }

  /** Lets the root go. */
  @Override
  public void close() {
    root.release();
  }
}
