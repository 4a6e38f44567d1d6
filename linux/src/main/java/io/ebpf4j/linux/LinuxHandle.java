package io.ebpf4j.linux;

import io.ebpf4j.Handle;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.IntFunction;

/**
 * A file descriptor of the Linux kernel. A call that uses it and its close exclude each other, so
 * that a number given anew to another file is never used by mistake.
 */
abstract class LinuxHandle implements Handle {
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private final LinuxKernel kernel;
  private final int fd;
  private boolean closed;

  LinuxHandle(LinuxKernel kernel, int fd) {
    this.kernel = kernel;
    this.fd = fd;
    kernel.opened(this);
  }

  /** What it is, for a sentence. */
  abstract String describe();

  /** Makes a call with the descriptor. */
  final <T> T with(IntFunction<T> call) {
    lock.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException(describe() + " was used after it was closed");
      }
      return kernel.inNamespace(() -> call.apply(fd));
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Says so where it was closed. */
  final void mustBeOpen() {
    lock.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException(describe() + " was used after it was closed");
      }
    } finally {
      lock.readLock().unlock();
    }
  }

  final LinuxKernel kernel() {
    return kernel;
  }

  @Override
  public final int fd() {
    mustBeOpen();
    return fd;
  }

  @Override
  public final void pin(String path) {
    with(open -> {
      try (Bpf bpf = new Bpf()) {
        long result = bpf.string(0, path).u32(8, open).call(Bpf.OBJ_PIN);
        if (result < 0) {
          throw Bpf.failure(
              result, "to pin " + describe() + " at " + path + Privileges.pinHint(path));
        }
        kernel.pinned(path);
        return result;
      }
    });
  }

  @Override
  public final void close() {
    lock.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        kernel.closed(this);
        Bpf.closeFd(fd);
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  @Override
  public final String toString() {
    return describe();
  }
}
