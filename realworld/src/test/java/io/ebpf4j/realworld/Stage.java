package io.ebpf4j.realworld;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.RingReader;
import io.ebpf4j.TestRun;
import io.ebpf4j.junit.packet.Packet;
import io.ebpf4j.spec.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A loaded object on one kernel, and what was seen there: a line for each packet, element and
 * answer.
 */
final class Stage {
  private static final HexFormat HEX = HexFormat.of();

  private final Kernel kernel;
  private final BpfObject object;
  private final List<String> seen = new ArrayList<>();

  Stage(Kernel kernel, BpfObject object) {
    this.kernel = kernel;
    this.object = object;
  }

  Kernel kernel() {
    return kernel;
  }

  List<String> seen() {
    return seen;
  }

  BpfMap map(String name) {
    return object.map(name);
  }

  /** Runs a program over packets. */
  void run(String program, List<Packet> packets) {
    for (Packet packet : packets) {
      run(program, TestRun.of(packet.bytes()));
    }
  }

  void run(String program, TestRun input) {
    String line;
    try {
      TestRun.Result result = object.program(program).testRun(input);
      line = Integer.toUnsignedString(result.returnValue()) + " " + HEX.formatHex(result.data());
    } catch (BpfException e) {
      line = e.errno().name();
    }
    seen.add(program + ": " + line);
  }

  void put(String map, byte[] key, byte[] value) {
    note("put " + map, () -> map(map).update(key, value));
  }

  void delete(String map, byte[] key) {
    note("delete " + map, () -> seen.add("there: " + map(map).delete(MemorySegment.ofArray(key))));
  }

  /** Takes all that a QUEUE or STACK has. */
  void takeAll(String name) {
    BpfMap map = map(name);
    MemorySegment value = MemorySegment.ofArray(new byte[map.spec().valueSize()]);
    try {
      while (map.lookupAndDelete(MemorySegment.NULL, value, 0)) {
        seen.add(name + ": " + hex(value));
      }
    } catch (BpfException e) {
      seen.add(name + ": " + e.errno());
    }
  }

  /** Reads all records of a RINGBUF. */
  void readAll(String name) {
    try (RingReader reader = kernel.ringReader(map(name))) {
      Optional<byte[]> record = reader.read(Duration.ZERO);
      while (record.isPresent()) {
        seen.add(name + ": " + HEX.formatHex(record.get()));
        record = reader.read(Duration.ZERO);
      }
    }
  }

  /** Notes the elements of all maps whose elements both kernels must have alike. */
  void dumpAll() {
    object.maps().forEach(this::dump);
  }

  private void dump(String name, BpfMap map) {
    switch (map.spec().type()) {
      case ARRAY, PERCPU_ARRAY, HASH, PERCPU_HASH, LRU_HASH, LRU_PERCPU_HASH, LPM_TRIE ->
          elements(name, map);
      default -> {}
    }
  }

  /** Sorted, since each kernel hashes with a seed of its own. */
  void elements(String name, BpfMap map) {
    List<String> lines = new ArrayList<>();
    MemorySegment value = MemorySegment.ofArray(new byte[map.userValueSize()]);
    @Nullable MemorySegment last = null;
    MemorySegment key = MemorySegment.ofArray(new byte[map.spec().keySize()]);
    while (map.nextKey(last, key)) {
      if (map.lookup(key, value, 0)) {
        lines.add("%s[%s] = %s".formatted(name, hex(key), value(map, value)));
      }
      last = MemorySegment.ofArray(key.toArray(ValueLayout.JAVA_BYTE));
    }
    lines.sort(null);
    seen.addAll(lines);
  }

  private static String value(BpfMap map, MemorySegment value) {
    return switch (map.spec().type()) {
      case PERCPU_ARRAY, PERCPU_HASH, LRU_PERCPU_HASH -> sums(value, map.spec().valueSize());
      default -> hex(value);
    };
  }

  /** Which CPU a test run gets is Linux's choice, so per-CPU counters are compared as sums. */
  private static String sums(MemorySegment value, int valueSize) {
    long[] words = value.toArray(ValueLayout.JAVA_LONG_UNALIGNED);
    long[] sums = new long[(valueSize + 7) / 8];
    for (int i = 0; i < words.length; i++) {
      sums[i % sums.length] += words[i];
    }
    return Arrays.toString(sums);
  }

  private void note(String what, Runnable operation) {
    try {
      operation.run();
      seen.add(what + ": done");
    } catch (BpfException e) {
      Errno errno = e.errno();
      seen.add(what + ": " + errno);
    }
  }

  private static String hex(MemorySegment bytes) {
    return HEX.formatHex(bytes.toArray(ValueLayout.JAVA_BYTE));
  }
}
