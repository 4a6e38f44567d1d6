package io.ebpf4j.jvm.handle;

import io.ebpf4j.jvm.cpu.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The file descriptors of a kernel in the JVM: small numbers for objects that users hold, so that
 * element values that are descriptors (programs, inner maps, perf events) are the same bytes as on
 * Linux. The lowest free number is given, from 3. Thread safe.
 */
public final class FdTable {
  /** Where the kernel's table is found. */
  public static final Slot<FdTable> SLOT = Slot.of(FdTable.class);

  private static final int FIRST = 3;

  private final List<@Nullable Counted> objects = new ArrayList<>();

  /** Gives the object a number, which holds it as a user does. */
  public synchronized int open(Counted object) {
    object.retainUser();
    int free = objects.indexOf(null);
    if (free >= 0) {
      objects.set(free, object);
      return FIRST + free;
    }
    objects.add(object);
    return FIRST + objects.size() - 1;
  }

  /** The object with that number, held once more for the caller. */
  public synchronized Optional<Counted> hold(int fd) {
    int index = fd - FIRST;
    Counted object = index >= 0 && index < objects.size() ? objects.get(index) : null;
    if (object != null) {
      object.retain();
    }
    return Optional.ofNullable(object);
  }

  /** Frees the number and lets the object go. */
  public void close(int fd) {
    Counted object;
    synchronized (this) {
      object = objects.set(fd - FIRST, null);
    }
    if (object != null) {
      object.releaseUser();
    }
  }

  /** Numbers in use. */
  public synchronized long size() {
    return objects.stream().filter(object -> object != null).count();
  }
}
