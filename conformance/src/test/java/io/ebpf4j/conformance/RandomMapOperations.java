package io.ebpf4j.conformance;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Handle;
import io.ebpf4j.Kernel;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/**
 * A map and operations on it, all drawn from one seed: run on a kernel they give a line for each
 * operation with its answer, errno or bytes. Ids, which differ between kernels, are said by name.
 */
final class RandomMapOperations {
  private static final int PAGE = 4096;
  private static final MapSpec INNER = MapSpec.array("inner", 8, 2);

  private static final MapType[] TYPES = {
    MapType.ARRAY,
    MapType.ARRAY,
    MapType.PERCPU_ARRAY,
    MapType.PROG_ARRAY,
    MapType.ARRAY_OF_MAPS,
    MapType.CGROUP_ARRAY,
    MapType.PERF_EVENT_ARRAY
  };
  private static final int[] VALUE_SIZES = {8, 8, 4, 1, 3, 12, 40, 4095, 4097, 32768, 40000, 0};
  private static final int[] ENTRIES = {1, 2, 3, 5, 8, 17, 0};
  private static final int[] FLAGS = {
    MapFlags.MMAPABLE,
    MapFlags.RDONLY,
    MapFlags.WRONLY,
    MapFlags.RDONLY_PROG,
    MapFlags.WRONLY_PROG,
    MapFlags.INNER_MAP,
    MapFlags.NUMA_NODE,
    MapFlags.PRESERVE_ELEMS,
    MapFlags.NO_PREALLOC
  };

  private final Kernel kernel;
  private SplittableRandom random;
  private final List<String> transcript = new ArrayList<>();
  private final List<BpfMap.Mapping> mappings = new ArrayList<>();
  private final List<Handle> elements = new ArrayList<>();

  private RandomMapOperations(Kernel kernel, long seed) {
    this.kernel = kernel;
    this.random = new SplittableRandom(seed);
  }

  /** The answers, in the order of the operations, and then all that the map holds. */
  static List<String> run(Kernel kernel, RandomCase drawn) {
    return new RandomMapOperations(kernel, drawn.first()).run(drawn.steps());
  }

  private List<String> run(List<Long> steps) {
    MapSpec spec = spec();
    String created = "create %s".formatted(shape(spec));
    BpfMap map;
    try {
      map = kernel.createMap(spec);
    } catch (BpfException e) {
      return List.of(created + ": " + e.errno());
    }
    transcript.add(created + ": OK");
    try {
      makeElements(spec);
      for (long seed : steps) {
        random = new SplittableRandom(seed);
        operate(map);
      }
      while (!mappings.isEmpty()) {
        closeMapping();
      }
      dump(map);
    } finally {
      mappings.forEach(BpfMap.Mapping::close);
      map.close();
      elements.forEach(Handle::close);
    }
    return transcript;
  }

  private MapSpec spec() {
    MapType type = pick(TYPES);
    boolean descriptors = type != MapType.ARRAY && type != MapType.PERCPU_ARRAY;
    int valueSize = descriptors && !rarely() ? 4 : VALUE_SIZES[random.nextInt(VALUE_SIZES.length)];
    int flags = type == MapType.ARRAY && random.nextInt(3) == 0 ? MapFlags.MMAPABLE : 0;
    for (int more = random.nextInt(8); more > 4; more--) {
      flags |= FLAGS[random.nextInt(FLAGS.length)];
    }
    MapSpec spec =
        MapSpec.of(
                "random",
                type,
                rarely() ? random.nextInt(9) : 4,
                valueSize,
                ENTRIES[random.nextInt(ENTRIES.length)])
            .withFlags(flags);
    return type == MapType.ARRAY_OF_MAPS ? spec.withInner(INNER) : spec;
  }

  private static String shape(MapSpec spec) {
    return "%s key %d value %d entries %d flags %#x"
        .formatted(spec.type(), spec.keySize(), spec.valueSize(), spec.maxEntries(), spec.flags());
  }

  private void makeElements(MapSpec spec) {
    switch (spec.type()) {
      case PROG_ARRAY -> {
        elements.add(program(ProgramType.XDP));
        elements.add(program(ProgramType.XDP));
        elements.add(program(ProgramType.SCHED_CLS));
      }
      case ARRAY_OF_MAPS -> {
        elements.add(kernel.createMap(INNER));
        elements.add(kernel.createMap(INNER));
        elements.add(kernel.createMap(INNER.withMaxEntries(3)));
      }
      default -> elements.add(kernel.createMap(INNER));
    }
  }

  private Handle program(ProgramType type) {
    List<Instruction> zero =
        List.of(new Instruction(0xb7, 0, 0, 0, 0), new Instruction(0x95, 0, 0, 0, 0));
    return kernel.loadProgram(ProgramSpec.of("element", type, zero), Map.of());
  }

  private void operate(BpfMap map) {
    if ((map.spec().flags() & MapFlags.MMAPABLE) != 0 && random.nextBoolean()) {
      switch (random.nextInt(4)) {
        case 0 -> mmap(map);
        case 1 -> closeMapping();
        default -> write();
      }
      return;
    }
    switch (random.nextInt(22)) {
      case 0, 1, 2, 3 -> lookup(map);
      case 4, 5, 6, 7, 8 -> update(map);
      case 9, 10 -> delete(map);
      case 11 -> lookupAndDelete(map);
      case 12, 13 -> nextKey(map);
      case 14 -> lookupBatch(map);
      case 15 -> updateBatch(map);
      case 16 -> {
        if (rarely()) {
          say(
              "freeze",
              () -> {
                map.freeze();
                return "OK";
              });
        }
        say("frozen", () -> Boolean.toString(map.frozen()));
      }
      case 17 -> mmap(map);
      case 18 -> write();
      case 19, 20 -> concurrently(map);
      default -> closeMapping();
    }
  }

  private void lookup(BpfMap map) {
    MemorySegment key = key(map);
    long flags = lookupFlags();
    MemorySegment value = Elements.room(map.userValueSize());
    say(
        "lookup %s flags %#x".formatted(hex(key), flags),
        () -> map.lookup(key, value, flags) ? shown(map, value) : "ENOENT");
  }

  private void update(BpfMap map) {
    MemorySegment key = key(map);
    Value value = value(map, 1);
    long flags = updateFlags();
    say(
        "update %s to %s flags %#x".formatted(hex(key), value.name, flags),
        () -> {
          map.update(key, value.bytes, flags);
          return "OK";
        });
  }

  private void delete(BpfMap map) {
    MemorySegment key = key(map);
    say("delete " + hex(key), () -> map.delete(key) ? "OK" : "ENOENT");
  }

  private void lookupAndDelete(BpfMap map) {
    MemorySegment key = key(map);
    MemorySegment value = Elements.room(map.userValueSize());
    say(
        "lookup and delete " + hex(key),
        () -> map.lookupAndDelete(key, value, 0) ? shown(map, value) : "ENOENT");
  }

  private void nextKey(BpfMap map) {
    MemorySegment key = rarely() ? null : key(map);
    MemorySegment next = Elements.room(map.spec().keySize());
    say(
        "next of " + (key == null ? "none" : hex(key)),
        () -> map.nextKey(key, next) ? hex(next) : "ENOENT");
  }

  private void lookupBatch(BpfMap map) {
    int count = random.nextInt(8);
    MemorySegment in = random.nextBoolean() ? null : key(map);
    long flags = batchFlags();
    int keySize = map.spec().keySize();
    int valueSize = map.userValueSize();
    MemorySegment out = Elements.room(Math.max(keySize, 4));
    MemorySegment keys = Elements.room(keySize * count);
    MemorySegment values = Elements.room(valueSize * count);
    say(
        "lookup batch from %s count %d flags %#x"
            .formatted(in == null ? "none" : hex(in), count, flags),
        () -> {
          BpfMap.Batch batch = map.lookupBatch(in, out, keys, values, count, flags);
          StringBuilder seen = new StringBuilder(described(batch));
          for (int i = 0; i < batch.count(); i++) {
            seen.append(' ').append(hex(keys.asSlice((long) keySize * i, keySize)));
            seen.append('=');
            seen.append(shown(map, values.asSlice((long) valueSize * i, valueSize)));
          }
          return batch.count() == 0 ? seen.toString() : seen + " cursor " + hex(out);
        });
  }

  private void updateBatch(BpfMap map) {
    int count = random.nextInt(5);
    int keySize = map.spec().keySize();
    MemorySegment keys = Elements.room(keySize * count);
    for (int i = 0; i < count; i++) {
      MemorySegment.copy(key(map), 0, keys, (long) keySize * i, keySize);
    }
    Value values = value(map, count);
    long flags = batchFlags();
    say(
        "update batch of %s to %s flags %#x".formatted(hex(keys), values.name, flags),
        () -> described(map.updateBatch(keys, values.bytes, count, flags)));
  }

  private static String described(BpfMap.Batch batch) {
    return batch.count()
        + (batch.end() ? " end" : "")
        + (batch.error() == null ? "" : " " + batch.error().errno());
  }

  private void mmap(BpfMap map) {
    long offset = rarely() ? random.nextInt(3) * 2048L : random.nextInt(2) * (long) PAGE;
    long length = rarely() ? random.nextInt(3 * PAGE) : PAGE * (1L + random.nextInt(2));
    boolean writable = random.nextBoolean();
    say(
        "mmap offset %d length %d %s".formatted(offset, length, writable ? "rw" : "r"),
        () -> {
          BpfMap.Mapping mapping = map.mmap(offset, length, writable);
          mappings.add(mapping);
          MemorySegment memory = mapping.segment();
          long readable = Math.min(memory.byteSize(), 16);
          return memory.byteSize() + " bytes, " + hex(memory.asSlice(0, readable));
        });
  }

  private void write() {
    long value = random.nextLong();
    long draw = random.nextLong();
    if (!mappings.isEmpty()) {
      MemorySegment memory = mappings.getLast().segment();
      if (!memory.isReadOnly() && memory.byteSize() >= 8) {
        long offset = Math.floorMod(draw, memory.byteSize() - 7);
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, offset, value);
        transcript.add("write %x at %d of the mapping".formatted(value, offset));
      }
    }
  }

  private void closeMapping() {
    if (!mappings.isEmpty()) {
      BpfMap.Mapping mapping = mappings.removeLast();
      byte[] bytes = mapping.segment().toArray(ValueLayout.JAVA_BYTE);
      mapping.close();
      transcript.add("unmap %d bytes with hash %d".formatted(bytes.length, Arrays.hashCode(bytes)));
    }
  }

  private void concurrently(BpfMap map) {
    if (map.spec().type() != MapType.ARRAY && map.spec().type() != MapType.PERCPU_ARRAY) {
      return;
    }
    ConcurrentAccess access = new ConcurrentAccess(kernel, map, random.nextLong());
    transcript.addAll(random.nextBoolean() ? access.byUser() : access.byPrograms());
    dump(map);
  }

  private void dump(BpfMap map) {
    for (int index = 0; index < map.spec().maxEntries(); index++) {
      MemorySegment key = Elements.room(map.spec().keySize());
      key.set(ValueLayout.JAVA_INT_UNALIGNED, 0, index);
      MemorySegment value = Elements.room(map.userValueSize());
      say("element " + index, () -> map.lookup(key, value, 0) ? shown(map, value) : "ENOENT");
    }
  }

  private record Value(String name, MemorySegment bytes) {}

  /** Values of an array are random bytes; those of descriptors name an element or nothing. */
  private Value value(BpfMap map, int count) {
    byte[] bytes = new byte[map.userValueSize() * count];
    long seed = random.nextLong();
    new SplittableRandom(seed).nextBytes(bytes);
    MemorySegment memory = MemorySegment.ofArray(bytes);
    switch (map.spec().type()) {
      case ARRAY, PERCPU_ARRAY -> {
        return new Value("%x".formatted(seed), memory);
      }
      default -> {
        StringBuilder names = new StringBuilder();
        for (int i = 0; i < count; i++) {
          int element = random.nextInt(elements.size() + 1);
          boolean none = element == elements.size();
          names.append(none ? " none" : " element " + element);
          memory.set(
              ValueLayout.JAVA_INT_UNALIGNED, 4L * i, none ? 9999 : elements.get(element).fd());
        }
        return new Value(names.toString().strip(), memory);
      }
    }
  }

  private String shown(BpfMap map, MemorySegment value) {
    switch (map.spec().type()) {
      case PROG_ARRAY, ARRAY_OF_MAPS -> {
        int id = value.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
        for (int i = 0; i < elements.size(); i++) {
          if (elements.get(i).id() == id) {
            return "element " + i;
          }
        }
        return "id " + id;
      }
      default -> {
        byte[] bytes = value.toArray(ValueLayout.JAVA_BYTE);
        return bytes.length <= 64
            ? HexFormat.of().formatHex(bytes)
            : bytes.length + " bytes with hash " + Arrays.hashCode(bytes);
      }
    }
  }

  private MemorySegment key(BpfMap map) {
    MemorySegment key = Elements.room(map.spec().keySize());
    int entries = map.spec().maxEntries();
    int index = rarely() ? pick(new Integer[] {entries, entries + 1, -1}) : random.nextInt(entries);
    if (key.byteSize() >= 4) {
      key.set(ValueLayout.JAVA_INT_UNALIGNED, 0, index);
    }
    return key;
  }

  private long updateFlags() {
    return rarely() ? pick(new Long[] {3L, 4L, 5L, 6L, 8L, 16L, 1L << 32, -1L}) : random.nextInt(3);
  }

  private long lookupFlags() {
    return rarely() ? pick(new Long[] {1L, 4L, 8L, 1L << 32}) : 0;
  }

  private long batchFlags() {
    return rarely() ? pick(new Long[] {1L, 2L, 4L, 8L}) : 0;
  }

  private void say(String operation, Supplier<String> answer) {
    String given;
    try {
      given = answer.get();
    } catch (BpfException e) {
      given = e.errno().name();
    }
    transcript.add(operation + ": " + given);
  }

  private boolean rarely() {
    return random.nextInt(8) == 0;
  }

  private <T> T pick(T[] choices) {
    return choices[random.nextInt(choices.length)];
  }

  private static String hex(MemorySegment bytes) {
    return HexFormat.of().formatHex(bytes.toArray(ValueLayout.JAVA_BYTE));
  }
}
