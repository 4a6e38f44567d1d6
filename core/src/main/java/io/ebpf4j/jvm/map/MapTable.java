package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.cpu.Slot;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds a map by the address of its {@code struct bpf_map}. Eight bytes in front of each structure,
 * out of a program's reach, hold the map's place in this table, so that a helper finds it by one
 * load and one array access; the four bytes behind the place are for the map's type. Thread safe.
 */
public final class MapTable implements AutoCloseable {
  /** Where the kernel's table is found. */
  public static final Slot<MapTable> SLOT = Slot.of(MapTable.class);

  private static final int HEADER_BYTES = Long.BYTES;

  private final CallbackKeys callbackKeys;
  private final Timers timers;
  private final StorageOwners owners;
  private final Map<MapType, MapKind> kinds = new EnumMap<>(MapType.class);
  private final Deque<Integer> free = new ArrayDeque<>();
  private volatile @Nullable JvmMap[] maps = new @Nullable JvmMap[16];
  private int used;

  private MapTable(Machine machine) {
    callbackKeys = new CallbackKeys(machine.cpus().size());
    timers = new Timers(machine, callbackKeys);
    owners = StorageOwners.install(machine);
    bring(List.of(HashKind.values()));
    bring(List.of(RingBufferKind.values()));
    bring(List.of(GeneralKind.values()));
  }

  /** Makes a kernel's table, before its first map. */
  public static MapTable install(Machine machine) {
    MapTable table = new MapTable(machine);
    machine.slots().set(SLOT, table);
    CgroupTree.install(machine);
    return table;
  }

  /** The classes whose methods are the kernel functions over maps. */
  public static List<Class<?>> kfuncs() {
    return List.of(WorkQueueKfuncs.class);
  }

  /** The classes with the helpers by which programs use maps. */
  public static List<Class<?>> helpers() {
    return List.of(
        MapHelpers.class,
        TimerHelpers.class,
        PerfHelpers.class,
        RingBufferHelpers.class,
        ValueStoreHelpers.class);
  }

  /**
   * The map whose structure lies there.
   *
   * @param address of a map that lives, as {@link JvmMap#address} gave it; anything else is for the
   *     caller to exclude
   */
  public JvmMap get(long address) {
    JvmMap map = maps[Memory.getInt(address - HEADER_BYTES)];
    if (map == null) {
      throw new IllegalStateException("no map lies at 0x%x".formatted(address));
    }
    return map;
  }

  /** The map whose structure lies there, by the table of the machine of a CPU. */
  public static JvmMap get(Cpu cpu, long address) {
    return cpu.machine().slots().get(SLOT).get(address);
  }

  /** Takes the map types of a subsystem, before the kernel's first map. */
  public void bring(List<MapKind> more) {
    more.forEach(kind -> kinds.put(kind.type(), kind));
  }

  /** The map type that a subsystem has brought. */
  Optional<MapKind> kind(MapType type) {
    return Optional.ofNullable(kinds.get(type));
  }

  CallbackKeys callbackKeys() {
    return callbackKeys;
  }

  Timers timers() {
    return timers;
  }

  /** Maps in the table. */
  public synchronized int size() {
    return used - free.size();
  }

  /** Frees the table's own memory, when no program runs any more. */
  @Override
  public void close() {
    timers.close();
    callbackKeys.close();
    owners.close();
  }

  /**
   * Memory for a map's {@code struct bpf_map}, filled from its specification, with a place in the
   * table.
   */
  public Block allocateStruct(MapSpec spec, int id) {
    Block struct = allocateStruct(MapStructs.MAP_BYTES);
    MapStructs.fill(structAddress(struct), spec, id);
    return struct;
  }

  /** Zeroed memory for a map's structure, with a place in the table. */
  synchronized Block allocateStruct(int bytes) {
    Block struct = Block.allocate(HEADER_BYTES + bytes, Long.BYTES);
    Integer reused = free.poll();
    int index = reused != null ? reused : used++;
    if (index == maps.length) {
      maps = Arrays.copyOf(maps, 2 * index);
    }
    Memory.putInt(struct.address(), index);
    return struct;
  }

  /** Makes the map findable. */
  public synchronized <M extends JvmMap> M add(M map) {
    @Nullable JvmMap[] all = maps;
    all[Memory.getInt(map.address() - HEADER_BYTES)] = map;
    maps = all;
    return map;
  }

  /** Frees the structure and its place. */
  synchronized void remove(Block struct) {
    int index = Memory.getInt(struct.address());
    maps[index] = null;
    free.add(index);
    struct.close();
  }

  static long structAddress(Block struct) {
    return struct.address() + HEADER_BYTES;
  }

  static long structSize(Block struct) {
    return struct.size() - HEADER_BYTES;
  }
}
