package io.ebpf4j.jvm.storage;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.Helper;
import io.ebpf4j.jvm.helper.Returns;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.jvm.map.StorageOwner;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramType;

/**
 * The helpers by which programs reach values that are kept with owners. A task storage call never
 * meets one of its own CPU that is under way: no program runs inside of one here.
 */
public final class StorageHelpers {
  /** BPF_LOCAL_STORAGE_GET_F_CREATE of the UAPI header. */
  private static final long CREATE = 1;

  private StorageHelpers() {}

  /** A socket's value, made where there is none if the flags say so. */
  @Helper(
      id = 107,
      name = "sk_storage_get",
      returns = Returns.MAP_VALUE_OR_NULL,
      arguments = {Argument.MAP, Argument.ANY_SOCK, Argument.MAP_VALUE_OR_NULL, Argument.ANYTHING},
      programTypes = {
        ProgramType.TRACING,
        ProgramType.LSM,
        ProgramType.SCHED_CLS,
        ProgramType.SCHED_ACT,
        ProgramType.CGROUP_SKB,
        ProgramType.CGROUP_SOCKOPT,
        ProgramType.CGROUP_SOCK_ADDR,
        ProgramType.SK_MSG,
        ProgramType.SOCK_OPS
      })
  public static long skStorageGet(Cpu cpu, long map, long sock, long value, long flags) {
    return get(cpu, map, sock, value, flags);
  }

  /** Removes a socket's value. */
  @Helper(
      id = 108,
      name = "sk_storage_delete",
      arguments = {Argument.MAP, Argument.ANY_SOCK},
      programTypes = {
        ProgramType.TRACING,
        ProgramType.LSM,
        ProgramType.SCHED_CLS,
        ProgramType.SCHED_ACT,
        ProgramType.CGROUP_SKB,
        ProgramType.CGROUP_SOCKOPT,
        ProgramType.CGROUP_SOCK_ADDR,
        ProgramType.SK_MSG,
        ProgramType.SOCK_OPS
      })
  public static long skStorageDelete(Cpu cpu, long map, long sock) {
    return delete(cpu, map, sock);
  }

  /** A task's value, made where there is none if the flags say so. */
  @Helper(
      id = 156,
      name = "task_storage_get",
      returns = Returns.MAP_VALUE_OR_NULL,
      arguments = {
        Argument.MAP,
        Argument.TASK_OR_NULL,
        Argument.MAP_VALUE_OR_NULL,
        Argument.ANYTHING
      })
  public static long taskStorageGet(Cpu cpu, long map, long task, long value, long flags) {
    return get(cpu, map, task, value, flags);
  }

  /** Removes a task's value. */
  @Helper(
      id = 157,
      name = "task_storage_delete",
      arguments = {Argument.MAP, Argument.TASK_OR_NULL})
  public static long taskStorageDelete(Cpu cpu, long map, long task) {
    return delete(cpu, map, task);
  }

  /** An inode's value, made where there is none if the flags say so. */
  @Helper(
      id = 145,
      name = "inode_storage_get",
      returns = Returns.MAP_VALUE_OR_NULL,
      arguments = {
        Argument.MAP,
        Argument.INODE_OR_NULL,
        Argument.MAP_VALUE_OR_NULL,
        Argument.ANYTHING
      },
      programTypes = ProgramType.LSM)
  public static long inodeStorageGet(Cpu cpu, long map, long inode, long value, long flags) {
    return get(cpu, map, inode, value, flags);
  }

  /** Removes an inode's value. */
  @Helper(
      id = 146,
      name = "inode_storage_delete",
      arguments = {Argument.MAP, Argument.INODE_OR_NULL},
      programTypes = ProgramType.LSM)
  public static long inodeStorageDelete(Cpu cpu, long map, long inode) {
    return delete(cpu, map, inode);
  }

  /** A control group's value, made where there is none if the flags say so. */
  @Helper(
      id = 210,
      name = "cgrp_storage_get",
      returns = Returns.MAP_VALUE_OR_NULL,
      arguments = {
        Argument.MAP,
        Argument.CGROUP_OR_NULL,
        Argument.MAP_VALUE_OR_NULL,
        Argument.ANYTHING
      })
  public static long cgrpStorageGet(Cpu cpu, long map, long cgroup, long value, long flags) {
    return get(cpu, map, cgroup, value, flags);
  }

  /** Removes a control group's value. */
  @Helper(
      id = 211,
      name = "cgrp_storage_delete",
      arguments = {Argument.MAP, Argument.CGROUP_OR_NULL})
  public static long cgrpStorageDelete(Cpu cpu, long map, long cgroup) {
    return delete(cpu, map, cgroup);
  }

  /**
   * The usual cases inline: the value is the owner's newest, as it is where the owner has no other,
   * or it is in the owner's cache.
   */
  private static long get(Cpu cpu, long map, long owner, long value, long flags) {
    if (owner == 0 || Long.compareUnsigned(flags, CREATE) > 0) {
      return 0;
    }
    long first = Memory.getLongAcquire(owner + StorageOwner.VALUES_OFFSET);
    if (first != 0 && Memory.getLong(first + Element.MAP) == map) {
      return first + Element.VALUE;
    }
    long cache = first == 0 ? 0 : Memory.getLongAcquire(owner + StorageOwner.CACHE_OFFSET);
    if (cache != 0) {
      long cached = Memory.getLongAcquire(cache + Memory.getInt(map + StorageMap.CACHE_OFFSET));
      if (cached != 0 && Memory.getLong(cached + Element.MAP) == map) {
        return cached + Element.VALUE;
      }
    }
    return search(cpu, map, owner, value, flags);
  }

  private static long search(Cpu cpu, long map, long owner, long value, long flags) {
    OwnerValues values = ((StorageMap) MapTable.get(cpu, map)).values();
    return flags == CREATE ? values.findOrCreate(owner, value) : values.find(owner);
  }

  private static long delete(Cpu cpu, long map, long owner) {
    if (owner == 0) {
      return -Errno.EINVAL.number();
    }
    return ((StorageMap) MapTable.get(cpu, map)).values().delete(owner)
        ? 0
        : -Errno.ENOENT.number();
  }
}
