package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.Helper;
import io.ebpf4j.jvm.helper.Returns;

/** The helpers by which programs use maps. */
public final class MapHelpers {
  private MapHelpers() {}

  /** The address of a key's value, or 0. */
  @Helper(
      id = 1,
      name = "map_lookup_elem",
      returns = Returns.MAP_VALUE_OR_NULL,
      arguments = {Argument.MAP, Argument.MAP_KEY},
      takesPacket = true)
  public static long mapLookupElem(Cpu cpu, long map, long key) {
    return MapTable.get(cpu, map).lookup(cpu, key);
  }

  /** Sets the value of a key. */
  @Helper(
      id = 2,
      name = "map_update_elem",
      arguments = {Argument.MAP, Argument.MAP_KEY, Argument.MAP_VALUE, Argument.ANYTHING},
      takesPacket = true)
  public static long mapUpdateElem(Cpu cpu, long map, long key, long value, long flags) {
    return MapTable.get(cpu, map).update(cpu, key, value, flags);
  }

  /** Deletes a key. */
  @Helper(
      id = 3,
      name = "map_delete_elem",
      arguments = {Argument.MAP, Argument.MAP_KEY},
      takesPacket = true)
  public static long mapDeleteElem(Cpu cpu, long map, long key) {
    return MapTable.get(cpu, map).delete(cpu, key);
  }

  /** The address of a key's value on another CPU, or 0 where there is no such CPU or key. */
  @Helper(
      id = 195,
      name = "map_lookup_percpu_elem",
      returns = Returns.MAP_VALUE_OR_NULL,
      arguments = {Argument.MAP, Argument.MAP_KEY, Argument.ANYTHING},
      takesPacket = true)
  public static long mapLookupPercpuElem(Cpu cpu, long map, long key, long cpuNumber) {
    return MapTable.get(cpu, map).lookupOn((int) cpuNumber, key);
  }

  /** Calls a function for each element and gives how many were visited. */
  @Helper(
      id = 164,
      name = "for_each_map_elem",
      arguments = {Argument.MAP, Argument.FUNCTION, Argument.STACK_OR_NULL, Argument.ANYTHING})
  public static long forEachMapElem(Cpu cpu, long map, long function, long context, long flags) {
    return MapTable.get(cpu, map).forEach(cpu, function, context, flags);
  }

  /** Takes the lock in a value. */
  @Helper(
      id = 93,
      name = "spin_lock",
      returns = Returns.VOID,
      arguments = {Argument.SPIN_LOCK})
  public static long spinLock(Cpu cpu, long lock) {
    SpinLock.lock(cpu, lock);
    HeldLocks.on(cpu).add(cpu.nesting(), lock);
    return 0;
  }

  /** Frees the lock in a value. */
  @Helper(
      id = 94,
      name = "spin_unlock",
      returns = Returns.VOID,
      arguments = {Argument.SPIN_LOCK})
  public static long spinUnlock(Cpu cpu, long lock) {
    HeldLocks.on(cpu).remove(lock);
    SpinLock.unlock(lock);
    return 0;
  }
}
