package io.ebpf4j.jvm;

import io.ebpf4j.Descriptor;
import io.ebpf4j.jvm.handle.Counted;
import java.util.concurrent.atomic.AtomicBoolean;

/** A descriptor of an owner of local storage in the kernel in the JVM. */
final class JvmDescriptor implements Descriptor {
  private final JvmKernel kernel;
  private final Counted object;
  private final int fd;
  private final AtomicBoolean closed = new AtomicBoolean();

  JvmDescriptor(JvmKernel kernel, Counted object) {
    this.kernel = kernel;
    this.object = object;
    this.fd = kernel.fds().open(object);
    kernel.opened(this);
  }

  @Override
  public int fd() {
    if (closed.get()) {
      throw new IllegalStateException(object + " was used after its descriptor was closed");
    }
    return fd;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      kernel.closed(this);
      kernel.fds().close(fd);
    }
  }

  @Override
  public String toString() {
    return object.toString();
  }
}
