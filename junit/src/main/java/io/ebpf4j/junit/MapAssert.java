package io.ebpf4j.junit;

import io.ebpf4j.BpfMap;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HexFormat;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;

/** Assertions on a map's elements as bytes. */
public final class MapAssert extends AbstractAssert<MapAssert, BpfMap> {
  MapAssert(BpfMap actual) {
    super(actual, MapAssert.class);
  }

  /** Checks the bytes of a key's value; for a per-CPU map, of all CPUs. */
  public MapAssert contains(byte[] key, byte[] expected) {
    byte @Nullable [] value = value(key);
    if (value == null) {
      failWithMessage("map %s has no key %s", actual.name(), hex(key));
    } else if (!Arrays.equals(value, expected)) {
      failWithActualExpectedAndMessage(
          hex(value),
          hex(expected),
          "map %s has %s under key %s, not %s",
          actual.name(),
          hex(value),
          hex(key),
          hex(expected));
    }
    return this;
  }

  /** Checks that a key is not there. */
  public MapAssert doesNotContainKey(byte[] key) {
    byte @Nullable [] value = value(key);
    if (value != null) {
      failWithMessage("map %s has key %s, with %s", actual.name(), hex(key), hex(value));
    }
    return this;
  }

  /** Checks the number of keys that a walk over the map finds. */
  public MapAssert hasSize(int expected) {
    isNotNull();
    int size = 0;
    MemorySegment last = null;
    MemorySegment next = MemorySegment.ofArray(new byte[actual.spec().keySize()]);
    while (actual.nextKey(last, next)) {
      size++;
      last = MemorySegment.ofArray(new byte[actual.spec().keySize()]).copyFrom(next);
    }
    if (size != expected) {
      failWithActualExpectedAndMessage(
          size, expected, "map %s has %d keys, not %d", actual.name(), size, expected);
    }
    return this;
  }

  /** Checks that the user can change no element any more. */
  public MapAssert isFrozen() {
    isNotNull();
    if (!actual.frozen()) {
      failWithMessage("map %s is not frozen", actual.name());
    }
    return this;
  }

  private byte @Nullable [] value(byte[] key) {
    isNotNull();
    return actual.lookup(key);
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
