package io.ebpf4j.linux;

import io.ebpf4j.BpfException;
import io.ebpf4j.Descriptor;
import io.ebpf4j.spec.Errno;
import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicBoolean;

/** A file descriptor of this process that names something else than a BPF object. */
final class LinuxDescriptor implements Descriptor {
  private static final int AT_FDCWD = -100;
  private static final int O_CLOEXEC = 0x80000;

  /** PIDFD_THREAD, since Linux 6.9. */
  private static final int PIDFD_THREAD = 0x80;

  private final LinuxKernel kernel;
  private final String name;
  private final int fd;
  private final AtomicBoolean closed = new AtomicBoolean();

  private LinuxDescriptor(LinuxKernel kernel, String name, long opened) {
    if (opened < 0) {
      throw new BpfException(Syscall.errno(opened), "%s cannot be opened".formatted(name));
    }
    this.kernel = kernel;
    this.name = name;
    this.fd = (int) opened;
    kernel.opened(this);
  }

  /** The calling thread. */
  static LinuxDescriptor ofThread(LinuxKernel kernel) {
    if (Thread.currentThread().isVirtual()) {
      throw new BpfException(
          Errno.EINVAL, "a virtual thread is no task of Linux: open a platform thread");
    }
    long tid = Syscall.call(SystemCall.GETTID, 0, 0, 0, 0, 0, 0);
    return new LinuxDescriptor(
        kernel, "task " + tid, Syscall.call(SystemCall.PIDFD_OPEN, tid, PIDFD_THREAD, 0, 0, 0, 0));
  }

  /** A file or directory, to be read. */
  static LinuxDescriptor ofPath(LinuxKernel kernel, String path) {
    try (Arena arena = Arena.ofConfined()) {
      long name = arena.allocateFrom(path).address();
      return new LinuxDescriptor(
          kernel, path, Syscall.call(SystemCall.OPENAT, AT_FDCWD, name, O_CLOEXEC, 0, 0, 0));
    }
  }

  @Override
  public int fd() {
    if (closed.get()) {
      throw new IllegalStateException(name + " was used after its descriptor was closed");
    }
    return fd;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      kernel.closed(this);
      Bpf.closeFd(fd);
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
