package io.ebpf4j.jvm.trace;

import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.jvm.map.Cgroup;
import io.ebpf4j.jvm.map.StorageOwner;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.MapType;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A thread of Java's as programs see it, platform or virtual. Its structure is a {@code
 * task_struct} with the fields that a thread has here.
 *
 * <p>It does not keep the thread. Its values go when the thread has ended. Thread safe.
 */
public final class Task extends StorageOwner {
  /** Bytes of a name, with the zero behind it: TASK_COMM_LEN. */
  public static final int COMM_BYTES = 16;

  static final int COMM = 32;
  private static final int PID = 0;
  private static final int TGID = 4;
  private static final int CGROUPS = 8;
  private static final int START_TIME = 16;
  private static final int START_BOOTTIME = 24;
  private static final int STRUCT_BYTES = COMM + COMM_BYTES;

  private final WeakReference<Thread> thread;
  private final long threadId;
  private Cgroup cgroup;
  private volatile @Nullable String name;

  /**
   * The task of a thread, held once.
   *
   * @param pid its own number; that of the process's first thread is the process's
   * @param cgroup the group that it is in
   */
  Task(Tasks tasks, Thread thread, int pid, int tgid, Cgroup cgroup) {
    super(tasks.machine(), STRUCT_BYTES);
    this.thread = new WeakReference<>(thread);
    this.threadId = thread.threadId();
    this.cgroup = cgroup;
    cgroup.retain();
    long struct = address();
    Memory.putInt(struct + PID, pid);
    Memory.putInt(struct + TGID, tgid);
    Memory.putLong(struct + CGROUPS, cgroup.cssSetAddress());
    Memory.putLong(struct + START_TIME, tasks.machine().clock().monotonicNanos());
    Memory.putLong(struct + START_BOOTTIME, tasks.machine().clock().bootNanos());
    refreshName(thread);
  }

  /** Adds {@code struct task_struct}. */
  static void declare(BtfBuilder types) {
    int u64 =
        types.typedef("u64", types.typedef("__u64", types.unsigned("long long unsigned int", 8)));
    int pid = types.typedef("pid_t", types.typedef("__kernel_pid_t", types.signed("int", 4)));
    int name = types.array(types.unsigned("char", 1), COMM_BYTES);
    int groups = types.pointer(types.forward("css_set", false));
    types.struct(
        "task_struct",
        struct ->
            struct
                .memberAt("pid", pid, PID)
                .memberAt("tgid", pid, TGID)
                .memberAt("cgroups", groups, CGROUPS)
                .memberAt("start_time", u64, START_TIME)
                .memberAt("start_boottime", u64, START_BOOTTIME)
                .memberAt("comm", name, COMM)
                .size(STRUCT_BYTES));
  }

  @Override
  public MapType storageType() {
    return MapType.TASK_STORAGE;
  }

  /** Its own number. */
  public int pid() {
    return Memory.getInt(address() + PID);
  }

  /** The number of its process. */
  public int tgid() {
    return Memory.getInt(address() + TGID);
  }

  /** The control group that it is in, which stays until a grace period after it has left it. */
  public synchronized Cgroup cgroup() {
    return cgroup;
  }

  /** Puts it into another control group. */
  public synchronized void moveTo(Cgroup group) {
    Cgroup before = cgroup;
    group.retain();
    cgroup = group;
    Memory.putLongRelease(address() + CGROUPS, group.cssSetAddress());
    before.release();
  }

  /** Whether its thread has ended; asked for, it ends its values too. */
  @Override
  public boolean hasEnded() {
    Thread alive = thread.get();
    if (alive == null || !alive.isAlive()) {
      end();
    }
    return super.hasEnded();
  }

  /** The number of its thread. */
  long threadId() {
    return threadId;
  }

  /** Notes the name that the thread has now: the first 15 bytes of it. */
  @SuppressWarnings("ReferenceEquality")
  void refreshName(Thread current) {
    String now = current.getName();
    // The usual case is one comparison: a thread that is not renamed keeps its String.
    if (now == name) {
      return;
    }
    name = now;
    byte[] bytes = Arrays.copyOf(now.getBytes(StandardCharsets.UTF_8), COMM_BYTES);
    bytes[COMM_BYTES - 1] = 0;
    Memory.copy(bytes, 0, address() + COMM, COMM_BYTES);
  }

  @Override
  protected void released() {
    cgroup.release();
  }

  @Override
  public String toString() {
    return "task " + pid();
  }
}
