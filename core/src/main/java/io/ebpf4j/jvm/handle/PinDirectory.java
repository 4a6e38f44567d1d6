package io.ebpf4j.jvm.handle;

import io.ebpf4j.BpfException;
import io.ebpf4j.spec.Errno;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** The virtual directory of pins: paths to objects that they hold. Thread safe. */
public final class PinDirectory implements AutoCloseable {
  /** NAME_MAX and PATH_MAX of Linux, the latter with the zero that ends a path. */
  private static final int LONGEST_NAME = 255;

  private static final int LONGEST_PATH = 4096;

  private final Map<String, Counted> pins = new TreeMap<>();

  /**
   * Pins an object.
   *
   * @throws BpfException EEXIST where the path is taken, ENOENT where it is empty or ends with a
   *     slash, EPERM where the name has a dot in it, ENOTDIR where it leads through a pin,
   *     ENAMETOOLONG
   */
  public synchronized void pin(String path, Counted object) {
    checkPath(path);
    if (path.endsWith("/")) {
      throw notPinned(path);
    }
    if (path.indexOf('.', path.lastIndexOf('/') + 1) >= 0) {
      throw new BpfException(Errno.EPERM, "the name of a pin has no dot in it: " + path);
    }
    if (pins.containsKey(path) || isDirectory(path)) {
      throw new BpfException(Errno.EEXIST, "something is pinned at " + path + " already");
    }
    object.retainUser();
    pins.put(path, object);
  }

  /**
   * What is pinned there, held once more for the caller.
   *
   * @throws BpfException ENOTDIR where the path leads through a pin, ENAMETOOLONG
   */
  public synchronized Optional<Counted> hold(String path) {
    checkPath(path);
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

  private void checkPath(String path) {
    if (path.isEmpty()) {
      throw new BpfException(Errno.ENOENT, "a pin needs a path");
    }
    if (bytes(path) >= LONGEST_PATH) {
      throw tooLong(path);
    }
    int at = 0;
    while (at < path.length()) {
      int slash = path.indexOf('/', at);
      int end = slash < 0 ? path.length() : slash;
      if (bytes(path.substring(at, end)) > LONGEST_NAME) {
        throw tooLong(path);
      }
      if (slash > 0 && pins.containsKey(path.substring(0, slash))) {
        throw new BpfException(
            Errno.ENOTDIR, path.substring(0, slash) + " is a pin, and no directory");
      }
      at = end + 1;
    }
  }

  private boolean isDirectory(String path) {
    return pins.keySet().stream().anyMatch(pin -> pin.startsWith(path + "/"));
  }

  private static int bytes(String name) {
    return name.getBytes(StandardCharsets.UTF_8).length;
  }

  private static BpfException tooLong(String path) {
    return new BpfException(
        Errno.ENAMETOOLONG,
        "a path has fewer than %d bytes, and each name in it %d at most: %s"
            .formatted(LONGEST_PATH, LONGEST_NAME, path));
  }

  /** Removes all pins. */
  @Override
  public synchronized void close() {
    pins.values().forEach(Counted::releaseUser);
    pins.clear();
  }
}
