package io.ebpf4j.conformance;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.linux.CpuPin;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A hash, trie, queue, stack or Bloom filter and operations on it by users and programs, all drawn
 * from one seed: run on a kernel they give a line for each operation with its answer, errno or
 * bytes. A hash has a seed of 0, so that its order is the same everywhere.
 */
final class RandomElementOperations {
  private static final MapType[] TYPES = {
    MapType.HASH, MapType.PERCPU_HASH, MapType.LRU_HASH, MapType.LRU_HASH, MapType.LRU_PERCPU_HASH,
    MapType.LPM_TRIE, MapType.LPM_TRIE, MapType.QUEUE, MapType.STACK, MapType.BLOOM_FILTER
  };
  private static final int[] KEY_SIZES = {4, 4, 4, 8, 1, 2, 7, 12, 16, 21};
  private static final int[] VALUE_SIZES = {8, 8, 8, 1, 4, 12, 100, 5000};
  private static final int[] ENTRIES = {1, 2, 3, 5, 8, 17, 40};

  /** So many that an LRU hash scans its lists in parts. */
  private static final int MANY = 700;

  private static final int[] FLAGS = {
    MapFlags.NO_PREALLOC,
    MapFlags.RDONLY,
    MapFlags.WRONLY,
    MapFlags.RDONLY_PROG,
    MapFlags.WRONLY_PROG,
    MapFlags.NUMA_NODE,
    MapFlags.NO_COMMON_LRU
  };
  private static final int VISITED = 20;

  private SplittableRandom random;
  private final List<String> transcript = new ArrayList<>();
  private @Nullable HashPrograms programs;

  private RandomElementOperations(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /** The answers, in the order of the operations, and then all that the map holds. */
  static List<String> run(Kernel kernel, RandomCase drawn) {
    return new RandomElementOperations(drawn.first()).run(kernel, drawn.steps());
  }

  private List<String> run(Kernel kernel, List<Long> steps) {
    MapSpec spec = spec();
    String created =
        "create %s key %d value %d entries %d flags %#x"
            .formatted(
                spec.type(), spec.keySize(), spec.valueSize(), spec.maxEntries(), spec.flags());
    try (CpuPin _ = CpuPin.ofThisThread(0)) {
      // The programs' own values are those of CPU 0, on the JVM kernel as well.
      try (BpfMap map = open(kernel, spec)) {
        transcript.add(created + ": OK");
        for (long seed : steps) {
          random = new SplittableRandom(seed);
          operate(map);
        }
        dump(map);
      }
    } catch (BpfException e) {
      transcript.add(created + ": " + e.errno());
    } finally {
      if (programs != null) {
        programs.close();
      }
    }
    return transcript;
  }

  /** Makes the map, with programs where they can use it. */
  private BpfMap open(Kernel kernel, MapSpec spec) {
    int oneSided = MapFlags.RDONLY | MapFlags.WRONLY | MapFlags.RDONLY_PROG | MapFlags.WRONLY_PROG;
    if (spec.keySize() != 4 || spec.valueSize() != 8 || (spec.flags() & oneSided) != 0) {
      return kernel.createMap(spec);
    }
    HashPrograms loaded =
        HashPrograms.load(
            kernel,
            map ->
                map.withType(spec.type()).withFlags(spec.flags()).withMaxEntries(spec.maxEntries()),
            "operate",
            "walk");
    programs = loaded;
    return loaded.elements();
  }

  private MapSpec spec() {
    MapType type = pick(TYPES);
    switch (type) {
      case QUEUE, STACK, BLOOM_FILTER -> {
        return keyless(type);
      }
      case LPM_TRIE -> {
        return trie();
      }
      default -> {}
    }
    boolean lru = type == MapType.LRU_HASH || type == MapType.LRU_PERCPU_HASH;
    int choice = lru ? MapFlags.NO_COMMON_LRU : MapFlags.NO_PREALLOC;
    int flags = MapFlags.ZERO_SEED | (random.nextInt(3) == 0 ? choice : 0);
    if (random.nextInt(4) == 0) {
      flags |= FLAGS[random.nextInt(FLAGS.length)];
    }
    return MapSpec.of(
            "random",
            type,
            KEY_SIZES[random.nextInt(KEY_SIZES.length)],
            VALUE_SIZES[random.nextInt(VALUE_SIZES.length)],
            lru && rarely() ? MANY : ENTRIES[random.nextInt(ENTRIES.length)])
        .withFlags(flags);
  }

  private MapSpec keyless(MapType type) {
    int size = VALUE_SIZES[random.nextInt(VALUE_SIZES.length)];
    int flags = type == MapType.BLOOM_FILTER ? MapFlags.ZERO_SEED : 0;
    if (random.nextInt(4) == 0) {
      flags |= FLAGS[random.nextInt(FLAGS.length)];
    }
    MapSpec spec =
        MapSpec.of("random", type, rarely() ? 4 : 0, size, ENTRIES[random.nextInt(ENTRIES.length)]);
    return spec.withFlags(flags).withExtra(type == MapType.BLOOM_FILTER ? random.nextInt(18) : 0);
  }

  private MapSpec trie() {
    int flags = rarely() ? 0 : MapFlags.NO_PREALLOC;
    if (random.nextInt(4) == 0) {
      flags |= FLAGS[random.nextInt(FLAGS.length)];
    }
    return MapSpec.of(
            "random",
            MapType.LPM_TRIE,
            pick(new Integer[] {4, 5, 6, 8, 8, 8, 9, 12, 20, 260, 261}),
            VALUE_SIZES[random.nextInt(VALUE_SIZES.length)],
            ENTRIES[random.nextInt(ENTRIES.length)])
        .withFlags(flags);
  }

  private void operate(BpfMap map) {
    HashPrograms loaded = programs;
    if (loaded != null && random.nextBoolean()) {
      operate(loaded);
      return;
    }
    switch (random.nextInt(20)) {
      case 0, 1, 2 -> lookup(map);
      case 3, 4, 5, 6, 7, 8 -> update(map);
      case 9, 10, 11 -> delete(map);
      case 12 -> lookupAndDelete(map);
      case 13, 14 -> nextKey(map);
      case 15 -> lookupBatch(map);
      case 16 -> updateBatch(map);
      case 17 -> deleteBatch(map);
      case 18 -> dump(map);
      default -> {
        if (random.nextInt(16) == 0) {
          say(
              "freeze",
              () -> {
                map.freeze();
                return "OK";
              });
        }
      }
    }
  }

  private void operate(HashPrograms loaded) {
    int key = random.nextInt(2 * loaded.elements().spec().maxEntries());
    long value = random.nextLong();
    switch (random.nextInt(10)) {
      case 0 -> {
        int last = random.nextInt(1, VISITED);
        boolean remove = random.nextInt(4) == 0;
        long flags = rarely() ? 1 : 0;
        say(
            "walk over %d, deleting %s, flags %d".formatted(last, remove, flags),
            () -> {
              int visited = loaded.walk(last, remove, flags);
              return visited + " " + loaded.seen(2 * Math.clamp(visited, 0, VISITED));
            });
      }
      case 1, 2 ->
          say(
              "lookup %d by a program".formatted(key),
              () -> {
                int found = loaded.operate(HashPrograms.LOOKUP, key, 0, 0);
                return found == 0 ? "NULL" : Long.toHexString(loaded.seen(1).getFirst());
              });
      case 3, 4 ->
          say(
              "delete %d by a program".formatted(key),
              () -> "" + loaded.operate(HashPrograms.DELETE, key, 0, 0));
      case 5 ->
          say(
              "add to %d by a program".formatted(key),
              () -> "" + loaded.operate(HashPrograms.ADD, key, value, 0));
      default -> {
        long flags = updateFlags();
        say(
            "update %d to %x flags %#x by a program".formatted(key, value, flags),
            () -> "" + loaded.operate(HashPrograms.UPDATE, key, value, flags));
      }
    }
  }

  private void lookup(BpfMap map) {
    MemorySegment key = key(map);
    long flags = rarely() ? random.nextInt(10) : 0;
    MemorySegment value =
        map.spec().type() == MapType.BLOOM_FILTER
            ? bytes(map.userValueSize())
            : Elements.room(map.userValueSize());
    say(
        "lookup %s flags %#x".formatted(hex(key), flags),
        () -> map.lookup(key, value, flags) ? shown(value) : "ENOENT");
  }

  private void update(BpfMap map) {
    MemorySegment key = key(map);
    MemorySegment value = bytes(map.userValueSize());
    long flags = updateFlags();
    say(
        "update %s to %s flags %#x".formatted(hex(key), shown(value), flags),
        () -> {
          map.update(key, value, flags);
          return "OK";
        });
  }

  private void delete(BpfMap map) {
    MemorySegment key = key(map);
    say("delete " + hex(key), () -> map.delete(key) ? "OK" : "ENOENT");
  }

  private void lookupAndDelete(BpfMap map) {
    MemorySegment key = key(map);
    long flags = rarely() ? random.nextInt(10) : 0;
    MemorySegment value = Elements.room(map.userValueSize());
    say(
        "lookup and delete %s flags %#x".formatted(hex(key), flags),
        () -> map.lookupAndDelete(key, value, flags) ? shown(value) : "ENOENT");
  }

  private void nextKey(BpfMap map) {
    MemorySegment key = rarely() ? null : key(map);
    MemorySegment next = Elements.room(map.spec().keySize());
    say(
        "next of " + (key == null ? "none" : hex(key)),
        () -> map.nextKey(key, next) ? hex(next) : "ENOENT");
  }

  private void lookupBatch(BpfMap map) {
    int count = random.nextInt(12);
    boolean delete = random.nextInt(3) == 0;
    boolean trie = map.spec().type() == MapType.LPM_TRIE;
    MemorySegment from = trie ? key(map) : Elements.u32(random.nextInt(20));
    MemorySegment in = random.nextBoolean() ? null : from;
    long flags = rarely() ? random.nextInt(10) : 0;
    int keySize = map.spec().keySize();
    int valueSize = map.userValueSize();
    MemorySegment out = Elements.room(Math.max(keySize, 4));
    MemorySegment keys = Elements.room(keySize * count);
    MemorySegment values = Elements.room(valueSize * count);
    say(
        "lookup batch from %s count %d flags %#x%s"
            .formatted(in == null ? "none" : hex(in), count, flags, delete ? ", deleting" : ""),
        () -> {
          BpfMap.Batch batch =
              delete
                  ? map.lookupAndDeleteBatch(in, out, keys, values, count, flags)
                  : map.lookupBatch(in, out, keys, values, count, flags);
          StringBuilder seen = new StringBuilder(described(batch));
          for (int i = 0; i < batch.count(); i++) {
            seen.append(' ').append(hex(keys.asSlice((long) keySize * i, keySize)));
            seen.append('=');
            seen.append(shown(values.asSlice((long) valueSize * i, valueSize)));
          }
          return batch.count() == 0 ? seen.toString() : seen + " cursor " + hex(out);
        });
  }

  private void updateBatch(BpfMap map) {
    int many = map.spec().maxEntries();
    int count = random.nextInt(rarely() || many == MANY ? many : 6);
    MemorySegment keys = keys(map, count);
    MemorySegment values = bytes(map.userValueSize() * count);
    long flags = rarely() ? random.nextInt(10) : 0;
    say(
        "update batch of %s flags %#x".formatted(shown(keys), flags),
        () -> described(map.updateBatch(keys, values, count, flags)));
  }

  private void deleteBatch(BpfMap map) {
    int count = random.nextInt(4);
    MemorySegment keys = keys(map, count);
    long flags = rarely() ? random.nextInt(10) : 0;
    say(
        "delete batch of %s flags %#x".formatted(hex(keys), flags),
        () -> described(map.deleteBatch(keys, count, flags)));
  }

  private static String described(BpfMap.Batch batch) {
    return batch.count()
        + (batch.end() ? " end" : "")
        + (batch.error() == null ? "" : " " + batch.error().errno());
  }

  private void dump(BpfMap map) {
    say(
        "all",
        () -> {
          StringBuilder all = new StringBuilder();
          MemorySegment key = Elements.room(map.spec().keySize());
          MemorySegment next = Elements.room(map.spec().keySize());
          MemorySegment value = Elements.room(map.userValueSize());
          for (boolean more = map.nextKey(null, next); more; more = map.nextKey(key, next)) {
            key.copyFrom(next);
            boolean found = map.lookup(key, value, 0);
            all.append(hex(key)).append('=').append(found ? shown(value) : "none").append(' ');
          }
          return all.toString();
        });
  }

  private MemorySegment key(BpfMap map) {
    return keys(map, 1);
  }

  private MemorySegment keys(BpfMap map, int count) {
    int size = map.spec().keySize();
    MemorySegment keys = Elements.room(size * count);
    for (int i = 0; i < count; i++) {
      int number = random.nextInt(2 * map.spec().maxEntries());
      if (size == 0) {
        return keys;
      }
      if (map.spec().type() == MapType.LPM_TRIE) {
        prefix(keys.asSlice((long) size * i, size));
        continue;
      }
      if (size == 1) {
        keys.set(ValueLayout.JAVA_BYTE, i, (byte) number);
      } else {
        keys.set(ValueLayout.JAVA_SHORT_UNALIGNED, (long) size * i, (short) number);
      }
    }
    return keys;
  }

  /** A prefix of few different bytes, so that many begin alike. */
  private void prefix(MemorySegment key) {
    int bits = (int) (key.byteSize() - 4) * 8;
    int length = rarely() ? bits + random.nextInt(2) : random.nextInt(Math.min(bits, 40) + 1);
    key.set(ValueLayout.JAVA_INT_UNALIGNED, 0, length);
    for (long at = 4; at < key.byteSize(); at++) {
      key.set(ValueLayout.JAVA_BYTE, at, pick(new Byte[] {0, 0, 1, -1, -128}));
    }
  }

  private MemorySegment bytes(int size) {
    byte[] bytes = new byte[size];
    if (random.nextInt(3) == 0 && size > 0) {
      bytes[0] = (byte) random.nextInt(20);
    } else {
      random.nextBytes(bytes);
    }
    return MemorySegment.ofArray(bytes);
  }

  private long updateFlags() {
    return rarely() ? pick(new Long[] {3L, 4L, 5L, 6L, 8L, 1L << 32, -1L}) : random.nextInt(3);
  }

  private static String shown(MemorySegment value) {
    byte[] bytes = value.toArray(ValueLayout.JAVA_BYTE);
    return bytes.length <= 32
        ? HexFormat.of().formatHex(bytes)
        : bytes.length + " bytes with hash " + Arrays.hashCode(bytes);
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
