package io.ebpf4j.jvm.handle;

import io.ebpf4j.BpfException;
import io.ebpf4j.spec.Errno;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** The virtual directory of pins: paths to objects that they hold. Thread safe. */
public final class PinDirectory implements AutoCloseable {
  private final Map<String, Counted> pins = new TreeMap<>();

  /**
   * Pins an object.
   *
   * @throws BpfException EEXIST where the path is taken, EINVAL where it is empty
   */
  public synchronized void pin(String path, Counted object) {
    if (path.isBlank()) {
      throw new BpfException(Errno.EINVAL, "a pin needs a path");
    }
    if (pins.containsKey(path)) {
      throw new BpfException(Errno.EEXIST, "something is pinned at " + path + " already");
    }
    object.retainUser();
    pins.put(path, object);
  }

  /** What is pinned there, held once more for the caller. */
  public synchronized Optional<Counted> hold(String path) {
    Optional<Counted> object = Optional.ofNullable(pins.get(path));
    object.ifPresent(Counted::retain);
    return object;
  }

  /** Whether something is pinned there. */
  public synchronized boolean contains(String path) {
    return pins.containsKey(path);
  }

  /**
   * Removes a pin.
   *
   * @throws BpfException ENOENT where there is none
   */
  public synchronized void unpin(String path) {
    Counted object = pins.remove(path);
    if (object == null) {
      throw notPinned(path);
    }
    object.releaseUser();
  }

  /** The paths where something is pinned. */
  public synchronized SortedSet<String> paths() {
    return new TreeSet<>(pins.keySet());
  }

  /** What to throw where nothing is pinned. */
  public static BpfException notPinned(String path) {
    return new BpfException(Errno.ENOENT, "nothing is pinned at " + path);
  }

  /** Removes all pins. */
  @Override
  public synchronized void close() {
    pins.values().forEach(Counted::releaseUser);
    pins.clear();
  }
}
