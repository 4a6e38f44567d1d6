package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.Helper;
import io.ebpf4j.spec.Errno;

/** The helpers by which programs use maps without keys. */
public final class ValueStoreHelpers {
  private ValueStoreHelpers() {}

  /** Puts a value in. */
  @Helper(
      id = 87,
      name = "map_push_elem",
      arguments = {Argument.MAP, Argument.MAP_VALUE, Argument.ANYTHING},
      takesPacket = true)
  public static long mapPushElem(Cpu cpu, long map, long value, long flags) {
    return MapTable.get(cpu, map) instanceof ValueStore store
        ? store.push(value, flags)
        : -Errno.EINVAL.number();
  }

  /** Takes a value out. */
  @Helper(
      id = 88,
      name = "map_pop_elem",
      arguments = {Argument.MAP, Argument.UNINITIALIZED_MAP_VALUE})
  public static long mapPopElem(Cpu cpu, long map, long value) {
    return MapTable.get(cpu, map) instanceof ValueStore store
        ? store.pop(value)
        : -Errno.EINVAL.number();
  }

  /** Looks at a value, or whether it is in. */
  @Helper(
      id = 89,
      name = "map_peek_elem",
      arguments = {Argument.MAP, Argument.UNINITIALIZED_MAP_VALUE})
  public static long mapPeekElem(Cpu cpu, long map, long value) {
    return MapTable.get(cpu, map) instanceof ValueStore store
        ? store.peek(value)
        : -Errno.EINVAL.number();
  }
}
