package io.ebpf4j.jvm.handle;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Objects of one kind by their kernel-wide id, counted up from 1. The table does not hold them.
 * Thread safe.
 *
 * @param <T> the kind
 */
public final class IdTable<T extends Counted> {
  private final AtomicInteger last = new AtomicInteger();
  private final Map<Integer, T> objects = new ConcurrentHashMap<>();

  /** An id that no object has had. */
  public int next() {
    return last.incrementAndGet();
  }

  /** Lists the object under its id until it is freed. */
  public void add(int id, T object) {
    objects.put(id, object);
    object.whenFreed(() -> objects.remove(id));
  }

  /** The object with that id, held once more for the caller. */
  public Optional<T> hold(int id) {
    T object = objects.get(id);
    return object != null && object.tryRetain() ? Optional.of(object) : Optional.empty();
  }

  /** The ids of what lives now, upwards. */
  public List<Integer> ids() {
    return objects.keySet().stream().sorted().toList();
  }

  /** What lives now; not held. */
  public Collection<T> all() {
    return objects.values();
  }
}
