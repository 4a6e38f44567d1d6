package io.ebpf4j.jvm.trace;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.Helper;
import io.ebpf4j.jvm.helper.Returns;
import io.ebpf4j.jvm.map.Cgroup;
import io.ebpf4j.jvm.map.CgroupArray;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;

/** The helpers that tell of the task that runs: the thread that is on the CPU. */
public final class TaskHelpers {
  private TaskHelpers() {}

  /** The process's number above the task's own. */
  @Helper(id = 14, name = "get_current_pid_tgid")
  public static long getCurrentPidTgid(Cpu cpu) {
    Task task = Tasks.current(cpu);
    return ((long) task.tgid() << Integer.SIZE) | task.pid();
  }

  /** The group's number above the user's: those of the process. */
  @Helper(id = 15, name = "get_current_uid_gid")
  public static long getCurrentUidGid(Cpu cpu) {
    return ProcessUser.GID_UID;
  }

  /** Copies the task's name, filled up with zeroes and ended by one. */
  @Helper(
      id = 16,
      name = "get_current_comm",
      arguments = {Argument.UNINITIALIZED_MEMORY, Argument.SIZE})
  public static long getCurrentComm(Cpu cpu, long memory, long size) {
    Task task = Tasks.current(cpu);
    long copied = Math.min(size, Task.COMM_BYTES);
    Memory.copy(task.address() + Task.COMM, memory, copied);
    Memory.fill(memory + copied, size - copied, (byte) 0);
    Memory.putByte(memory + copied - 1, (byte) 0);
    return 0;
  }

  /** The task as a number. */
  @Helper(id = 35, name = "get_current_task", gplOnly = true)
  public static long getCurrentTask(Cpu cpu) {
    return Tasks.current(cpu).address();
  }

  /** The task. */
  @Helper(id = 158, name = "get_current_task_btf", returns = Returns.TASK, gplOnly = true)
  public static long getCurrentTaskBtf(Cpu cpu) {
    return Tasks.current(cpu).address();
  }

  /** The id of the task's control group. */
  @Helper(id = 80, name = "get_current_cgroup_id")
  public static long getCurrentCgroupId(Cpu cpu) {
    return Tasks.current(cpu).cgroup().id();
  }

  /** The id of the group of that level in which the task's group lies, or 0. */
  @Helper(
      id = 123,
      name = "get_current_ancestor_cgroup_id",
      arguments = {Argument.ANYTHING})
  public static long getCurrentAncestorCgroupId(Cpu cpu, long level) {
    Cgroup ancestor = Tasks.current(cpu).cgroup().ancestor((int) level);
    return ancestor == null ? 0 : ancestor.id();
  }

  /** Whether the task is in the group of an element, or below it. */
  @Helper(
      id = 37,
      name = "current_task_under_cgroup",
      arguments = {Argument.MAP, Argument.ANYTHING})
  public static long currentTaskUnderCgroup(Cpu cpu, long map, long index) {
    CgroupArray groups = (CgroupArray) MapTable.get(cpu, map);
    if (Integer.compareUnsigned((int) index, groups.spec().maxEntries()) >= 0) {
      return -Errno.E2BIG.number();
    }
    Cgroup group = groups.group((int) index);
    if (group == null) {
      return -Errno.EAGAIN.number();
    }
    return Tasks.current(cpu).cgroup().isUnder(group) ? 1 : 0;
  }
}
