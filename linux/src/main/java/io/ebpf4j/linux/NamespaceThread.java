package io.ebpf4j.linux;

import io.ebpf4j.BpfException;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A thread of its own in a network namespace: Linux looks devices up in the namespace of the thread
 * that calls.
 */
final class NamespaceThread implements AutoCloseable {
  private volatile @Nullable Thread there;
  private final ExecutorService thread = Executors.newSingleThreadExecutor(this::start);

  /**
   * Starts the thread in a namespace.
   *
   * @throws BpfException ENOENT, EPERM or EINVAL where it cannot be entered
   */
  NamespaceThread(Path namespace) {
    try {
      call(() -> {
        Bpf.enterNetworkNamespace(namespace);
        return true;
      });
    } catch (RuntimeException failure) {
      close();
      throw failure;
    }
  }

  private Thread start(Runnable work) {
    Thread started = Thread.ofPlatform().daemon().name("ebpf4j-namespace").unstarted(work);
    there = started;
    return started;
  }

  /** Calls something there and waits for it; at once where the caller is there already. */
  <T> T call(Supplier<T> task) {
    if (Thread.currentThread() == there) {
      return task.get();
    }
    Future<T> future = thread.submit(task::get);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error failure) {
        throw failure;
      }
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new AssertionError("a supplier throws no checked exception", e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    thread.close();
  }
}
