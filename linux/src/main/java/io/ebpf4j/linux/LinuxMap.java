package io.ebpf4j.linux;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.MapInfo;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A map of the Linux kernel. */
final class LinuxMap extends LinuxHandle implements BpfMap {
  private final MapSpec spec;
  private final int id;

  LinuxMap(LinuxKernel kernel, int fd, MapSpec spec, int id) {
    super(kernel, fd);
    this.spec = spec;
    this.id = id;
  }

  @Override
  String describe() {
    return "map '%s' (%s)".formatted(spec.name(), spec.type());
  }

  @Override
  public int id() {
    mustBeOpen();
    return id;
  }

  @Override
  public MapSpec spec() {
    mustBeOpen();
    return spec;
  }

  @Override
  public MapInfo info() {
    return with(fd -> LinuxInfo.ofMap(fd, memoryBytes(), frozen()));
  }

  @Override
  public int userValueSize() {
    return switch (spec.type()) {
      case PERCPU_ARRAY, PERCPU_HASH, LRU_PERCPU_HASH, PERCPU_CGROUP_STORAGE ->
          (spec.valueSize() + 7 & -8) * kernel().possibleCpus();
      default -> spec.valueSize();
    };
  }

  @Override
  public long memoryBytes() {
    return fdInfo("memlock");
  }

  @Override
  public boolean frozen() {
    return fdInfo("frozen") != 0;
  }

  @Override
  public boolean lookup(MemorySegment key, MemorySegment value, long flags) {
    return read(Bpf.MAP_LOOKUP_ELEM, key, value, flags, "a lookup in ");
  }

  @Override
  public boolean lookupAndDelete(MemorySegment key, MemorySegment value, long flags) {
    return read(Bpf.MAP_LOOKUP_AND_DELETE_ELEM, key, value, flags, "a lookup with deletion in ");
  }

  @Override
  public void update(MemorySegment key, MemorySegment value, long flags) {
    with(fd -> {
      try (Bpf bpf = element(fd, key)) {
        return bpf.in(16, value)
            .u64(24, flags)
            .callOrThrow(Bpf.MAP_UPDATE_ELEM, "an update of " + describe());
      }
    });
  }

  @Override
  public boolean delete(MemorySegment key) {
    return with(fd -> {
      try (Bpf bpf = element(fd, key)) {
        return found(bpf.call(Bpf.MAP_DELETE_ELEM), "a deletion in ");
      }
    });
  }

  @Override
  public boolean nextKey(@Nullable MemorySegment key, MemorySegment next) {
    return with(fd -> {
      try (Bpf bpf = new Bpf()) {
        MemorySegment out = bpf.buffer(spec.keySize());
        bpf.u32(0, fd).pointer(16, out);
        if (key != null && key.byteSize() > 0) {
          bpf.in(8, key);
        }
        boolean found = found(bpf.call(Bpf.MAP_GET_NEXT_KEY), "a walk over ");
        if (found) {
          next.copyFrom(out.asSlice(0, spec.keySize()));
        }
        return found;
      }
    });
  }

  @Override
  public Batch lookupBatch(
      @Nullable MemorySegment in,
      MemorySegment out,
      MemorySegment keys,
      MemorySegment values,
      int count,
      long flags) {
    return lookupBatch(Bpf.MAP_LOOKUP_BATCH, in, out, keys, values, count, flags);
  }

  @Override
  public Batch lookupAndDeleteBatch(
      @Nullable MemorySegment in,
      MemorySegment out,
      MemorySegment keys,
      MemorySegment values,
      int count,
      long flags) {
    return lookupBatch(Bpf.MAP_LOOKUP_AND_DELETE_BATCH, in, out, keys, values, count, flags);
  }

  private Batch lookupBatch(
      int command,
      @Nullable MemorySegment in,
      MemorySegment out,
      MemorySegment keys,
      MemorySegment values,
      int count,
      long flags) {
    return with(fd -> {
      try (Bpf bpf = new Bpf()) {
        MemorySegment cursor = bpf.buffer(Math.max(out.byteSize(), 8));
        MemorySegment someKeys = bpf.buffer(keys.byteSize());
        MemorySegment someValues = bpf.buffer(values.byteSize());
        if (in != null) {
          bpf.in(0, in);
        }
        bpf.pointer(8, cursor)
            .pointer(16, someKeys)
            .pointer(24, someValues)
            .u32(32, count)
            .u32(36, fd)
            .u64(40, flags);
        Batch batch = batch(bpf, command, "a batch lookup in ");
        out.copyFrom(cursor.asSlice(0, out.byteSize()));
        keys.copyFrom(someKeys.asSlice(0, keys.byteSize()));
        values.copyFrom(someValues.asSlice(0, values.byteSize()));
        return batch;
      }
    });
  }

  @Override
  public Batch updateBatch(MemorySegment keys, MemorySegment values, int count, long flags) {
    return with(fd -> {
      try (Bpf bpf = new Bpf()) {
        bpf.in(16, keys).in(24, values).u32(32, count).u32(36, fd).u64(40, flags);
        return batch(bpf, Bpf.MAP_UPDATE_BATCH, "a batch update of ");
      }
    });
  }

  @Override
  public Batch deleteBatch(MemorySegment keys, int count, long flags) {
    return with(fd -> {
      try (Bpf bpf = new Bpf()) {
        bpf.in(16, keys).u32(32, count).u32(36, fd).u64(40, flags);
        return batch(bpf, Bpf.MAP_DELETE_BATCH, "a batch deletion in ");
      }
    });
  }

  @Override
  public void freeze() {
    with(fd -> {
      try (Bpf bpf = new Bpf()) {
        return bpf.u32(0, fd).callOrThrow(Bpf.MAP_FREEZE, "to freeze " + describe());
      }
    });
  }

  @Override
  public Mapping mmap(long offset, long length, boolean writable) {
    SharedMemory memory =
        with(fd ->
            SharedMemory.map(fd, offset, length, writable, "to map the memory of " + describe()));
    return kernel().givenOut().add(this, new LinuxMapping(memory));
  }

  private record LinuxMapping(SharedMemory memory) implements Mapping {
    @Override
    public MemorySegment segment() {
      return memory.segment();
    }

    @Override
    public void close() {
      memory.close();
    }
  }

  private boolean read(
      int command, MemorySegment key, MemorySegment value, long flags, String operation) {
    return with(fd -> {
      try (Bpf bpf = element(fd, key)) {
        MemorySegment out = bpf.buffer(userValueSize());
        if (spec.type() == MapType.BLOOM_FILTER) {
          // The value asks, and is no answer.
          out.copyFrom(value.asSlice(0, userValueSize()));
        }
        bpf.pointer(16, out).u64(24, flags);
        boolean found = found(bpf.call(command), operation);
        if (found) {
          value.copyFrom(out.asSlice(0, userValueSize()));
        }
        return found;
      }
    });
  }

  /** A key of no bytes is none: QUEUE and STACK want NULL there. */
  private static Bpf element(int fd, MemorySegment key) {
    Bpf bpf = new Bpf().u32(0, fd);
    return key.byteSize() == 0 ? bpf : bpf.in(8, key);
  }

  private boolean found(long result, String operation) {
    if (result == -Errno.ENOENT.number()) {
      return false;
    }
    if (result < 0) {
      throw Bpf.failure(result, operation + describe());
    }
    return true;
  }

  private Batch batch(Bpf bpf, int command, String operation) {
    int asked = bpf.u32(32);
    long result = bpf.call(command);
    int count = bpf.u32(32);
    if (result >= 0) {
      return new Batch(count, false, null);
    }
    if (result == -Errno.ENOENT.number() && command != Bpf.MAP_DELETE_BATCH) {
      return new Batch(count, true, null);
    }
    BpfException failure = Bpf.failure(result, operation + describe());
    if (count == 0 || count == asked) {
      throw failure;
    }
    return new Batch(count, false, failure);
  }

  private long fdInfo(String field) {
    return with(fd -> {
      try {
        for (String line : Files.readAllLines(Path.of("/proc/self/fdinfo/" + fd))) {
          if (line.startsWith(field + ":")) {
            return Long.parseLong(line.substring(field.length() + 1).strip());
          }
        }
        return 0L;
      } catch (IOException e) {
        throw new BpfException(
            Errno.EIO, "/proc/self/fdinfo cannot be read, which tells of " + describe());
      }
    });
  }
}
