package io.ebpf4j.jvm.map;

import static io.ebpf4j.jvm.map.Refusals.refuses;
import static io.ebpf4j.jvm.map.TestKernel.key;
import static io.ebpf4j.jvm.map.ValueTypes.KPTR;
import static io.ebpf4j.jvm.map.ValueTypes.LOCK;
import static io.ebpf4j.jvm.map.ValueTypes.TASK;
import static io.ebpf4j.jvm.map.ValueTypes.TIMER;
import static io.ebpf4j.jvm.map.ValueTypes.U32;
import static io.ebpf4j.jvm.map.ValueTypes.U64;
import static io.ebpf4j.jvm.map.ValueTypes.member;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.jvm.map.SpecialFields.Field;
import io.ebpf4j.jvm.map.SpecialFields.Kind;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SpecialFieldsTest {
  private final TestKernel kernel = new TestKernel();
  private final ValueTypes types = new ValueTypes();
  private final int locked =
      types.struct("locked", 16, member("x", U64, 0), member("l", LOCK, 8), member("y", U32, 12));

  @AfterEach
  void close() {
    kernel.close();
  }

  @Test
  void aLockIsNeitherCopiedToTheUserNorFromTheUser() {
    JvmMap map = kernel.create(types.map(MapType.ARRAY, locked, 16));
    long value = map.lookup(kernel.cpu(), kernel.rawKey(1));
    Memory.putInt(value + 8, 0x55);
    map.user().update(key(1), filled(16), MapFlags.ANY);
    assertThat(Memory.getInt(value + 8)).isEqualTo(0x55);
    assertThat(hex(map, 1)).isEqualTo("ffffffffffffffff00000000ffffffff");
  }

  @Test
  void aProgramsUpdateLeavesTheLockAlone() {
    JvmMap map = kernel.create(types.map(MapType.ARRAY, locked, 16));
    long value = map.lookup(kernel.cpu(), kernel.rawKey(1));
    Memory.putInt(value + 8, 0x55);
    long from = kernel.rawLarge(16);
    Memory.fill(from, 16, (byte) 0xff);
    assertThat(map.update(kernel.cpu(), kernel.rawKey(1), from, 0)).isZero();
    assertThat(Memory.getInt(value + 8)).isEqualTo(0x55);
    assertThat(Memory.getLong(value)).isEqualTo(-1);
    assertThat(Memory.getInt(value + 12)).isEqualTo(-1);
  }

  @Test
  void copiesUnderTheLockWaitForIt() throws InterruptedException {
    JvmMap map = kernel.create(types.map(MapType.ARRAY, locked, 16));
    long value = map.lookup(kernel.cpu(), kernel.rawKey(0));
    MapHelpers.spinLock(kernel.cpu(), value + 8);
    Thread user =
        Thread.ofPlatform().start(() -> map.user().update(key(0), filled(16), MapFlags.LOCK));
    Thread.sleep(20);
    assertThat(Memory.getLong(value)).isZero();
    MapHelpers.spinUnlock(kernel.cpu(), value + 8);
    user.join();
    assertThat(Memory.getLong(value)).isEqualTo(-1);
    assertThat(Memory.getInt(value + 8)).isZero();
  }

  @Test
  void flagsWithTheLockAnswerAsLinux() {
    JvmMap map = kernel.create(types.map(MapType.ARRAY, locked, 16));
    refuses(Errno.EEXIST, () -> map.user().update(key(0), filled(16), 5));
    map.user().update(key(0), filled(16), 6);
    byte[] value = new byte[16];
    assertThat(map.user().lookup(key(0), MemorySegment.ofArray(value), MapFlags.LOCK)).isTrue();
    assertThat(HexFormat.of().formatHex(value)).isEqualTo("ffffffffffffffff00000000ffffffff");
    assertThat(map.user().updateBatch(key(1), filled(16), 1, MapFlags.LOCK).count()).isEqualTo(1);
  }

  @Test
  void takingALockTwiceIsAnErrorAndNoHang() {
    JvmMap map = kernel.create(types.map(MapType.ARRAY, locked, 16));
    long lock = map.lookup(kernel.cpu(), kernel.rawKey(0)) + 8;
    MapHelpers.spinLock(kernel.cpu(), lock);
    refuses(Errno.EDEADLOCK, () -> MapHelpers.spinLock(kernel.cpu(), lock));
  }

  @Test
  void mapsWithSpecialFieldsAreNeitherFrozenNorMapped() {
    JvmMap map = kernel.create(types.map(MapType.ARRAY, locked, 16).withFlags(MapFlags.MMAPABLE));
    refuses(Errno.ENOTSUPP, map.user()::freeze);
    refuses(Errno.ENOTSUPP, () -> map.user().mmap(0, 64, false));
  }

  @Test
  void programsMustBeAllowedToReadAndWriteSpecialFields() {
    for (int flag : List.of(MapFlags.RDONLY_PROG, MapFlags.WRONLY_PROG)) {
      refuses(
          Errno.EACCES, () -> kernel.create(types.map(MapType.ARRAY, locked, 16).withFlags(flag)));
      refuses(
          Errno.EACCES,
          () -> kernel.create(types.map(MapType.PERCPU_ARRAY, locked, 16).withFlags(flag)));
    }
  }

  @Test
  void perCpuArraysTakeKernelPointersAlone() {
    refuses(Errno.ENOTSUP, () -> kernel.create(types.map(MapType.PERCPU_ARRAY, locked, 16)));
    int timed = types.struct("timed", 16, member("t", TIMER, 0));
    refuses(Errno.ENOTSUP, () -> kernel.create(types.map(MapType.PERCPU_ARRAY, timed, 16)));
    int pointing = types.struct("pointing", 16, member("x", U64, 0), member("p", KPTR, 8));
    JvmMap map = kernel.create(types.map(MapType.PERCPU_ARRAY, pointing, 16));
    map.user().update(key(0), filled(32), 0);
    assertThat(hex(map, 0)).isEqualTo("ffffffffffffffff0000000000000000".repeat(2));
  }

  @Test
  void fieldsOfNestedStructsAndArraysOfPointersAreFound() {
    int nested = types.struct("nested", 24, member("x", U64, 0), member("n", locked, 8));
    assertThat(fields(nested, 24)).containsExactly(new Field(Kind.SPIN_LOCK, 16));

    int pointers = types.array(KPTR, 3);
    int several = types.struct("several", 32, member("x", U64, 0), member("p", pointers, 8));
    assertThat(fields(several, 32)).extracting(Field::offset).containsExactly(8, 16, 24);

    int pair = types.struct("pair", 16, member("x", U64, 0), member("p", KPTR, 8));
    int pairs = types.struct("pairs", 32, member("n", types.array(pair, 2), 0));
    assertThat(fields(pairs, 32)).extracting(Field::offset).containsExactly(8, 24);
  }

  @Test
  void pointersAreFoundByTheirTag() {
    int volatilePointer = types.volatileOf(types.pointerToTagged("kptr_untrusted", TASK));
    assertThat(fields(types.struct("v", 8, member("p", volatilePointer, 0)), 8)).hasSize(1);
    int otherTag = types.pointerToTagged("user", TASK);
    assertThat(fields(types.struct("o", 8, member("p", otherTag, 0)), 8)).isEmpty();
    int forward = types.pointerToTagged("kptr", types.forward("file"));
    assertThat(fields(types.struct("f", 8, member("p", forward, 0)), 8)).isEmpty();
    int number = types.pointerToTagged("kptr", U64);
    assertThat(fields(types.struct("n", 8, member("p", number, 0)), 8)).isEmpty();
  }

  @Test
  void aTypeWithSomethingWrongHasNoSpecialFieldsAtAll() {
    int twoTimers = types.struct("two", 32, member("a", TIMER, 0), member("b", TIMER, 16));
    assertThat(fields(twoTimers, 32)).isEmpty();
    int unaligned = types.struct("packed", 20, member("x", U32, 0), member("t", TIMER, 4));
    assertThat(fields(unaligned, 20)).isEmpty();
    int lockArray = types.struct("locks", 8, member("l", types.array(LOCK, 2), 0));
    assertThat(fields(lockArray, 8)).isEmpty();
    int nestedArray = types.struct("nested", 32, member("n", types.array(locked, 2), 0));
    assertThat(fields(nestedArray, 32)).isEmpty();
  }

  @Test
  void typedefsAndUnionsHideSpecialFields() {
    int named = types.struct("named", 4, member("l", types.typedef("lock_t", LOCK), 0));
    assertThat(fields(named, 4)).isEmpty();
    int either = types.union("either", 4, member("l", LOCK, 0), member("x", U32, 0));
    assertThat(fields(types.struct("in_union", 4, member("u", either, 0)), 4)).isEmpty();
  }

  @Test
  void aSectionOfGlobalsMayHaveALock() {
    int section = types.section(locked, 16);
    MapSpec bss = types.array(MapType.ARRAY, section, 16, 0).withMaxEntries(1).withName(".bss");
    assertThat(kernel.create(bss).specialFields().fields())
        .containsExactly(new Field(Kind.SPIN_LOCK, 8));
    refuses(Errno.EINVAL, () -> kernel.create(bss.withMaxEntries(2)));
    refuses(Errno.ENOTSUP, () -> kernel.create(bss.withType(MapType.PERCPU_ARRAY)));
  }

  @Test
  void typesMustGoWithTheMap() {
    int plain = types.struct("plain", 16, member("x", U64, 0), member("y", U64, 8));
    kernel.create(types.map(MapType.ARRAY, plain, 16));
    refuses(Errno.EINVAL, () -> kernel.create(types.map(MapType.ARRAY, plain, 8)));
    refuses(Errno.EINVAL, () -> kernel.create(types.map(MapType.ARRAY, 9999, 8)));
    refuses(Errno.EINVAL, () -> kernel.create(types.array(MapType.ARRAY, plain, 16, U64)));
    refuses(Errno.EINVAL, () -> kernel.create(types.array(MapType.ARRAY, plain, 16, LOCK)));
    refuses(Errno.EINVAL, () -> kernel.create(types.array(MapType.ARRAY, plain, 16, 0)));
    refuses(Errno.EINVAL, () -> kernel.create(types.array(MapType.ARRAY, 0, 16, U32)));
    kernel.create(types.map(MapType.PROG_ARRAY, U32, 4));
    refuses(Errno.ENOTSUPP, () -> kernel.create(types.map(MapType.CGROUP_ARRAY, U32, 4)));
    refuses(Errno.ENOTSUPP, () -> kernel.create(types.map(MapType.PERF_EVENT_ARRAY, U32, 4)));
  }

  private List<Field> fields(int type, int size) {
    return kernel.create(types.map(MapType.ARRAY, type, size)).specialFields().fields();
  }

  private static MemorySegment filled(int bytes) {
    byte[] value = new byte[bytes];
    Arrays.fill(value, (byte) 0xff);
    return MemorySegment.ofArray(value);
  }

  private static String hex(JvmMap map, int index) {
    byte[] value = new byte[map.userValueSize()];
    map.user().lookup(key(index), MemorySegment.ofArray(value), 0);
    return HexFormat.of().formatHex(value);
  }
}
