package io.ebpf4j.jvm;

import io.ebpf4j.Handle;
import io.ebpf4j.jvm.handle.Counted;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A descriptor of an object of the kernel in the JVM.
 *
 * @param <T> the object
 */
abstract class JvmHandle<T extends Counted> implements Handle {
  private final JvmKernel kernel;
  private final T object;
  private final int fd;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Opens a descriptor, which is one holder more. */
  JvmHandle(JvmKernel kernel, T object) {
    this.kernel = kernel;
    this.object = object;
    this.fd = kernel.fds().open(object);
    kernel.opened(this);
  }

  /**
   * The object.
   *
   * @throws IllegalStateException after {@link #close}
   */
  final T object() {
    if (closed.get()) {
      throw new IllegalStateException(object + " was used after its handle was closed");
    }
    return object;
  }

  final JvmKernel kernel() {
    return kernel;
  }

  @Override
  public final int fd() {
    object();
    return fd;
  }

  @Override
  public final void pin(String path) {
    kernel.pinDirectory().pin(path, object());
  }

  @Override
  public final void close() {
    if (closed.compareAndSet(false, true)) {
      kernel.closed(this);
      closing(object);
      kernel.fds().close(fd);
    }
  }

  /** What closing this descriptor does to the object, which is still held. */
  void closing(T closed) {}

  @Override
  public final String toString() {
    return object.toString();
  }
}
