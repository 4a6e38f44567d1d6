package io.ebpf4j.bench;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Codec;
import io.ebpf4j.TypedMap;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLongArray;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.agrona.concurrent.status.CountersManager;
import org.agrona.concurrent.status.CountersReader;

/**
 * Element operations from Java on the JVM kernel's maps beside Java's own and Agrona's, by turns in
 * one JVM and by CPU time, so that it can be measured on a machine that has other work. Prints the
 * table of {@code docs/performance.md}; {@link MapBenchmark} has the same for JMH.
 */
public final class MapTable {
  private static final int ENTRIES = 1024;
  private static final int BATCHES = 15;
  private static final int WARM_UP_BATCHES = 10;
  private static final int TURNS = 2000;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private MapTable() {}

  /** Goes over all elements once, and gives something of what it got. */
  private interface Pass {
    long overAll();
  }

  /** Measures. */
  public static void main(String[] arguments) {
    try (JvmKernel kernel = JvmKernel.builder().cpus(2).build()) {
      Map<String, Pass> passes = passes(kernel);
      Map<String, double[]> times = new LinkedHashMap<>();
      passes.keySet().forEach(name -> times.put(name, new double[BATCHES]));
      for (int batch = -WARM_UP_BATCHES; batch < BATCHES; batch++) {
        for (Map.Entry<String, Pass> each : passes.entrySet()) {
          double nanos = nanos(each.getValue());
          if (batch >= 0) {
            Objects.requireNonNull(times.get(each.getKey()))[batch] = nanos;
          }
        }
      }
      System.out.println("| operation | ns |");
      System.out.println("| --- | --- |");
      times.forEach((name, nanos) -> {
        Arrays.sort(nanos);
        System.out.printf(Locale.ROOT, "| %s | %.2f |%n", name, nanos[BATCHES / 4]);
      });
    }
  }

  private static double nanos(Pass pass) {
    long start = THREADS.getCurrentThreadCpuTime();
    long got = 0;
    for (int turn = 0; turn < TURNS; turn++) {
      got += pass.overAll();
    }
    long nanos = THREADS.getCurrentThreadCpuTime() - start;
    if (got == Long.MIN_VALUE) {
      throw new IllegalStateException("what is got must be used, and is never that");
    }
    return nanos / ((double) TURNS * ENTRIES);
  }

  private static Map<String, Pass> passes(JvmKernel kernel) {
    Map<String, Pass> passes = new LinkedHashMap<>();
    addJava(passes);
    addAgrona(passes);
    BpfMap array = kernel.createMap(MapSpec.array("array", Long.BYTES, ENTRIES));
    BpfMap perCpu =
        kernel.createMap(
            MapSpec.of("percpu", MapType.PERCPU_ARRAY, Integer.BYTES, Long.BYTES, ENTRIES));
    passes.put(
        "`BpfMap.readLong` in an ARRAY",
        () -> {
          long sum = 0;
          for (int i = 0; i < ENTRIES; i++) {
            sum ^= array.readLong(key(i));
          }
          return sum;
        });
    addTyped(passes, TypedMap.of(array, Codec.int32(), Codec.int64()));
    add(passes, "ARRAY", array);
    add(passes, "PERCPU_ARRAY of two CPUs", perCpu);
    return passes;
  }

  private static void addJava(Map<String, Pass> passes) {
    long[] plain = new long[ENTRIES];
    AtomicLongArray atomic = new AtomicLongArray(ENTRIES);
    ConcurrentHashMap<Integer, Long> hash = new ConcurrentHashMap<>();
    for (int i = 0; i < ENTRIES; i++) {
      hash.put(i, (long) i);
    }
    passes.put(
        "`long[]`, get",
        () -> {
          long sum = 0;
          for (int i = 0; i < ENTRIES; i++) {
            sum ^= plain[key(i)];
          }
          return sum;
        });
    passes.put(
        "`AtomicLongArray.get`",
        () -> {
          long sum = 0;
          for (int i = 0; i < ENTRIES; i++) {
            sum ^= atomic.get(key(i));
          }
          return sum;
        });
    passes.put(
        "`AtomicLongArray.set`",
        () -> {
          for (int i = 0; i < ENTRIES; i++) {
            atomic.set(key(i), i);
          }
          return 0;
        });
    passes.put(
        "`AtomicLongArray.getAndAdd`, the result unused: one locked add",
        () -> {
          for (int i = 0; i < ENTRIES; i++) {
            atomic.getAndAdd(key(i), 1);
          }
          return 0;
        });
    passes.put(
        "`ConcurrentHashMap.get`",
        () -> {
          long sum = 0;
          for (int i = 0; i < ENTRIES; i++) {
            sum ^= hash.getOrDefault(key(i), 0L);
          }
          return sum;
        });
    passes.put(
        "`ConcurrentHashMap.put`",
        () -> {
          for (int i = 0; i < ENTRIES; i++) {
            hash.put(key(i), (long) i);
          }
          return 0;
        });
  }

  private static void addAgrona(Map<String, Pass> passes) {
    CountersManager manager =
        new CountersManager(
            new UnsafeBuffer(ByteBuffer.allocateDirect(ENTRIES * CountersReader.METADATA_LENGTH)),
            new UnsafeBuffer(ByteBuffer.allocateDirect(ENTRIES * CountersReader.COUNTER_LENGTH)));
    AtomicCounter[] counters = new AtomicCounter[ENTRIES];
    Arrays.setAll(counters, _ -> manager.newCounter("counter"));
    passes.put(
        "Agrona's `AtomicCounter.get`",
        () -> {
          long sum = 0;
          for (int i = 0; i < ENTRIES; i++) {
            sum ^= counters[key(i)].get();
          }
          return sum;
        });
    passes.put(
        "Agrona's `AtomicCounter.setOrdered`",
        () -> {
          for (int i = 0; i < ENTRIES; i++) {
            counters[key(i)].setOrdered(i);
          }
          return 0;
        });
  }

  private static void addTyped(Map<String, Pass> passes, TypedMap<Integer, Long> typed) {
    passes.put(
        "`TypedMap.get` of a u64 in an ARRAY",
        () -> {
          long sum = 0;
          for (int i = 0; i < ENTRIES; i++) {
            sum ^= typed.get(key(i)).orElse(0L);
          }
          return sum;
        });
    passes.put(
        "`TypedMap.put`",
        () -> {
          for (int i = 0; i < ENTRIES; i++) {
            typed.put(key(i), (long) i);
          }
          return 0;
        });
  }

  private static void add(Map<String, Pass> passes, String name, BpfMap map) {
    MemorySegment key = MemorySegment.ofArray(new byte[Integer.BYTES]);
    MemorySegment value = MemorySegment.ofArray(new byte[map.userValueSize()]);
    passes.put(
        name + ", lookup",
        () -> {
          for (int i = 0; i < ENTRIES; i++) {
            key.set(ValueLayout.JAVA_INT_UNALIGNED, 0, key(i));
            map.lookup(key, value, 0);
          }
          return value.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
        });
    passes.put(
        name + ", update",
        () -> {
          for (int i = 0; i < ENTRIES; i++) {
            key.set(ValueLayout.JAVA_INT_UNALIGNED, 0, key(i));
            map.update(key, value, 0);
          }
          return 0;
        });
  }

  /** Not in order, so that no loop over neighbours becomes vectors. */
  private static int key(int i) {
    return i * 389 & ENTRIES - 1;
  }
}
