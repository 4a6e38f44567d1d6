package io.ebpf4j.conformance;

import io.ebpf4j.Descriptor;
import io.ebpf4j.Kernel;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.spec.MapType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** Owners of local storage on either kernel: what a test makes here goes when it is closed. */
final class StorageOwners implements AutoCloseable {
  /** Where a cgroup2 file system is looked for. */
  private static final List<Path> CGROUPS =
      List.of(Path.of("/sys/fs/cgroup/unified"), Path.of("/sys/fs/cgroup"));

  private static final AtomicInteger COUNT = new AtomicInteger();

  private final Kernel kernel;
  private final List<AutoCloseable> opened = new ArrayList<>();

  StorageOwners(Kernel kernel) {
    this.kernel = kernel;
  }

  /** A new owner for maps of that type: a socket, a thread, a file or a control group. */
  Owner open(MapType type) {
    return switch (type) {
      case TASK_STORAGE -> task();
      case INODE_STORAGE -> file();
      case CGRP_STORAGE -> cgroup();
      case SK_STORAGE -> socket();
      default -> throw new IllegalArgumentException("no owner for " + type);
    };
  }

  /** An owner whose descriptor may be closed before it ends. */
  record Owner(Descriptor descriptor, Runnable end) {
    int fd() {
      return descriptor.fd();
    }
  }

  private Owner socket() {
    TwinSocket socket = new TwinSockets(kernel).udp();
    return opened(
        new Descriptor() {
          @Override
          public int fd() {
            return socket.fd();
          }

          @Override
          public void close() {
            socket.close();
          }
        },
        () -> {});
  }

  private Owner task() {
    CountDownLatch end = new CountDownLatch(1);
    CountDownLatch begun = new CountDownLatch(1);
    List<Descriptor> descriptor = new ArrayList<>();
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .start(() -> {
              descriptor.add(kernel.openTask());
              begun.countDown();
              await(end);
            });
    await(begun);
    Runnable stop =
        () -> {
          end.countDown();
          try {
            thread.join();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        };
    return opened(descriptor.getFirst(), stop);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private Owner file() {
    try {
      Path file = Files.createTempFile("ebpf4j", null);
      return opened(
          kernel.openFile(file),
          () -> {
            try {
              Files.deleteIfExists(file);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs an action in a new control group, given by its path; what it makes is in the group. */
  void inCgroup(Consumer<String> action) {
    String name = newName();
    if (kernel instanceof JvmKernel jvm) {
      opened.add(jvm.createCgroup(null, name));
      jvm.enterCgroup("/" + name);
      try {
        action.accept("/" + name);
      } finally {
        jvm.enterCgroup("/");
      }
      return;
    }
    Path directory = cgroupRoot().resolve(name);
    try {
      Files.createDirectory(directory);
      String pid = Long.toString(ProcessHandle.current().pid());
      String before = Files.readString(Path.of("/proc/self/cgroup"));
      String home =
          before
              .lines()
              .filter(line -> line.startsWith("0::"))
              .findFirst()
              .orElse("0::/")
              .substring(3);
      Files.writeString(directory.resolve("cgroup.procs"), pid);
      try {
        action.accept(directory.toString());
      } finally {
        Files.writeString(Path.of(cgroupRoot() + home).resolve("cgroup.procs"), pid);
        Files.delete(directory);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String newName() {
    return "ebpf4j-%d-%d".formatted(ProcessHandle.current().pid(), COUNT.incrementAndGet());
  }

  private Owner cgroup() {
    String name = newName();
    if (kernel instanceof JvmKernel jvm) {
      Descriptor made = jvm.createCgroup(null, name);
      return opened(kernel.openCgroup("/" + name), made::close);
    }
    try {
      Path directory = Files.createDirectory(cgroupRoot().resolve(name));
      return opened(
          kernel.openCgroup(directory.toString()),
          () -> {
            try {
              Files.deleteIfExists(directory);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The root of the cgroup2 file system. */
  static Path cgroupRoot() {
    return CGROUPS.stream()
        .filter(root -> Files.exists(root.resolve("cgroup.procs")))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("no cgroup2 file system is mounted"));
  }

  private Owner opened(Descriptor descriptor, Runnable end) {
    opened.add(descriptor);
    opened.add(end::run);
    return new Owner(descriptor, end);
  }

  @Override
  public void close() {
    for (AutoCloseable one : opened) {
      try {
        one.close();
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
