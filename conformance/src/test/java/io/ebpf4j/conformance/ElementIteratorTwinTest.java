package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** Programs of section iter/bpf_map_elem: each test has the same literals for both kernels. */
class ElementIteratorTwinTest {
  @TwinTest
  void arrayElementsArePrintedAndMayBeWritten(Kernel kernel) throws IOException {
    try (BpfObject object = load(kernel)) {
      BpfMap numbers = object.map("numbers");
      for (int i = 0; i < 5; i++) {
        set(numbers, i, 10L * i);
      }
      assertThat(text(kernel, object, "print", numbers))
          .isEqualTo(
              """
              0: 0 = 0 of 5
              1: 1 = 10 of 5
              2: 2 = 20 of 5
              3: 3 = 30 of 5
              4: 4 = 40 of 5
              end 4: sum 100
              """);
      assertThat(text(kernel, object, "print", numbers))
          .endsWith("4: 4 = 80 of 5\nend 4: sum 300\n");
    }
  }

  @TwinTest
  void hashElementsComeBucketByBucket(Kernel kernel) throws IOException {
    for (MapType type : new MapType[] {MapType.HASH, MapType.LRU_HASH}) {
      MapSpec spec = MapSpec.of("h", type, 4, 8, 8).withFlags(MapFlags.ZERO_SEED);
      try (BpfObject object = load(kernel);
          BpfMap hash = kernel.createMap(spec)) {
        assertThat(text(kernel, object, "print", hash)).isEqualTo("end 0: sum 0\n");
        for (int key : new int[] {1, 9, 17, 2}) {
          set(hash, key, 10L * key);
        }
        assertThat(text(kernel, object, "print", hash))
            .isEqualTo(
                """
                0: 2 = 20 of 8
                1: 1 = 10 of 8
                2: 9 = 90 of 8
                3: 17 = 170 of 8
                end 3: sum 290
                """);
      }
    }
  }

  @TwinTest
  void valuesOfAPerCpuHashAreThoseOfAllCpus(Kernel kernel) throws IOException {
    for (MapType type : new MapType[] {MapType.PERCPU_HASH, MapType.LRU_PERCPU_HASH}) {
      try (BpfObject object = load(kernel);
          BpfMap hash = kernel.createMap(object.map("counters").spec().withType(type))) {
        MemorySegment value = Elements.room(hash.userValueSize());
        value.set(ValueLayout.JAVA_INT_UNALIGNED, 0, 5);
        value.set(ValueLayout.JAVA_INT_UNALIGNED, 8, 500);
        hash.update(Elements.u32(77), value, 0);
        ByteBuffer out =
            ByteBuffer.wrap(kernel.iterate(object.program("print_cpus"), hash))
                .order(ByteOrder.LITTLE_ENDIAN);
        assertThat(out.getInt()).isEqualTo(5);
        assertThat(out.getInt()).isEqualTo(500);
      }
    }
  }

  @TwinTest
  void perCpuValuesAreACopyOfThoseOfAllCpus(Kernel kernel) throws IOException {
    try (BpfObject object = load(kernel)) {
      BpfMap counters = object.map("counters");
      for (int i = 0; i < 3; i++) {
        MemorySegment value = Elements.room(counters.userValueSize());
        value.set(ValueLayout.JAVA_INT_UNALIGNED, 0, i + 1);
        value.set(ValueLayout.JAVA_INT_UNALIGNED, 8, 100 * (i + 1));
        counters.update(Elements.u32(i), value, 0);
      }
      for (int sum : new int[] {606, 1212}) {
        ByteBuffer out =
            ByteBuffer.wrap(kernel.iterate(object.program("print_cpus"), counters))
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 1; i <= 3; i++) {
          assertThat(out.getInt()).isEqualTo(i);
          assertThat(out.getInt()).isEqualTo(100 * i);
        }
        assertThat(StandardCharsets.US_ASCII.decode(out).toString())
            .isEqualTo("end 2: sum %d\n".formatted(sum));
      }
    }
  }

  @TwinTest
  void anElementThatDoesNotFitIsVisitedAgain(Kernel kernel) throws IOException {
    try (BpfObject object = load(kernel)) {
      BpfMap pages = object.map("pages");
      assertThat(kernel.iterate(object.program("write_pages"), pages)).hasSize(64_000);
      MemorySegment globals = Elements.room(object.map(".bss").userValueSize());
      object.map(".bss").lookup(Elements.u32(0), globals, 0);
      assertThat(globals.toArray(ValueLayout.JAVA_LONG_UNALIGNED))
          .as("sum, overflows and runs, in some order")
          .containsExactlyInAnyOrder(0, 1, 64 + 1 + 1);
    }
  }

  @TwinTest
  void anElementOfEightPagesIsRefused(Kernel kernel) throws IOException {
    try (BpfObject object = load(kernel)) {
      refuses(Errno.E2BIG, kernel, object, "write_too_much", object.map("pages"));
    }
  }

  @TwinTest
  void aProgramThatGivesOneIsRefused(Kernel kernel) throws IOException {
    try (BpfObject object = load(kernel)) {
      refuses(Errno.EAGAIN, kernel, object, "retry", object.map("numbers"));
    }
  }

  @TwinTest
  void anIteratorHasNoTestRun(Kernel kernel) throws IOException {
    try (BpfObject object = load(kernel)) {
      TestRun run = TestRun.of(new byte[64]);
      Program program = object.program("print");

      assertThatThrownBy(() -> program.testRun(run)).extracting("errno").isEqualTo(Errno.EFAULT);
      assertThatThrownBy(() -> program.testRun(run.withFlags(1).withCpu(0)))
          .extracting("errno")
          .isEqualTo(Errno.EINVAL);
      assertThatThrownBy(() -> program.testRun(run.withCpu(1)))
          .extracting("errno")
          .isEqualTo(Errno.EINVAL);
    }
  }

  @TwinTest
  void onlyMapsWithElementsAreIteratedOver(Kernel kernel) throws IOException {
    try (BpfObject object = load(kernel)) {
      refuses(Errno.EINVAL, kernel, object, "print", object.map("programs"));
    }
  }

  @TwinTest
  void theMapMayBeWriteOnlyForUsers(Kernel kernel) throws IOException {
    MapSpec spec = MapSpec.of("hidden", MapType.ARRAY, 4, 8, 2).withFlags(MapFlags.WRONLY);
    try (BpfObject object = load(kernel);
        BpfMap hidden = kernel.createMap(spec)) {
      assertThat(text(kernel, object, "print", hidden)).endsWith("end 1: sum 0\n");
    }
  }

  @TwinTest
  void aValueIsAsLongAsTheProgramReaches(Kernel kernel) throws IOException {
    try (BpfObject object = load(kernel);
        BpfMap small = kernel.createMap(MapSpec.array("small", 4, 1))) {
      Program print = object.program("print");
      assertThatThrownBy(() -> kernel.iterate(print, small))
          .extracting("errno")
          .isEqualTo(Errno.EACCES);
    }
  }

  @TwinTest
  void readOnlyForProgramsMeansNothingToIterators(Kernel kernel) throws IOException {
    MapSpec spec = MapSpec.of("constants", MapType.ARRAY, 4, 8, 2).withFlags(MapFlags.RDONLY_PROG);
    try (BpfObject object = load(kernel);
        BpfMap constants = kernel.createMap(spec)) {
      set(constants, 0, 7);
      constants.freeze();
      assertThat(text(kernel, object, "print", constants)).endsWith("end 1: sum 7\n");
      assertThat(text(kernel, object, "print", constants)).endsWith("end 1: sum 21\n");
    }
  }

  private static void refuses(
      Errno errno, Kernel kernel, BpfObject object, String program, BpfMap map) {
    assertThatExceptionOfType(BpfException.class)
        .isThrownBy(() -> kernel.iterate(object.program(program), map))
        .extracting(BpfException::errno)
        .isEqualTo(errno);
  }

  private static String text(Kernel kernel, BpfObject object, String program, BpfMap map) {
    return new String(kernel.iterate(object.program(program), map), StandardCharsets.US_ASCII);
  }

  private static void set(BpfMap map, int index, long number) {
    MemorySegment value = Elements.room(Long.BYTES);
    value.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, number);
    map.update(Elements.u32(index), value, 0);
  }

  private static BpfObject load(Kernel kernel) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(
            ElementIteratorTwinTest.class.getResourceAsStream("/elements.bpf.o"))) {
      return kernel.load(ObjectFile.parse("elements.bpf.o", in.readAllBytes()));
    }
  }
}
