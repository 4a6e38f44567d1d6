package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.Elements.answer;
import static io.ebpf4j.conformance.Elements.delete;
import static io.ebpf4j.conformance.Elements.lookup;
import static io.ebpf4j.conformance.Elements.next;
import static io.ebpf4j.conformance.Elements.room;
import static io.ebpf4j.conformance.Elements.u32;
import static io.ebpf4j.conformance.Elements.u64;
import static io.ebpf4j.conformance.Elements.update;
import static io.ebpf4j.conformance.Elements.value;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.util.List;

/** Creation and the user's operations of local storage maps. */
class StorageElementsTwinTest {
  private static final List<MapType> TYPES =
      List.of(
          MapType.SK_STORAGE, MapType.TASK_STORAGE, MapType.INODE_STORAGE, MapType.CGRP_STORAGE);
  private static final BtfBuilder BUILDER = new BtfBuilder();
  private static final int U32 = BUILDER.unsigned("unsigned int", 4);
  private static final int U64 = BUILDER.unsigned("unsigned long", 8);
  private static final int SIGNED = BUILDER.signed("int", 4);
  private static final int LOCK =
      BUILDER.struct("bpf_spin_lock", struct -> struct.member("val", U32));
  private static final int LOCKED =
      BUILDER.struct("locked", struct -> struct.member("count", U64).member("lock", LOCK).size(16));
  private static final int TIMER =
      BUILDER.struct(
          "bpf_timer", struct -> struct.member("__opaque", BUILDER.array(U64, 2)).size(16));
  private static final int TIMED =
      BUILDER.struct("timed", struct -> struct.member("timer", TIMER).member("count", U64));
  private static final int LARGE = BUILDER.array(U64, 8_175);
  private static final int TOO_LARGE = BUILDER.array(U64, 8_176);
  private static final Btf BTF = BUILDER.build();

  private static MapSpec spec(MapType type) {
    return MapSpec.of("storage", type, 4, 8, 0)
        .withFlags(MapFlags.NO_PREALLOC)
        .withTypes(BTF, U32, U64);
  }

  private static String create(Kernel kernel, MapSpec spec) {
    return answer(() -> kernel.createMap(spec).close());
  }

  @TwinTest
  void creationNeedsTypesAndNothingInAdvance(Kernel kernel) {
    for (MapType type : TYPES) {
      MapSpec plain = spec(type);
      assertThat(create(kernel, plain)).as("%s", type).isEqualTo("OK");
      assertThat(create(kernel, plain.withTypes(BTF, SIGNED, U64))).isEqualTo("OK");
      assertThat(create(kernel, plain.withFlags(0))).isEqualTo("EINVAL");
      assertThat(create(kernel, plain.withFlags(MapFlags.NO_PREALLOC | MapFlags.CLONE)))
          .isEqualTo("OK");
      assertThat(create(kernel, plain.withFlags(MapFlags.CLONE))).isEqualTo("EINVAL");
      for (int flag : List.of(MapFlags.RDONLY, MapFlags.WRONLY, MapFlags.MMAPABLE, 1 << 7)) {
        assertThat(create(kernel, plain.withFlags(MapFlags.NO_PREALLOC | flag)))
            .as("%s flag %d", type, flag)
            .isEqualTo("EINVAL");
      }
      assertThat(create(kernel, plain.withMaxEntries(1))).isEqualTo("EINVAL");
      assertThat(create(kernel, plain.withKeySize(8))).isEqualTo("EINVAL");
      assertThat(create(kernel, plain.withTypes(null, 0, 0))).isEqualTo("EINVAL");
      assertThat(create(kernel, plain.withTypes(BTF, 0, U64))).isEqualTo("EINVAL");
      assertThat(create(kernel, plain.withTypes(BTF, U32, 0))).isEqualTo("EINVAL");
      assertThat(create(kernel, plain.withTypes(BTF, U64, U64))).isEqualTo("EINVAL");
      assertThat(create(kernel, plain.withValueSize(0))).isEqualTo("EINVAL");
      assertThat(create(kernel, plain.withValueSize(16))).isEqualTo("EINVAL");
    }
  }

  @TwinTest
  void aValueHasItsLargestSize(Kernel kernel) {
    for (MapType type : TYPES) {
      assertThat(create(kernel, spec(type).withValueSize(65_400).withTypes(BTF, U32, LARGE)))
          .as("%s", type)
          .isEqualTo("OK");
      assertThat(create(kernel, spec(type).withValueSize(65_408).withTypes(BTF, U32, TOO_LARGE)))
          .isEqualTo("E2BIG");
      assertThat(create(kernel, spec(type).withValueSize(65_408).withTypes(null, 0, 0)))
          .isEqualTo("EINVAL");
      assertThat(create(kernel, spec(type).withValueSize(-1))).isEqualTo("E2BIG");
    }
  }

  @TwinTest
  void specialFieldsAreLocksAndNoTimers(Kernel kernel) {
    for (MapType type : TYPES) {
      assertThat(create(kernel, spec(type).withValueSize(16).withTypes(BTF, U32, LOCKED)))
          .as("%s", type)
          .isEqualTo("OK");
      assertThat(create(kernel, spec(type).withValueSize(24).withTypes(BTF, U32, TIMED)))
          .as("%s", type)
          .isEqualTo("ENOTSUP");
    }
  }

  @TwinTest
  void aValueIsSetFoundAndDeletedByTheOwnersDescriptor(Kernel kernel) {
    for (MapType type : TYPES) {
      try (StorageOwners owners = new StorageOwners(kernel);
          BpfMap map = kernel.createMap(spec(type))) {
        int fd = owners.open(type).fd();
        int other = owners.open(type).fd();
        assertThat(lookup(map, fd, 0)).as("%s", type).isEqualTo("ENOENT");
        assertThat(delete(map, fd)).isEqualTo("ENOENT");
        assertThat(update(map, fd, u64(1), MapFlags.EXIST)).isEqualTo("ENOENT");
        assertThat(update(map, fd, u64(2), MapFlags.NOEXIST)).isEqualTo("OK");
        assertThat(value(map, fd)).isEqualTo(2);
        assertThat(update(map, fd, u64(3), MapFlags.NOEXIST)).isEqualTo("EEXIST");
        assertThat(update(map, fd, u64(4), MapFlags.EXIST)).isEqualTo("OK");
        assertThat(update(map, fd, u64(5), MapFlags.ANY)).isEqualTo("OK");
        assertThat(value(map, fd)).isEqualTo(5);
        assertThat(lookup(map, other, 0)).isEqualTo("ENOENT");
        assertThat(update(map, other, u64(6), MapFlags.ANY)).isEqualTo("OK");
        assertThat(value(map, fd)).isEqualTo(5);
        assertThat(delete(map, fd)).isEqualTo("OK");
        assertThat(delete(map, fd)).isEqualTo("ENOENT");
        assertThat(lookup(map, fd, 0)).isEqualTo("ENOENT");
      }
    }
  }

  @TwinTest
  void flagsAndOperationsThatThereAreNotAreRefused(Kernel kernel) {
    for (MapType type : TYPES) {
      try (StorageOwners owners = new StorageOwners(kernel);
          BpfMap map = kernel.createMap(spec(type))) {
        int fd = owners.open(type).fd();
        assertThat(update(map, fd, u64(1), 3)).as("%s", type).isEqualTo("EINVAL");
        assertThat(update(map, fd, u64(1), 8)).isEqualTo("EINVAL");
        assertThat(update(map, fd, u64(1), MapFlags.LOCK)).isEqualTo("EINVAL");
        assertThat(update(map, fd, u64(1), -1)).isEqualTo("EINVAL");
        assertThat(lookup(map, fd, 1)).isEqualTo("EINVAL");
        assertThat(lookup(map, fd, MapFlags.LOCK)).isEqualTo("EINVAL");
        assertThat(next(map, null)).isEqualTo("ENOTSUPP");
        assertThat(next(map, (long) fd)).isEqualTo("ENOTSUPP");
        assertThat(answer(() -> map.lookupAndDelete(u32(fd), room(8), 0))).isEqualTo("ENOTSUPP");
        assertThat(answer(() -> map.lookupBatch(null, room(4), room(4), room(8), 1, 0)))
            .isEqualTo("ENOTSUPP");
        assertThat(answer(() -> map.updateBatch(u32(fd), u64(1), 1, 0))).isEqualTo("ENOTSUPP");
      }
    }
  }

  @TwinTest
  void aDescriptorOfSomethingElseIsNoKey(Kernel kernel) {
    for (MapType type : TYPES) {
      try (BpfMap map = kernel.createMap(spec(type));
          BpfMap other = kernel.createMap(MapSpec.of("other", MapType.ARRAY, 4, 8, 1))) {
        // A file descriptor of a map is a file to Linux, but to no one else.
        String wrong =
            switch (type) {
              case SK_STORAGE -> "ENOTSOCK";
              case INODE_STORAGE -> "ENOENT";
              default -> "EBADF";
            };
        assertThat(lookup(map, other.fd(), 0)).as("%s", type).isEqualTo(wrong);
        assertThat(delete(map, other.fd())).isEqualTo(wrong);
        assertThat(lookup(map, -1, 0)).isEqualTo("EBADF");
        assertThat(update(map, -1, u64(1), 0)).isEqualTo("EBADF");
        assertThat(update(map, -1, u64(1), 3)).isEqualTo("EBADF");
        assertThat(delete(map, -1)).isEqualTo("EBADF");
      }
    }
  }

  @TwinTest
  void aFrozenMapIsReadOnly(Kernel kernel) {
    for (MapType type : TYPES) {
      try (StorageOwners owners = new StorageOwners(kernel);
          BpfMap map = kernel.createMap(spec(type))) {
        int fd = owners.open(type).fd();
        assertThat(update(map, fd, u64(1), 0)).isEqualTo("OK");
        assertThat(answer(map::freeze)).as("%s", type).isEqualTo("OK");
        assertThat(value(map, fd)).isEqualTo(1);
        assertThat(update(map, fd, u64(1), 0)).isEqualTo("EPERM");
        assertThat(delete(map, fd)).isEqualTo("EPERM");
      }
    }
  }

  @TwinTest
  void aLockIsTakenForTheUserAndNotShown(Kernel kernel) {
    for (MapType type : TYPES) {
      MapSpec spec = spec(type).withValueSize(16).withTypes(BTF, U32, LOCKED);
      try (StorageOwners owners = new StorageOwners(kernel);
          BpfMap map = kernel.createMap(spec)) {
        int fd = owners.open(type).fd();
        assertThat(update(map, fd, u64(1, -1), MapFlags.LOCK | MapFlags.EXIST))
            .as("%s", type)
            .isEqualTo("ENOENT");
        assertThat(update(map, fd, u64(1, -1), MapFlags.LOCK)).isEqualTo("OK");
        assertThat(update(map, fd, u64(2, -1), MapFlags.LOCK | MapFlags.NOEXIST))
            .isEqualTo("EEXIST");
        assertThat(update(map, fd, u64(3, -1), MapFlags.LOCK | MapFlags.EXIST)).isEqualTo("OK");
        assertThat(lookup(map, fd, MapFlags.LOCK)).isEqualTo("OK");
        var seen = room(16);
        assertThat(map.lookup(u32(fd), seen, 0)).isTrue();
        // The bytes behind the lock are none of its own.
        assertThat(seen.toArray(java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED))
            .containsExactly(3, -1L << 32);
      }
    }
  }

  @TwinTest
  void aTaskThatHasEndedHasNoValue(Kernel kernel) throws InterruptedException {
    try (StorageOwners owners = new StorageOwners(kernel);
        BpfMap map = kernel.createMap(spec(MapType.TASK_STORAGE))) {
      StorageOwners.Owner task = owners.open(MapType.TASK_STORAGE);
      assertThat(update(map, task.fd(), u64(1), 0)).isEqualTo("OK");
      task.end().run();
      // A thread of Linux is there a little longer than Java's.
      for (int i = 0; i < 200 && lookup(map, task.fd(), 0).equals("OK"); i++) {
        Thread.sleep(5);
      }
      assertThat(lookup(map, task.fd(), 0)).isEqualTo("ENOENT");
      assertThat(update(map, task.fd(), u64(1), 0)).isEqualTo("ENOENT");
      assertThat(delete(map, task.fd())).isEqualTo("ENOENT");
    }
  }

  @TwinTest
  void anAcceptedConnectionHasACopyOfWhatIsMadeToBeCopied(Kernel kernel) {
    MapSpec spec = spec(MapType.SK_STORAGE);
    try (BpfMap cloned = kernel.createMap(spec.withFlags(MapFlags.NO_PREALLOC | MapFlags.CLONE));
        BpfMap other = kernel.createMap(spec);
        TwinSockets sockets = new TwinSockets(kernel)) {
      TwinSocket listener = sockets.tcp();
      assertThat(listener.bind("127.0.0.1", 0)).isEqualTo("OK");
      assertThat(listener.listen(8)).isEqualTo("OK");
      assertThat(update(cloned, listener.fd(), u64(5), 0)).isEqualTo("OK");
      assertThat(update(other, listener.fd(), u64(6), 0)).isEqualTo("OK");
      TwinSocket client = sockets.tcp();
      assertThat(client.connect("127.0.0.1", listener.port())).isEqualTo("OK");
      try (TwinSocket accepted = listener.accept().orElseThrow()) {
        assertThat(value(cloned, accepted.fd())).isEqualTo(5);
        assertThat(lookup(other, accepted.fd(), 0)).isEqualTo("ENOENT");
        assertThat(lookup(cloned, client.fd(), 0)).isEqualTo("ENOENT");
        assertThat(update(cloned, accepted.fd(), u64(7), 0)).isEqualTo("OK");
        assertThat(value(cloned, listener.fd())).isEqualTo(5);
      }
    }
  }

  @TwinTest
  void aSocketHoldsNoMoreThanItsOptionMemory(Kernel kernel) {
    try (TwinSockets sockets = new TwinSockets(kernel)) {
      List<BpfMap> maps = new java.util.ArrayList<>();
      try {
        TwinSocket socket = sockets.udp();
        MapSpec large = spec(MapType.SK_STORAGE).withValueSize(65_400).withTypes(BTF, U32, LARGE);
        for (int i = 0; i < 3; i++) {
          maps.add(kernel.createMap(large));
        }
        int left = 131_072 - 176 - 65_400 - 72;
        assertThat(update(maps.get(0), socket.fd(), room(65_400), 0)).isEqualTo("OK");
        assertThat(left).isLessThan(65_472);
        // The first leaves 65,424 bytes, and the second would take 65,472.
        String second = update(maps.get(1), socket.fd(), room(65_400), 0);
        assertThat(update(maps.get(2), socket.fd(), room(65_400), 0)).isEqualTo("ENOMEM");
        assertThat(second).isEqualTo("ENOMEM");
      } finally {
        maps.forEach(BpfMap::close);
      }
    }
  }

  @TwinTest
  void aValueStaysWithAFileThatIsClosed(Kernel kernel) {
    java.nio.file.Path file = java.nio.file.Path.of("").toAbsolutePath();
    try (BpfMap map = kernel.createMap(spec(MapType.INODE_STORAGE))) {
      try (var opened = kernel.openFile(file)) {
        assertThat(update(map, opened.fd(), u64(9), 0)).isEqualTo("OK");
      }
      try (var again = kernel.openFile(file);
          var twice = kernel.openFile(file)) {
        assertThat(value(map, again.fd())).isEqualTo(9);
        assertThat(delete(map, twice.fd())).isEqualTo("OK");
        assertThat(lookup(map, again.fd(), 0)).isEqualTo("ENOENT");
      }
    }
  }
}
