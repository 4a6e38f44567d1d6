package io.ebpf4j.jvm.interpreter;

import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.Dynptr;
import io.ebpf4j.jvm.helper.HelperPrototype;
import io.ebpf4j.jvm.helper.Returns;
import io.ebpf4j.jvm.helper.SequenceFile;
import io.ebpf4j.jvm.interpreter.AreaIndex.Area;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapType;
import org.jspecify.annotations.Nullable;

/** Calls helpers, after it has seen that the arguments are what the prototype says. */
final class HelperCalls {
  private static final int SPIN_LOCK_BYTES = 4;
  private static final int TIMER_BYTES = 16;
  private static final int SHORT_HEADER_BYTES = 20;
  private static final int IPV6_HEADER_BYTES = 40;

  private final Run run;

  HelperCalls(Run run) {
    this.run = run;
  }

  /** Checks R1 to R5, calls, and sets R0. */
  void call(int slot, HelperCall call) {
    Argument[] arguments = call.arguments;
    @Nullable JvmMap map = null;
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i] == Argument.MAP) {
        map = run.mapAt(run.registers[i + 1]);
      }
    }
    for (int i = 0; i < arguments.length; i++) {
      if (!fits(slot, arguments, i, map)) {
        throw refuse(slot, call.prototype, i, map);
      }
    }
    long released = releasedRecord(arguments);
    long result = call.call(run.cpu, run.registers);
    if (released != 0) {
      // Linux lets slices of it be used further on: they stay memory of the ring.
      int record = run.regions.grants().findRecord(released);
      long end = run.regions.grants().high(record);
      run.regions.endRecord(released);
      run.regions.grants().add(released, end, true, "a record that was handed over");
    }
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i] == Argument.RELEASED_RECORD) {
        run.regions.endRecord(run.registers[i + 1]);
      } else if (arguments[i] == Argument.ALLOCATION_SIZE && result != 0 && map != null) {
        run.regions.grants().add(result, result + run.registers[i + 1], true, Grants.RECORD, map);
      } else if (arguments[i] == Argument.NEW_RINGBUF_DYNPTR && result == 0 && map != null) {
        long dynptr = run.registers[i + 1];
        long record = Dynptr.data(dynptr);
        run.regions.grants().add(record, record + Dynptr.size(dynptr), true, Grants.RECORD, map);
      }
    }
    run.registers[0] = result;
    if (call.prototype.returns() == Returns.MAP_VALUE_OR_NULL && result != 0 && map != null) {
      admitValue(map, result);
    }
  }

  private boolean fits(int slot, Argument[] arguments, int i, @Nullable JvmMap map) {
    long value = run.registers[i + 1];
    return switch (arguments[i]) {
      case ANYTHING, UNCHECKED -> true;
      case CONTEXT -> value == run.context() && value != 0;
      case CONTEXT_OR_NULL -> value == run.context() || value == 0;
      case MAP -> map != null;
      case MAP_KEY -> map != null && memory(slot, value, map.spec().keySize(), false);
      case MAP_VALUE -> map != null && memory(slot, value, map.spec().valueSize(), false);
      case UNINITIALIZED_MAP_VALUE ->
          map != null && memory(slot, value, map.spec().valueSize(), true);
      case MEMORY -> memory(slot, value, run.registers[i + 2], false);
      case UNINITIALIZED_MEMORY -> memory(slot, value, run.registers[i + 2], true);
      case MEMORY_OR_NULL -> memoryOrNull(slot, value, run.registers[i + 2], false);
      case UNINITIALIZED_MEMORY_OR_NULL -> memoryOrNull(slot, value, run.registers[i + 2], true);
      case SIZE -> value > 0;
      case SIZE_OR_ZERO -> value >= 0;
      case LONG_POINTER -> memory(slot, value, Long.BYTES, true);
      case INT_POINTER -> memory(slot, value, Integer.BYTES, true);
      case CONSTANT_STRING -> isConstantString(value);
      case FUNCTION -> run.frames.code().function(value) >= 0;
      case STACK_OR_NULL -> value == 0 || run.regions.inStack(value);
      case SPIN_LOCK -> inElement(slot, value, SPIN_LOCK_BYTES);
      case TIMER -> inElement(slot, value, TIMER_BYTES);
      case SEQUENCE_FILE -> SequenceFile.isCurrent(run.cpu, value);
      case DYNPTR -> dynptr(slot, value);
      case RELEASED_RINGBUF_DYNPTR -> {
        run.check(slot, value, Dynptr.BYTES, true);
        long record = Dynptr.data(value);
        yield record == 0 || run.regions.grants().findRecord(record) >= 0;
      }
      case NEW_LOCAL_DYNPTR, NEW_RINGBUF_DYNPTR -> memory(slot, value, Dynptr.BYTES, true);
      case WRITABLE_MEMORY -> memory(slot, value, run.registers[i + 2], true);
      case UPDATED_INT -> memory(slot, value, Integer.BYTES, true);
      case READ_LONG -> memory(slot, value, Long.BYTES, false);
      case IPV4_HEADER, TCP_HEADER -> memory(slot, value, SHORT_HEADER_BYTES, false);
      case IPV6_HEADER -> memory(slot, value, IPV6_HEADER_BYTES, false);
      case MAP_VALUE_OR_NULL ->
          value == 0 || (map != null && memory(slot, value, map.spec().valueSize(), false));
      case ALLOCATION_SIZE -> value >= 0;
      case RELEASED_RECORD -> run.regions.grants().findRecord(value) >= 0;
      case SOCK_COMMON, SOCKET_OR_NULL, ANY_SOCK, ANY_SOCK_OR_NULL, RELEASED_SOCK ->
          owner(arguments[i], value, MapType.SK_STORAGE);
      case TASK, TASK_OR_NULL -> owner(arguments[i], value, MapType.TASK_STORAGE);
      case INODE, INODE_OR_NULL -> owner(arguments[i], value, MapType.INODE_STORAGE);
      case CGROUP_OR_NULL -> owner(arguments[i], value, MapType.CGRP_STORAGE);
      case FILE, PATH, BINARY, SK_BUFF, XDP_BUFF, PER_CPU_OBJECT ->
          value == 0 && arguments[i].isNullable();
    };
  }

  /** The record whose dynptr the call ends, or 0. */
  private long releasedRecord(Argument[] arguments) {
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i] == Argument.RELEASED_RINGBUF_DYNPTR) {
        return Dynptr.data(run.registers[i + 1]);
      }
    }
    return 0;
  }

  /** Whether a dynptr looks at what the run may touch. */
  boolean dynptr(int slot, long dynptr) {
    run.check(slot, dynptr, Dynptr.BYTES, false);
    long data = Dynptr.data(dynptr);
    if (data == 0) {
      return true;
    }
    if (Dynptr.type(dynptr).isPacket()) {
      return data == run.context();
    }
    long bytes = Dynptr.size(dynptr);
    long start = data + Dynptr.start(dynptr);
    return bytes == 0 || run.regions.find(start, bytes, !Dynptr.isReadOnly(dynptr));
  }

  private boolean owner(Argument argument, long address, MapType storageType) {
    return address == 0 ? argument.isNullable() : run.isOwner(address, storageType);
  }

  private boolean memory(int slot, long address, long bytes, boolean write) {
    if (bytes < 0) {
      return false;
    }
    if (bytes > 0) {
      run.check(slot, address, bytes, write);
    }
    return true;
  }

  private boolean memoryOrNull(int slot, long address, long bytes, boolean write) {
    return address == 0 ? bytes == 0 : memory(slot, address, bytes, write);
  }

  private boolean isConstantString(long address) {
    Area area = run.regions.areaOf(address);
    if (area == null || !area.elements() || area.area().writable()) {
      return false;
    }
    for (long at = address; run.regions.find(at, 1, false); at++) {
      if (Memory.getByte(at) == 0) {
        return true;
      }
    }
    return false;
  }

  /** Whether bytes lie in an element of a map. */
  boolean inElement(int slot, long address, int bytes) {
    Area area = run.regions.areaOf(address);
    return area != null && area.elements() && memory(slot, address, bytes, true);
  }

  private RuntimeException refuse(
      int slot, HelperPrototype prototype, int i, @Nullable JvmMap map) {
    Argument argument = prototype.arguments().get(i);
    String of = map == null ? "" : " of map " + map.spec().name();
    return Faults.of(
        run,
        slot,
        Errno.EINVAL,
        "argument %d of bpf_%s is 0x%x, which is no %s%s"
            .formatted(i + 1, prototype.name(), run.registers[i + 1], expected(argument), of));
  }

  private static String expected(Argument argument) {
    return switch (argument) {
      case ANYTHING, UNCHECKED -> "value";
      case CONTEXT, CONTEXT_OR_NULL -> "context of the program";
      case MAP -> "map that the program has";
      case MAP_KEY -> "key";
      case MAP_VALUE, UNINITIALIZED_MAP_VALUE -> "value";
      case MEMORY, UNINITIALIZED_MEMORY -> "memory of that size";
      case MEMORY_OR_NULL, UNINITIALIZED_MEMORY_OR_NULL -> "memory of that size, nor NULL with 0";
      case SIZE -> "size above 0";
      case SIZE_OR_ZERO -> "size";
      case LONG_POINTER -> "pointer to 8 bytes";
      case INT_POINTER -> "pointer to 4 bytes";
      case CONSTANT_STRING -> "zero-terminated string in a read-only map";
      case FUNCTION -> "function of the program";
      case STACK_OR_NULL -> "address on the stack, nor NULL";
      case SPIN_LOCK -> "bpf_spin_lock in a map's value";
      case TIMER -> "bpf_timer in a map's value";
      case SEQUENCE_FILE -> "seq_file of the running iterator";
      case DYNPTR, RELEASED_RINGBUF_DYNPTR -> "dynptr over memory or the packet of this run";
      case NEW_LOCAL_DYNPTR, NEW_RINGBUF_DYNPTR -> "memory for a dynptr";
      case WRITABLE_MEMORY -> "memory of that size";
      case UPDATED_INT -> "pointer to 4 bytes";
      case READ_LONG -> "pointer to 8 bytes";
      case IPV4_HEADER, IPV6_HEADER, TCP_HEADER -> "header";
      case MAP_VALUE_OR_NULL -> "value, nor NULL";
      case ALLOCATION_SIZE -> "size";
      case SOCK_COMMON, SOCKET_OR_NULL, ANY_SOCK, ANY_SOCK_OR_NULL, RELEASED_SOCK -> "socket";
      case RELEASED_RECORD -> "reserved record";
      case PER_CPU_OBJECT -> "per-CPU variable";
      case TASK,
          TASK_OR_NULL,
          INODE,
          INODE_OR_NULL,
          CGROUP_OR_NULL,
          FILE,
          PATH,
          BINARY,
          SK_BUFF,
          XDP_BUFF ->
          "struct " + argument.struct();
    };
  }

  /** What a lookup gave may be used: an inner map, or a value that no area has. */
  private void admitValue(JvmMap map, long result) {
    if (map.spec().type() == MapType.ARRAY_OF_MAPS || map.spec().type() == MapType.HASH_OF_MAPS) {
      run.regions.see(run.cpu.machine().slots().get(MapTable.SLOT).get(result));
      return;
    }
    if (!run.regions.find(result, map.spec().valueSize(), false)) {
      run.regions.grants().add(result, result + map.spec().valueSize(), true, "a value", map);
    }
  }
}
