package io.ebpf4j.bench;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Codec;
import io.ebpf4j.Kernel;
import io.ebpf4j.TypedMap;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.linux.LinuxKernel;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.agrona.concurrent.status.CountersManager;
import org.agrona.concurrent.status.CountersReader;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Element operations from Java, on either kernel (bpf(2) on Linux), beside a plain array, an {@link
 * AtomicLongArray}, a {@link ConcurrentHashMap} and Agrona's counters of the same length. The key
 * goes through all elements.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
      "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
      "--enable-native-access=ALL-UNNAMED",
      "-XX:+UseSerialGC"
    })
public class MapBenchmark {
  private static final int ENTRIES = 1024;

  /** The kernel that has the maps. */
  @Param({"jvm", "linux"})
  public String on = "";

  private final long[] plain = new long[ENTRIES];
  private final AtomicLongArray atomic = new AtomicLongArray(ENTRIES);
  private final ConcurrentHashMap<Integer, Long> concurrent = new ConcurrentHashMap<>();
  private final UnsafeBuffer counterValues =
      new UnsafeBuffer(ByteBuffer.allocateDirect(ENTRIES * CountersReader.COUNTER_LENGTH));
  private final AtomicCounter[] counters = new AtomicCounter[ENTRIES];
  private final MemorySegment key = MemorySegment.ofArray(new byte[Integer.BYTES]);
  private @Nullable Maps maps;
  private int next;

  private record Maps(
      Kernel kernel,
      BpfMap array,
      MemorySegment value,
      BpfMap perCpuArray,
      MemorySegment perCpuValue,
      TypedMap<Integer, Long> typed) {}

  /** Makes the maps. */
  @Setup(Level.Trial)
  public void open() {
    Kernel kernel = on.equals("linux") ? LinuxKernel.open() : JvmKernel.create();
    BpfMap array = kernel.createMap(MapSpec.array("array", Long.BYTES, ENTRIES));
    BpfMap perCpu =
        kernel.createMap(
            MapSpec.of("percpu", MapType.PERCPU_ARRAY, Integer.BYTES, Long.BYTES, ENTRIES));
    CountersManager manager =
        new CountersManager(
            new UnsafeBuffer(ByteBuffer.allocateDirect(ENTRIES * CountersReader.METADATA_LENGTH)),
            counterValues);
    for (int i = 0; i < ENTRIES; i++) {
      concurrent.put(i, (long) i);
      counters[i] = manager.newCounter("counter");
    }
    maps =
        new Maps(
            kernel,
            array,
            MemorySegment.ofArray(new byte[array.userValueSize()]),
            perCpu,
            MemorySegment.ofArray(new byte[perCpu.userValueSize()]),
            TypedMap.of(array, Codec.int32(), Codec.int64()));
  }

  /** Closes them. */
  @TearDown(Level.Trial)
  public void close() {
    maps().kernel().close();
  }

  /** ARRAY: copies a value out. */
  @Benchmark
  public boolean arrayLookup() {
    return maps().array().lookup(nextKey(), maps().value(), 0);
  }

  /** ARRAY: copies a value in. */
  @Benchmark
  public void arrayUpdate() {
    maps().array().update(nextKey(), maps().value(), 0);
  }

  /** PERCPU_ARRAY: copies the values of all CPUs out. */
  @Benchmark
  public boolean perCpuArrayLookup() {
    return maps().perCpuArray().lookup(nextKey(), maps().perCpuValue(), 0);
  }

  /** PERCPU_ARRAY: copies the values of all CPUs in. */
  @Benchmark
  public void perCpuArrayUpdate() {
    maps().perCpuArray().update(nextKey(), maps().perCpuValue(), 0);
  }

  /** TypedMap over the ARRAY: gets a Long. */
  @Benchmark
  public Optional<Long> typedGet() {
    return maps().typed().get(nextIndex());
  }

  /** TypedMap over the ARRAY: puts a Long. */
  @Benchmark
  public void typedPut() {
    int index = nextIndex();
    maps().typed().put(index, (long) index);
  }

  /** The same, for its number alone. */
  @Benchmark
  public long typedGetLong() {
    return maps().typed().get(nextIndex()).orElse(0L);
  }

  /** A plain array: the least that a lookup can cost. */
  @Benchmark
  public long plainArrayGet() {
    return plain[nextIndex()];
  }

  /** A hash map of Java's. */
  @Benchmark
  public long concurrentHashMapGet() {
    return concurrent.getOrDefault(nextIndex(), 0L);
  }

  /** A hash map of Java's: a new Long each time. */
  @Benchmark
  public void concurrentHashMapPut() {
    int index = nextIndex();
    concurrent.put(index, (long) index);
  }

  /** Agrona's counters: a volatile load. */
  @Benchmark
  public long agronaCounterGet() {
    return counters[nextIndex()].get();
  }

  /** Agrona's counters: an ordered store. */
  @Benchmark
  public void agronaCounterSet() {
    int index = nextIndex();
    counters[index].setOrdered(index);
  }

  /** What Java itself has: a volatile load. The kernel does not matter. */
  @Benchmark
  public long atomicLongArrayGet() {
    return atomic.get(nextIndex());
  }

  /** What Java itself has: a volatile store. The kernel does not matter. */
  @Benchmark
  public void atomicLongArraySet() {
    int index = nextIndex();
    atomic.set(index, index);
  }

  private Maps maps() {
    return Objects.requireNonNull(maps);
  }

  private int nextIndex() {
    next = next + 1 & ENTRIES - 1;
    return next;
  }

  private MemorySegment nextKey() {
    key.set(ValueLayout.JAVA_INT_UNALIGNED, 0, nextIndex());
    return key;
  }
}
