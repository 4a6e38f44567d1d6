package io.ebpf4j.bench;

import io.ebpf4j.BpfMap;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
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

/** A HASH of the JVM kernel from Java beside a {@link ConcurrentHashMap}, keys in random order. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
      "--enable-native-access=ALL-UNNAMED",
      "-XX:+UseSerialGC",
      "-Xmx1g"
    })
public class HashBenchmark {
  private static final int DRAWN = 1 << 16;

  /** How many keys there are. */
  @Param({"1000", "1000000"})
  public int entries;

  private final long[] drawn = new long[DRAWN];
  private final MemorySegment key = MemorySegment.ofArray(new byte[Long.BYTES]);
  private final MemorySegment value = MemorySegment.ofArray(new byte[Long.BYTES]);
  private final ConcurrentHashMap<Long, Long> concurrent = new ConcurrentHashMap<>();
  private @Nullable JvmKernel kernel;
  private @Nullable BpfMap hash;
  private int next;

  /** Fills both. */
  @Setup(Level.Trial)
  public void open() {
    JvmKernel made = JvmKernel.create();
    BpfMap map = made.createMap(MapSpec.of("hash", MapType.HASH, Long.BYTES, Long.BYTES, entries));
    for (long i = 0; i < entries; i++) {
      concurrent.put(i, i);
      map.update(keyOf(i), keyOf(i), 0);
    }
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < DRAWN; i++) {
      drawn[i] = random.nextLong(entries);
    }
    kernel = made;
    hash = map;
  }

  /** Closes them. */
  @TearDown(Level.Trial)
  public void close() {
    if (kernel != null) {
      kernel.close();
    }
  }

  /** Copies the value of a key out. */
  @Benchmark
  public boolean hashLookup() {
    return hash().lookup(keyOf(draw()), value, 0);
  }

  /** Puts a value in for a key that is there. */
  @Benchmark
  public void hashUpdate() {
    hash().update(keyOf(draw()), value, 0);
  }

  /** The same of the JDK's. */
  @Benchmark
  public @Nullable Long concurrentHashMapGet() {
    return concurrent.get(draw());
  }

  /** The same of the JDK's. */
  @Benchmark
  public @Nullable Long concurrentHashMapPut() {
    return concurrent.put(draw(), (long) next);
  }

  private MemorySegment keyOf(long number) {
    key.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, number);
    return key;
  }

  private long draw() {
    next = next + 1 & DRAWN - 1;
    return drawn[next];
  }

  private BpfMap hash() {
    if (hash == null) {
      throw new IllegalStateException("not open");
    }
    return hash;
  }
}
