package io.ebpf4j.jvm.socket;

import io.ebpf4j.BpfException;
import io.ebpf4j.Program;
import io.ebpf4j.ReuseportServer;
import io.ebpf4j.spec.Errno;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A port of the host that one thread reads. Each member has a socket of this kernel, bound to the
 * same address, so that arrays, groups and programs are the kernel's own; what the kernel says goes
 * to a socket goes into its member's queue.
 *
 * @param <M> what members get
 */
abstract class NioServer<M> implements ReuseportServer<M> {
  private final InetSocketAddress address;
  private final Map<InetSocket, QueueMember> members = new ConcurrentHashMap<>();
  private final LongAdder refused = new LongAdder();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile @Nullable Thread reader;
  private Runnable whenClosed = () -> {};

  NioServer(InetSocketAddress address) {
    this.address = address;
  }

  /** Starts the thread that reads the port; runs that when the server has been closed. */
  final void start(Runnable afterwards) {
    whenClosed = afterwards;
    String name = "ebpf4j-server-" + address.getPort();
    reader = Thread.ofPlatform().daemon().name(name).start(this::read);
  }

  /** A refusal of the host, in words of ours. */
  static BpfException refusal(IOException failure, InetSocketAddress wanted) {
    String message = String.valueOf(failure.getMessage());
    Errno errno = Errno.EIO;
    if (failure instanceof BindException) {
      errno =
          message.contains("ermission")
              ? Errno.EACCES
              : message.contains("ssign") ? Errno.EADDRNOTAVAIL : Errno.EADDRINUSE;
    }
    return new BpfException(errno, "serving %s: %s".formatted(wanted, message));
  }

  private void read() {
    try {
      while (!closed.get()) {
        readNext();
      }
    } catch (ClosedChannelException ended) {
      // By close.
    } catch (IOException failure) {
      if (!closed.get()) {
        close();
      }
    }
  }

  /** Waits for what comes in next and hands it on. */
  abstract void readNext() throws IOException;

  /** A socket of this kernel for a member, bound to the address that it is to share. */
  abstract InetSocket newSocket(InetSocketAddress shared);

  /** Gives back what a member did not take. */
  abstract void discard(M message);

  abstract void closeChannel() throws IOException;

  /**
   * Hands a message to the member whose socket was chosen.
   *
   * @return false where that member is just joining or leaving: choose again
   */
  final boolean handOn(@Nullable InetSocket chosen, M message) {
    if (chosen == null) {
      refused.increment();
      discard(message);
      return true;
    }
    QueueMember member = members.get(chosen);
    return member != null && member.offer(message);
  }

  @Override
  public final InetSocketAddress address() {
    return address;
  }

  @Override
  public final Member join(ThreadFactory threads, int capacity, Consumer<M> service) {
    if (closed.get()) {
      throw new IllegalStateException("the server of " + address + " was used after it was closed");
    }
    InetSocket socket = newSocket(address);
    QueueMember member = new QueueMember(socket, capacity, service);
    members.put(socket, member);
    threads.newThread(member::serve).start();
    return member;
  }

  @Override
  public final void attach(Program program) {
    anyMember().attachReuseportProgram(program.fd());
  }

  @Override
  public final void detach() {
    anyMember().detachReuseportProgram();
  }

  private InetSocket anyMember() {
    return members.keySet().stream()
        .findFirst()
        .orElseThrow(
            () -> new IllegalStateException("nobody serves %s yet: join first".formatted(address)));
  }

  @Override
  public final long refused() {
    return refused.sum();
  }

  @Override
  public final void close() {
    if (closed.compareAndSet(false, true)) {
      try {
        closeChannel();
      } catch (IOException ignored) {
        // The port is free nevertheless.
      }
      awaitReader();
      members.values().forEach(QueueMember::close);
      whenClosed.run();
    }
  }

  /** Its thread may be asking a program, for which the kernel's memory must stay. */
  private void awaitReader() {
    Thread running = reader;
    boolean interrupted = false;
    while (running != null && running != Thread.currentThread() && running.isAlive()) {
      try {
        running.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** A member with a queue. */
  private final class QueueMember implements Member {
    private final InetSocket socket;
    private final ArrayBlockingQueue<Object> queue;
    private final Consumer<M> service;
    private final AtomicBoolean left = new AtomicBoolean();
    private final LongAdder dropped = new LongAdder();
    private final AtomicLong received = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();

    /** Stands behind the last message. */
    private final Object end = new Object();

    QueueMember(InetSocket socket, int capacity, Consumer<M> service) {
      this.socket = socket;
      this.queue = new ArrayBlockingQueue<>(capacity);
      this.service = service;
    }

    /** Says whether it has not left; under the lock, so that nothing comes behind the end. */
    synchronized boolean offer(M message) {
      if (left.get()) {
        return false;
      }
      if (!queue.offer(message)) {
        dropped.increment();
        discard(message);
      }
      return true;
    }

    void serve() {
      try {
        while (true) {
          Object next = left.get() ? queue.poll() : queue.take();
          if (next == null) {
            return;
          }
          if (next != end) {
            received.incrementAndGet();
            serve(message(next));
          }
        }
      } catch (InterruptedException stopped) {
        close();
        queue.forEach(waiting -> discard(message(waiting)));
      }
    }

    private void serve(M message) {
      try {
        service.accept(message);
      } catch (RuntimeException failure) {
        failed.incrementAndGet();
      }
    }

    @SuppressWarnings("unchecked") // Only messages and the end are put in.
    private M message(Object queued) {
      return (M) queued;
    }

    @Override
    public int fd() {
      return socket.fd();
    }

    @Override
    public long received() {
      return received.get();
    }

    @Override
    public long dropped() {
      return dropped.sum();
    }

    @Override
    public long failed() {
      return failed.get();
    }

    @Override
    public void close() {
      socket.close();
      members.remove(socket);
      synchronized (this) {
        if (left.compareAndSet(false, true) && !queue.offer(end)) {
          // Full: its thread is busy, and sees that it has left.
          return;
        }
      }
    }
  }
}
