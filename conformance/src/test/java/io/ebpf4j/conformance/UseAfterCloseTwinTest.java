package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What is closed answers nothing, on any thread, and a kernel is used from any thread. */
class UseAfterCloseTwinTest {
  private static final MapSpec ARRAY = MapSpec.array("a", 8, 4).withFlags(MapFlags.MMAPABLE);
  private static final ProgramSpec PROGRAM =
      ProgramSpec.of(
          "p",
          ProgramType.XDP,
          List.of(new Instruction(0xb7, 0, 0, 0, 2), new Instruction(0x95, 0, 0, 0, 0)));

  @TwinTest
  void aClosedMapIsRefused(Kernel kernel) {
    BpfMap map = kernel.createMap(ARRAY);
    map.close();
    map.close();
    MemorySegment key = Elements.u32(0);
    MemorySegment value = Elements.u64(1);
    refused(
        map::fd,
        map::id,
        map::spec,
        map::info,
        map::memoryBytes,
        map::frozen,
        map::freeze,
        () -> map.pin("/sys/fs/bpf/never"),
        () -> map.lookup(key, value, 0),
        () -> map.update(key, value, 0),
        () -> map.delete(key),
        () -> map.lookupAndDelete(key, value, 0),
        () -> map.nextKey(key, Elements.room(4)),
        () -> map.lookupBatch(null, Elements.room(4), key, value, 1, 0),
        () -> map.updateBatch(key, value, 1, 0),
        () -> map.mmap(0, 4096, true));
  }

  @TwinTest
  void aClosedProgramIsRefused(Kernel kernel) {
    Program program = kernel.loadProgram(PROGRAM, Map.of());
    program.close();
    program.close();
    refused(
        program::fd,
        program::id,
        program::spec,
        program::info,
        () -> program.pin("/sys/fs/bpf/never"),
        () -> program.testRun(TestRun.of(new byte[64])));
  }

  @TwinTest
  void aClosedKernelMakesNothing(Kernel kernel) {
    BpfMap map = kernel.createMap(ARRAY);
    BpfMap events = kernel.createMap(MapSpec.of("e", MapType.PERF_EVENT_ARRAY, 4, 4, 1));
    Program program = kernel.loadProgram(PROGRAM, Map.of());
    kernel.close();
    kernel.close();
    refused(
        () -> kernel.createMap(ARRAY),
        () -> kernel.loadProgram(PROGRAM, Map.of()),
        () -> kernel.perfReader(events, 4096),
        () -> kernel.iterate(program, map),
        kernel::enableStatistics,
        map::id,
        program::id);
    assertThat(kernel.openHandles()).isEmpty();
  }

  @TwinTest
  void aMappingOutlivesItsHandle(Kernel kernel) {
    BpfMap map = kernel.createMap(ARRAY);
    BpfMap again = kernel.mapById(map.id()).orElseThrow();
    BpfMap.Mapping mapping = map.mmap(0, 4096, true);
    map.close();
    mapping.segment().setAtIndex(ValueLayout.JAVA_LONG, 1, 42);
    assertThat(Elements.value(again, 1)).isEqualTo(42);
    again.close();
    mapping.close();
    mapping.close();
    assertThatThrownBy(() -> mapping.segment().get(ValueLayout.JAVA_LONG, 0))
        .isInstanceOf(IllegalStateException.class);
  }

  @TwinTest
  void everyThreadMayUseAKernel(Kernel kernel) throws Exception {
    List<Future<Integer>> sums = new ArrayList<>();
    try (BpfMap shared = kernel.createMap(MapSpec.array("shared", 8, 64));
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int thread = 0; thread < 16; thread++) {
        int number = thread;
        sums.add(threads.submit(() -> work(kernel, shared, number)));
      }
      for (Future<Integer> sum : sums) {
        assertThat(sum.get()).isEqualTo(40);
      }
      for (int thread = 0; thread < 16; thread++) {
        assertThat(Elements.value(shared, thread)).isEqualTo(19);
      }
    }
  }

  /** Twenty maps and programs, each made, used and closed. */
  private static int work(Kernel kernel, BpfMap shared, int number) {
    int sum = 0;
    for (int i = 0; i < 20; i++) {
      try (BpfMap map = kernel.createMap(ARRAY);
          Program program = kernel.loadProgram(PROGRAM, Map.of())) {
        map.update(Elements.u32(1), Elements.u64(i), 0);
        shared.update(Elements.u32(number), Elements.u64(Elements.value(map, 1)), 0);
        sum += program.testRun(TestRun.of(new byte[64])).returnValue();
      }
    }
    return sum;
  }

  private static void refused(ThrowingCallable... uses) {
    for (ThrowingCallable use : uses) {
      assertThatThrownBy(use).isInstanceOf(IllegalStateException.class);
    }
  }
}
