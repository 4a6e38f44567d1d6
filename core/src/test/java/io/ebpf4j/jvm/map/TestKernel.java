package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Clock;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.handle.FdTable;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.jvm.socket.Sockets;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** As much of a kernel as maps need: two CPUs, descriptors, and short ways to call operations. */
final class TestKernel implements AutoCloseable {
  final Machine machine;
  final MapTable table;
  final FdTable fds = new FdTable();
  private final Block scratch = Block.allocate(1 << 17, 8);
  private final Sockets sockets;
  private int ids;

  TestKernel() {
    this(Clock.fixed(0));
  }

  TestKernel(Clock clock) {
    machine = new Machine(2, clock, 1);
    machine.slots().set(FdTable.SLOT, fds);
    table = MapTable.install(machine);
    sockets = new Sockets(machine);
    table.bring(sockets.mapKinds());
  }

  JvmMap create(MapSpec spec) {
    return create(spec, null);
  }

  JvmMap create(MapSpec spec, @Nullable JvmMap inner) {
    return MapTypes.create(machine, spec, ++ids, inner);
  }

  Cpu cpu() {
    return machine.cpus().get(0);
  }

  /** A key in raw memory, until the next one. */
  long rawKey(int key) {
    Memory.putInt(scratch.address(), key);
    return scratch.address();
  }

  /** A value in raw memory, until the next one. */
  long rawValue(long value) {
    Memory.putLong(scratch.address() + 2048, value);
    return scratch.address() + 2048;
  }

  /** Room for a value of up to 100,000 bytes. */
  long rawLarge(int bytes) {
    if (bytes > 100_000) {
      throw new IllegalArgumentException("no room for " + bytes);
    }
    return scratch.address() + 4096;
  }

  static byte[] u32(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }

  static byte[] u64(long value) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
  }

  static MemorySegment key(int value) {
    return MemorySegment.ofArray(u32(value));
  }

  static MemorySegment value(long value) {
    return MemorySegment.ofArray(u64(value));
  }

  static void put(JvmMap map, int key, long value) {
    map.user().update(key(key), value(value), MapFlags.ANY);
  }

  /** The value of a key as a number; -1 where there is no such key. */
  static long get(JvmMap map, int key) {
    byte[] value = new byte[map.userValueSize()];
    if (!map.user().lookup(key(key), MemorySegment.ofArray(value), 0)) {
      return -1;
    }
    ByteBuffer bytes = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
    return value.length >= 8 ? bytes.getLong() : Integer.toUnsignedLong(bytes.getInt());
  }

  @Override
  public void close() {
    machine.close();
    sockets.close();
    table.close();
    scratch.close();
  }
}
