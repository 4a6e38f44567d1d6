package io.ebpf4j.jvm.map;

import io.ebpf4j.BpfException;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapType;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A control group: a node in the tree of groups that tasks and sockets are in. Its structure is a
 * {@code struct cgroup}, followed by the {@code css_set} of tasks that are in it and by its {@code
 * kernfs_node}. Thread safe.
 */
public final class Cgroup extends StorageOwner {
  private static final int LEVEL = 0;
  private static final int KERNFS_NODE_POINTER = 8;
  private static final int CGROUP_BYTES = 16;
  private static final int CSS_SET = CGROUP_BYTES;
  private static final int KERNFS_NODE = CSS_SET + 8;
  private static final int STRUCT_BYTES = KERNFS_NODE + 8;

  private final String name;
  private final long id;
  private final @Nullable Cgroup parent;
  private final CgroupPrograms programs = new CgroupPrograms();
  private final Map<String, Cgroup> children = new HashMap<>();

  /**
   * A group, held once.
   *
   * @param name its last path element, empty for the root
   * @param id the kernel-wide id
   * @param parent the group it lies in, which is held, or null for the root
   * @throws BpfException EEXIST where the parent has one of that name
   */
  public Cgroup(Machine machine, String name, long id, @Nullable Cgroup parent) {
    super(machine, STRUCT_BYTES);
    this.name = name;
    this.id = id;
    this.parent = parent;
    long struct = address();
    Memory.putInt(struct + LEVEL, parent == null ? 0 : parent.level() + 1);
    Memory.putLong(struct + KERNFS_NODE_POINTER, struct + KERNFS_NODE);
    Memory.putLong(struct + CSS_SET, struct);
    Memory.putLong(struct + KERNFS_NODE, id);
    if (parent != null) {
      parent.retain();
      parent.add(this);
    }
  }

  /** Adds the structures of control groups. */
  public static void declare(BtfBuilder types) {
    int u64 =
        types.typedef("u64", types.typedef("__u64", types.unsigned("long long unsigned int", 8)));
    int node = types.struct("kernfs_node", struct -> struct.memberAt("id", u64, 0).size(8));
    int number = types.signed("int", 4);
    int nodePointer = types.pointer(node);
    int group =
        types.struct(
            "cgroup",
            struct ->
                struct
                    .memberAt("level", number, LEVEL)
                    .memberAt("kn", nodePointer, KERNFS_NODE_POINTER)
                    .size(CGROUP_BYTES));
    int groupPointer = types.pointer(group);
    types.struct("css_set", struct -> struct.memberAt("dfl_cgrp", groupPointer, 0).size(8));
  }

  @Override
  public MapType storageType() {
    return MapType.CGRP_STORAGE;
  }

  /** The programs that are attached to it. */
  public CgroupPrograms programs() {
    return programs;
  }

  /** The last path element, empty for the root. */
  public String name() {
    return name;
  }

  /** The names from the root down, as {@code /web/tenant}. */
  public String path() {
    return parent == null ? "/" : (parent.parent == null ? "" : parent.path()) + "/" + name;
  }

  /** The kernel-wide id. */
  public long id() {
    return id;
  }

  /** How many groups it lies in: 0 for the root. */
  public int level() {
    return Memory.getInt(address() + LEVEL);
  }

  /** The address of the {@code css_set} of tasks in this group. */
  public long cssSetAddress() {
    return address() + CSS_SET;
  }

  /** The group it lies in, if it is not the root. */
  public Optional<Cgroup> parent() {
    return Optional.ofNullable(parent);
  }

  /** The group above it, or itself, of that level; null where it lies higher. */
  public @Nullable Cgroup ancestor(int level) {
    if (level < 0 || level > level()) {
      return null;
    }
    Cgroup group = this;
    while (group.parent != null && group.level() > level) {
      group = group.parent;
    }
    return group;
  }

  /** The group of that name in this one, held for the caller. */
  public Optional<Cgroup> holdChild(String child) {
    synchronized (children) {
      return Optional.ofNullable(children.get(child)).filter(Cgroup::tryRetain);
    }
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
    return "cgroup " + path();
  }

  private void add(Cgroup child) {
    synchronized (children) {
      Cgroup other = children.putIfAbsent(child.name, child);
      if (other == null) {
        return;
      }
      if (!other.tryRetain()) {
        children.put(child.name, child);
        return;
      }
      other.release();
    }
    child.release();
    throw new BpfException(Errno.EEXIST, "%s has a group %s already".formatted(this, child.name));
  }

  @Override
  protected void released() {
    if (parent != null) {
      synchronized (parent.children) {
        parent.children.remove(name, this);
      }
      parent.release();
    }
  }
}
