package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.Elements.answer;
import static io.ebpf4j.conformance.Elements.room;
import static io.ebpf4j.conformance.Elements.u32;
import static io.ebpf4j.conformance.Elements.u64;
import static io.ebpf4j.conformance.Elements.update;
import static io.ebpf4j.conformance.Elements.value;
import static io.ebpf4j.conformance.HashPrograms.ADD;
import static io.ebpf4j.conformance.HashPrograms.DELETE;
import static io.ebpf4j.conformance.HashPrograms.HOLD;
import static io.ebpf4j.conformance.HashPrograms.LOOKUP;
import static io.ebpf4j.conformance.HashPrograms.UPDATE;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What programs do with HASH and PERCPU_HASH. */
class HashProgramsTwinTest {
  private static final long PATIENCE_NANOS = 5_000_000_000L;

  @TwinTest
  void aProgramSetsFindsAndDeletesKeys(Kernel kernel) {
    for (int flags : new int[] {0, MapFlags.NO_PREALLOC}) {
      try (HashPrograms p =
          HashPrograms.load(kernel, m -> m.withFlags(flags).withMaxEntries(2), "operate")) {
        assertThat(p.operate(LOOKUP, 7, 0, 0)).isZero();
        assertThat(p.operate(DELETE, 7, 0, 0)).isEqualTo(-Errno.ENOENT.number());
        assertThat(p.operate(UPDATE, 7, 1, 2)).isEqualTo(-Errno.ENOENT.number());
        assertThat(p.operate(UPDATE, 7, 70, 1)).isZero();
        assertThat(p.operate(UPDATE, 7, 71, 1)).isEqualTo(-Errno.EEXIST.number());
        assertThat(p.operate(UPDATE, 8, 80, 0)).isZero();
        assertThat(p.operate(UPDATE, 9, 90, 0)).isEqualTo(-Errno.E2BIG.number());
        assertThat(p.operate(UPDATE, 7, 72, 0)).isZero();
        assertThat(p.operate(LOOKUP, 7, 0, 0)).isEqualTo(1);
        assertThat(p.seen(1)).containsExactly(72L);
        assertThat(p.operate(ADD, 7, 5, 0)).isEqualTo(1);
        assertThat(value(p.elements(), 7)).isEqualTo(77);
        assertThat(p.operate(DELETE, 8, 0, 0)).isZero();
        assertThat(p.operate(UPDATE, 9, 90, 0)).isZero();
        for (long wrong : new long[] {3, 4, 5, 8, 1L << 32, -1}) {
          assertThat(p.operate(UPDATE, 7, 1, wrong)).isEqualTo(-Errno.EINVAL.number());
        }
      }
    }
  }

  @TwinTest
  void aValueThatAProgramHoldsStaysReadable(Kernel kernel) {
    for (int flags : new int[] {0, MapFlags.NO_PREALLOC}) {
      try (HashPrograms p =
          HashPrograms.load(kernel, m -> m.withFlags(flags).withMaxEntries(2), "operate")) {
        p.operate(UPDATE, 7, 70, 0);
        assertThat(p.operate(HOLD, 7, 71, 0)).isEqualTo(1);
        assertThat(p.seen(2)).containsExactly(70L, 70L);
        assertThat(p.operate(LOOKUP, 7, 0, 0)).isZero();
      }
    }
  }

  @TwinTest
  void aProgramSetsItsOwnCpusValue(Kernel kernel) {
    try (HashPrograms p =
        HashPrograms.load(
            kernel,
            m -> m.withType(MapType.PERCPU_HASH).withMaxEntries(1),
            "operate",
            "lookup_on")) {
      int cpus = kernel.possibleCpus();
      MemorySegment ones = room(8 * cpus);
      ones.fill((byte) 1);
      p.elements().update(u32(7), ones, 0);
      p.elements().delete(u32(7));
      assertThat(p.operate(UPDATE, 7, 70, 0)).isZero();
      MemorySegment values = room(8 * cpus);
      p.elements().lookup(u32(7), values, 0);
      long sum = 0;
      for (int cpu = 0; cpu < cpus; cpu++) {
        long own = values.getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, cpu);
        assertThat(own).isIn(0L, 70L);
        assertThat(p.lookupOn(7, cpu)).isEqualTo(1);
        assertThat(p.seen(1)).containsExactly(own);
        sum += own;
      }
      assertThat(sum).isEqualTo(70);
      assertThat(p.lookupOn(7, cpus)).isZero();
      assertThat(p.lookupOn(7, -1)).isZero();
      assertThat(p.lookupOn(8, 0)).isZero();
      assertThat(p.operate(UPDATE, 8, 1, 0)).isEqualTo(-Errno.E2BIG.number());
      assertThat(p.operate(UPDATE, 7, 1, 4)).isEqualTo(-Errno.EINVAL.number());
      assertThat(p.operate(DELETE, 7, 0, 0)).isZero();
    }
  }

  @TwinTest
  void aWalkGoesBucketByBucket(Kernel kernel) {
    try (HashPrograms p =
        HashPrograms.load(kernel, m -> m.withFlags(MapFlags.ZERO_SEED), "operate", "walk")) {
      for (int key : new int[] {1, 9, 17, 2, 100, 7}) {
        p.operate(UPDATE, key, key * 10L, 0);
      }
      assertThat(p.walk(100, false, 0)).isEqualTo(6);
      assertThat(p.seen(12))
          .containsExactly(7L, 70L, 2L, 20L, 1L, 10L, 100L, 1000L, 9L, 90L, 17L, 170L);
      assertThat(p.walk(3, false, 0)).isEqualTo(3);
      assertThat(p.walk(3, false, 1)).isEqualTo(-Errno.EINVAL.number());
      assertThat(p.walk(4, true, 0)).isEqualTo(4);
      assertThat(p.walk(100, true, 0)).isEqualTo(2);
      assertThat(p.walk(100, true, 0)).isZero();
    }
  }

  @TwinTest
  void aWalkOverPerCpuValuesSeesTheRunningCpus(Kernel kernel) {
    try (HashPrograms p = HashPrograms.load(kernel, m -> m.withType(MapType.PERCPU_HASH), "walk")) {
      MemorySegment threes = room(p.elements().userValueSize());
      threes.fill((byte) 3);
      p.elements().update(u32(5), threes, 0);
      assertThat(p.walk(100, false, 0)).isEqualTo(1);
      assertThat(p.seen(2)).containsExactly(5L, 0x0303030303030303L);
    }
  }

  @TwinTest
  void anUpdateUnderTheLockKeepsTheElement(Kernel kernel) {
    try (HashPrograms p = HashPrograms.load(kernel, m -> m, "guard")) {
      BpfMap map = p.map("guards");
      assertThat(p.runMarked("guard", 1, 4 | 2, 10, 11)).isEqualTo(-Errno.ENOENT.number());
      assertThat(p.runMarked("guard", 1, 4 | 1, 10, 11)).isZero();
      assertThat(p.runMarked("guard", 1, 4 | 1, 10, 11)).isEqualTo(-Errno.EEXIST.number());
      assertThat(guarded(map, 0)).containsExactly(11L, 0L, 11L);
      assertThat(p.runMarked("guard", 1, 4, 20, 21)).isZero();
      assertThat(p.runMarked("guard", 1, 0, 30, 31)).isZero();
      assertThat(guarded(map, MapFlags.LOCK)).containsExactly(30L, 0L, 31L);
      assertThat(update(map, 1, room(16), MapFlags.LOCK | 1)).isEqualTo("EEXIST");
      assertThat(update(map, 1, u64(-1, -1), MapFlags.LOCK)).isEqualTo("OK");
      assertThat(update(map, 2, u64(-1, -1), MapFlags.LOCK | 2)).isEqualTo("ENOENT");
      assertThat(update(map, 2, u64(-1, -1), MapFlags.LOCK)).isEqualTo("OK");
      assertThat(guarded(map, 0)).containsExactly(-1L, 0L, 0xffffffffL);
      assertThat(answer(map::freeze)).isEqualTo("ENOTSUPP");
      MemorySegment last = room(16);
      assertThat(map.lookupAndDelete(u32(2), last, MapFlags.LOCK)).isTrue();
      assertThat(last.get(ValueLayout.JAVA_INT_UNALIGNED, 8)).isZero();
      assertThat(map.updateBatch(u32(3), u64(1, 2), 1, MapFlags.LOCK).count()).isEqualTo(1);
    }
  }

  @TwinTest
  void aTimersCallbackSeesItsKey(Kernel kernel) throws InterruptedException {
    try (HashPrograms p = HashPrograms.load(kernel, m -> m, "set_alarm")) {
      assertThat(p.runMarked("set_alarm", 77, 1000)).isZero();
      MemorySegment alarm = room(32);
      long start = System.nanoTime();
      while (alarm.get(ValueLayout.JAVA_LONG_UNALIGNED, 0) < 3
          && System.nanoTime() - start < PATIENCE_NANOS) {
        Thread.sleep(2);
        p.map("alarms").lookup(u32(77), alarm, 0);
      }
      assertThat(alarm.get(ValueLayout.JAVA_LONG_UNALIGNED, 0)).isEqualTo(3);
      assertThat(alarm.get(ValueLayout.JAVA_LONG_UNALIGNED, 8)).isZero();
      assertThat(alarm.get(ValueLayout.JAVA_INT_UNALIGNED, 24)).isEqualTo(77);
    }
  }

  @TwinTest
  void deletingAndReplacingAnElementEndsItsTimer(Kernel kernel) throws InterruptedException {
    try (HashPrograms p = HashPrograms.load(kernel, m -> m, "set_alarm")) {
      int soon = 20_000_000;
      assertThat(p.runMarked("set_alarm", 1, soon)).isZero();
      assertThat(p.runMarked("set_alarm", 2, soon)).isZero();
      assertThat(p.runMarked("set_alarm", 3, soon)).isZero();
      MemorySegment alarm = room(32);
      p.map("alarms").update(u32(1), alarm, 0);
      p.map("alarms").delete(u32(2));
      Thread.sleep(100);
      p.map("alarms").lookup(u32(1), alarm, 0);
      assertThat(alarm.get(ValueLayout.JAVA_LONG_UNALIGNED, 0)).isZero();
      p.map("alarms").lookup(u32(3), alarm, 0);
      assertThat(alarm.get(ValueLayout.JAVA_LONG_UNALIGNED, 0)).isPositive();
    }
  }

  private static Long[] guarded(BpfMap map, long flags) {
    MemorySegment value = room(16);
    assertThat(map.lookup(u32(1), value, flags)).isTrue();
    return new Long[] {
      value.get(ValueLayout.JAVA_LONG_UNALIGNED, 0),
      value.get(ValueLayout.JAVA_INT_UNALIGNED, 8) & 0xffffffffL,
      value.get(ValueLayout.JAVA_INT_UNALIGNED, 12) & 0xffffffffL
    };
  }
}
