package io.ebpf4j.jvm.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfException;
import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.jvm.cpu.Clock;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.handle.FdTable;
import io.ebpf4j.jvm.map.Cgroup;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.jvm.map.MapTypes;
import io.ebpf4j.jvm.map.StorageOwner;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OwnerValuesTest {
  private static final BtfBuilder TYPES = new BtfBuilder();
  private static final int U32 = TYPES.unsigned("unsigned int", 4);
  private static final int U64 = TYPES.unsigned("unsigned long", 8);
  private static final Btf BTF = TYPES.build();

  private final Machine machine = new Machine(2, Clock.fixed(0), 1);
  private final MapTable table = MapTable.install(machine);
  private final FdTable fds = new FdTable();
  private final Storage storage = new Storage(machine, Storage.Limits.NONE, true);
  private int ids;

  OwnerValuesTest() {
    machine.slots().set(FdTable.SLOT, fds);
    table.bring(storage.mapKinds());
  }

  /** A socket without anything but its limit. */
  private static final class Owner extends StorageOwner {
    Owner(Machine machine, int limit) {
      super(machine, 64);
      limitStorage(limit);
    }

    @Override
    public MapType storageType() {
      return MapType.SK_STORAGE;
    }
  }

  private StorageMap map(int flags) {
    MapSpec spec =
        MapSpec.of("values", MapType.SK_STORAGE, 4, 8, 0)
            .withFlags(MapFlags.NO_PREALLOC | flags)
            .withTypes(BTF, U32, U64);
    return (StorageMap) MapTypes.create(machine, spec, ++ids, null);
  }

  @AfterEach
  void nothingIsLeft() {
    machine.rcu().barrier();
    assertThat(storage.elements()).isZero();
    assertThat(storage.chargedBytes()).isZero();
    assertThat(storage.caches().inUse()).isZero();
    machine.close();
    storage.close();
    table.close();
  }

  private static MemorySegment value(long value) {
    return MemorySegment.ofArray(new long[] {value});
  }

  private static MemorySegment key(int fd) {
    return MemorySegment.ofArray(new int[] {fd});
  }

  @Test
  void aValueIsMadeOnceAndStaysWithItsOwner() {
    StorageMap map = map(0);
    Owner owner = new Owner(machine, 0);
    OwnerValues values = map.values();
    assertThat(values.find(owner.address())).isZero();
    long made = values.findOrCreate(owner.address(), 0);
    assertThat(Memory.getLong(made)).isZero();
    Memory.putLong(made, 7);
    assertThat(values.findOrCreate(owner.address(), 0)).isEqualTo(made);
    assertThat(values.find(owner.address())).isEqualTo(made);
    assertThat(map.size()).isEqualTo(1);
    assertThat(owner.storageBytes()).isEqualTo(8 + 72 + 176);
    assertThat(values.delete(owner.address())).isTrue();
    assertThat(values.delete(owner.address())).isFalse();
    assertThat(owner.storageBytes()).isZero();
    owner.release();
    map.release();
  }

  @Test
  void twentyMapsOfOneOwnerAreKeptApart() {
    Owner owner = new Owner(machine, 0);
    List<StorageMap> maps = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      StorageMap map = map(0);
      maps.add(map);
      Memory.putLong(map.values().findOrCreate(owner.address(), 0), i);
    }
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 20; i++) {
        assertThat(Memory.getLong(maps.get(i).values().find(owner.address()))).isEqualTo(i);
      }
    }
    maps.get(7).values().delete(owner.address());
    maps.get(19).values().delete(owner.address());
    assertThat(maps.get(7).values().find(owner.address())).isZero();
    assertThat(maps.get(19).values().find(owner.address())).isZero();
    assertThat(Memory.getLong(maps.get(18).values().find(owner.address()))).isEqualTo(18);
    maps.forEach(StorageMap::release);
    assertThat(owner.storageBytes()).isZero();
    owner.release();
  }

  @Test
  void theLimitOfASocketIsNotReached() {
    Owner owner = new Owner(machine, 176 + 2 * 80 + 1);
    List<StorageMap> maps = List.of(map(0), map(0), map(0));
    assertThat(maps.get(0).values().findOrCreate(owner.address(), 0)).isNotZero();
    assertThat(maps.get(1).values().findOrCreate(owner.address(), 0)).isNotZero();
    assertThat(maps.get(2).values().findOrCreate(owner.address(), 0)).isZero();
    int fd = fds.open(owner);
    // The new value is there before the old one goes.
    assertThatThrownBy(() -> maps.get(0).user().update(key(fd), value(1), MapFlags.ANY))
        .isInstanceOfSatisfying(
            BpfException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOMEM));
    maps.get(1).values().delete(owner.address());
    maps.get(0).user().update(key(fd), value(1), MapFlags.ANY);
    fds.close(fd);
    owner.release();
    maps.forEach(StorageMap::release);
  }

  @Test
  void whatIsMadeWithCloneIsCopied() {
    StorageMap cloned = map(MapFlags.CLONE);
    StorageMap other = map(0);
    Owner listener = new Owner(machine, 0);
    Owner child = new Owner(machine, 0);
    Memory.putLong(cloned.values().findOrCreate(listener.address(), 0), 5);
    Memory.putLong(other.values().findOrCreate(listener.address(), 0), 6);
    assertThat(listener.copyValuesTo(child)).isTrue();
    long copy = cloned.values().find(child.address());
    assertThat(Memory.getLong(copy)).isEqualTo(5);
    assertThat(copy).isNotEqualTo(cloned.values().find(listener.address()));
    assertThat(other.values().find(child.address())).isZero();
    Owner small = new Owner(machine, 100);
    assertThat(listener.copyValuesTo(small)).isFalse();
    List.of(listener, child, small).forEach(Owner::release);
    List.of(cloned, other).forEach(StorageMap::release);
  }

  @Test
  void anOwnerThatHasEndedGetsNoValue() {
    StorageMap map = map(0);
    Owner owner = new Owner(machine, 0);
    map.values().findOrCreate(owner.address(), 0);
    owner.end();
    assertThat(map.size()).isZero();
    assertThat(map.values().findOrCreate(owner.address(), 0)).isZero();
    owner.release();
    map.release();
  }

  @Test
  void descriptorsOfSomethingElseAreRefused() {
    StorageMap map = map(0);
    Cgroup group = new Cgroup(machine, "", 1, null);
    int fd = fds.open(group);
    assertThatThrownBy(() -> map.user().lookup(key(fd), value(0), 0))
        .isInstanceOfSatisfying(
            BpfException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOTSOCK));
    assertThatThrownBy(() -> map.user().lookup(key(99), value(0), 0))
        .isInstanceOfSatisfying(
            BpfException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBADF));
    fds.close(fd);
    group.release();
    map.release();
  }

  @Test
  void aValueThatAProgramHoldsIsNotReusedUntilItLeaves() throws Exception {
    StorageMap map = map(0);
    Owner owner = new Owner(machine, 0);
    Cpu cpu = machine.cpus().get(0);
    long held = map.values().findOrCreate(owner.address(), 0);
    Memory.putLong(held, 42);
    cpu.enter();
    try {
      map.values().delete(owner.address());
      for (int i = 0; i < 1_000; i++) {
        assertThat(map.values().findOrCreate(owner.address(), 0)).isNotEqualTo(held);
        map.values().delete(owner.address());
      }
      Thread.sleep(5);
      assertThat(Memory.getLong(held)).isEqualTo(42);
    } finally {
      cpu.exit();
    }
    owner.release();
    map.release();
  }

  @Test
  void aMillionSocketsWithAValueOf64BytesTakeLessThan200BytesEach() {
    int count = Integer.getInteger("ebpf4j.storage.sockets", 100_000);
    BtfBuilder types = new BtfBuilder();
    int key = types.unsigned("unsigned int", 4);
    int value = types.array(types.unsigned("unsigned long", 8), 8);
    StorageMap map =
        (StorageMap)
            MapTypes.create(
                machine,
                MapSpec.of("values", MapType.SK_STORAGE, 4, 64, 0)
                    .withFlags(MapFlags.NO_PREALLOC)
                    .withTypes(types.build(), key, value),
                ++ids,
                null);
    List<Owner> owners = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Owner owner = new Owner(machine, 0);
      map.values().findOrCreate(owner.address(), 0);
      owners.add(owner);
    }
    assertThat(map.size()).isEqualTo(count);
    assertThat(storage.hostBytes() / count).isLessThan(130);
    assertThat(map.memoryBytes()).isBetween(120L * count, 121L * count + 1_000);
    owners.forEach(Owner::release);
    map.release();
    machine.rcu().barrier();
    assertThat(storage.hostBytes()).isLessThan(2 << 20);
  }

  /** Map free against owner end against get-create: nothing is freed twice or lost. */
  @Test
  void mapsOwnersAndValuesComeAndGoAtOnce() throws Exception {
    int rounds = Integer.getInteger("ebpf4j.storage.rounds", 20_000);
    AtomicReference<Owner> current = new AtomicReference<>(new Owner(machine, 0));
    AtomicReference<StorageMap> map = new AtomicReference<>(map(0));
    StorageMap lasting = map(0);
    AtomicBoolean done = new AtomicBoolean();
    List<Future<?>> running = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (Cpu cpu : machine.cpus()) {
        running.add(threads.submit(() -> useValues(cpu, current, map, lasting, done)));
      }
      running.add(
          threads.submit(() -> {
            while (!done.get()) {
              current.getAndSet(new Owner(machine, 0)).release();
            }
          }));
      for (int i = 0; i < rounds; i++) {
        map.getAndSet(map(0)).release();
      }
      done.set(true);
      for (Future<?> one : running) {
        one.get();
      }
    }
    Objects.requireNonNull(current.get()).release();
    Objects.requireNonNull(map.get()).release();
    lasting.release();
  }

  private void useValues(
      Cpu cpu,
      AtomicReference<Owner> current,
      AtomicReference<StorageMap> maps,
      StorageMap lasting,
      AtomicBoolean done) {
    while (!done.get()) {
      cpu.enter();
      try {
        long owner = Objects.requireNonNull(current.get()).address();
        StorageMap map = Objects.requireNonNull(maps.get());
        check(lasting, owner);
        // As a program holds the maps that it uses.
        if (map.tryRetain()) {
          check(map, owner);
          if (ThreadLocalRandom.current().nextInt(4) == 0) {
            map.values().delete(owner);
          }
          map.release();
        }
      } finally {
        cpu.exit();
      }
    }
  }

  /** A value begins with zero and holds its owner from then on; a freed one is poisoned. */
  private static void check(StorageMap map, long owner) {
    long value = map.values().findOrCreate(owner, 0);
    if (value == 0) {
      return;
    }
    for (int i = 0; i < 3; i++) {
      long seen = Memory.getLongAcquire(value);
      if (seen != 0 && seen != owner) {
        throw new AssertionError("0x%x lies in a value of owner 0x%x".formatted(seen, owner));
      }
      Memory.putLongRelease(value, owner);
    }
  }
}
