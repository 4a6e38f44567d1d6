package io.ebpf4j;

import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A map whose keys and values are Java objects: a view, which does not hold the map. Thread safe.
 *
 * @param <K> keys
 * @param <V> values
 */
public final class TypedMap<K, V> implements Iterable<Map.Entry<K, V>> {
  private final BpfMap map;
  private final Codec<K> keys;
  private final Codec<V> values;
  private final Function<MemorySegment, V> reader;
  private final boolean isArray;

  /** Room for a key and a value, while no call has it: so a call seldom allocates any. */
  private final AtomicReference<@Nullable Room> spare = new AtomicReference<>();

  private record Room(MemorySegment key, MemorySegment value) {}

  private TypedMap(BpfMap map, Codec<K> keys, Codec<V> values) {
    this.map = map;
    this.keys = keys;
    this.values = values;
    this.reader = values::read;
    this.isArray = keys == IntCodec.INSTANCE && map.spec().type() == MapType.ARRAY;
  }

  /**
   * A view of a map.
   *
   * @throws IllegalArgumentException where the sizes differ from the map's
   */
  public static <K, V> TypedMap<K, V> of(BpfMap map, Codec<K> keys, Codec<V> values) {
    mustFit(map, "keys", map.spec().keySize(), keys.size());
    mustFit(map, "values", map.userValueSize(), values.size());
    return new TypedMap<>(map, keys, values);
  }

  /** The map itself. */
  public BpfMap map() {
    return map;
  }

  /**
   * The value of a key.
   *
   * @throws BpfException as {@link BpfMap#lookup(MemorySegment, MemorySegment, long)}
   */
  public Optional<V> get(K key) {
    if (isArray && key instanceof Integer index) {
      return Optional.ofNullable(map.read(index, reader));
    }
    Room room = take();
    try {
      keys.write(key, room.key().fill((byte) 0));
      return map.lookup(room.key(), room.value(), MapFlags.ANY)
          ? Optional.of(values.read(room.value()))
          : Optional.empty();
    } finally {
      spare.set(room);
    }
  }

  /**
   * Sets the value of a key, whether it exists or not.
   *
   * @throws BpfException as {@link BpfMap#update(MemorySegment, MemorySegment, long)}
   */
  public void put(K key, V value) {
    put(key, value, MapFlags.ANY);
  }

  /** Sets the value of a key; flags and errors as {@link BpfMap#update}. */
  public void put(K key, V value, long flags) {
    Room room = take();
    try {
      keys.write(key, room.key().fill((byte) 0));
      values.write(value, room.value().fill((byte) 0));
      map.update(room.key(), room.value(), flags);
    } finally {
      spare.set(room);
    }
  }

  /** Deletes a key, and says whether it was there; errors as {@link BpfMap#delete}. */
  public boolean delete(K key) {
    Room room = take();
    try {
      keys.write(key, room.key().fill((byte) 0));
      return map.delete(room.key());
    } finally {
      spare.set(room);
    }
  }

  /**
   * The elements in the map's order. What is deleted meanwhile is left out; as with bpf(2), a
   * deletion of the current key makes a hash map begin again.
   */
  @Override
  public Iterator<Map.Entry<K, V>> iterator() {
    return new Elements();
  }

  private static void mustFit(BpfMap map, String what, int size, int codecSize) {
    if (size != codecSize) {
      throw new IllegalArgumentException(
          "map %s has %s of %d bytes, not %d".formatted(map.name(), what, size, codecSize));
    }
  }

  private static MemorySegment room(Codec<?> codec) {
    return MemorySegment.ofArray(new byte[codec.size()]);
  }

  private Room take() {
    Room room = spare.getAndSet(null);
    return room == null ? new Room(room(keys), room(values)) : room;
  }

  /** Walks from key to key. */
  private final class Elements implements Iterator<Map.Entry<K, V>> {
    private @Nullable MemorySegment last;
    private Map.@Nullable Entry<K, V> next;
    private boolean ended;

    @Override
    public boolean hasNext() {
      while (next == null && !ended) {
        step();
      }
      return next != null;
    }

    @Override
    public Map.Entry<K, V> next() {
      if (!hasNext() || next == null) {
        throw new NoSuchElementException("map %s has no more elements".formatted(map.name()));
      }
      Map.Entry<K, V> element = next;
      next = null;
      return element;
    }

    private void step() {
      MemorySegment key = room(keys);
      if (!map.nextKey(last, key)) {
        ended = true;
        return;
      }
      last = key;
      MemorySegment value = room(values);
      if (map.lookup(key, value, MapFlags.ANY)) {
        next = Map.entry(keys.read(key), values.read(value));
      }
    }
  }
}
