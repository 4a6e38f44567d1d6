package io.ebpf4j.jvm.map;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap.Batch;
import io.ebpf4j.spec.Errno;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Batch operations over the single ones, as BPF_MAP_LOOKUP_BATCH and BPF_MAP_UPDATE_BATCH do them:
 * the cursor is the last key that was done, empty slots are left out.
 */
final class MapBatch {
  private MapBatch() {}

  static Batch lookup(
      JvmMap map,
      @Nullable MemorySegment in,
      MemorySegment out,
      MemorySegment keys,
      MemorySegment values,
      int count,
      long flags) {
    int keySize = map.spec().keySize();
    int valueSize = map.userValueSize();
    MemorySegment key = MemorySegment.ofArray(new byte[keySize]);
    MemorySegment previous = in;
    boolean end = false;
    int done = 0;
    while (done < count) {
      if (!map.next(previous, key)) {
        end = true;
        break;
      }
      MemorySegment value = values.asSlice((long) done * valueSize, valueSize);
      try {
        if (map.get(key, value, flags)) {
          MemorySegment.copy(key, 0, keys, (long) done * keySize, keySize);
          done++;
        }
      } catch (BpfException e) {
        return stopped(done, e);
      }
      previous = key;
    }
    if (done > 0 && previous != null) {
      MemorySegment.copy(previous, 0, out, 0, keySize);
    }
    return new Batch(done, end, null);
  }

  static Batch update(JvmMap map, MemorySegment keys, MemorySegment values, int count, long flags) {
    int keySize = map.spec().keySize();
    int valueSize = map.userValueSize();
    for (int done = 0; done < count; done++) {
      try {
        map.set(
            keys.asSlice((long) done * keySize, keySize),
            values.asSlice((long) done * valueSize, valueSize),
            flags);
      } catch (BpfException e) {
        return stopped(done, e);
      }
    }
    return new Batch(count, false, null);
  }

  static Batch delete(JvmMap map, MemorySegment keys, int count) {
    int keySize = map.spec().keySize();
    for (int done = 0; done < count; done++) {
      try {
        if (!map.remove(keys.asSlice((long) done * keySize, keySize))) {
          throw map.refusal(Errno.ENOENT, "key %d of the batch is not there".formatted(done));
        }
      } catch (BpfException e) {
        return stopped(done, e);
      }
    }
    return new Batch(count, false, null);
  }

  private static Batch stopped(int done, BpfException error) {
    if (done == 0) {
      throw error;
    }
    return new Batch(done, false, error);
  }
}
