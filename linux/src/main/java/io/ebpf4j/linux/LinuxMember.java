package io.ebpf4j.linux;

import io.ebpf4j.ReuseportServer.Member;
import java.io.IOException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * A member with a channel of its own, which its thread reads.
 *
 * @param <M> what it gets
 */
abstract class LinuxMember<M> implements Member {
  private final SelectableChannel channel;
  private final int fd;
  private final Consumer<M> service;
  private final Selector selector;
  private final AtomicBoolean left = new AtomicBoolean();
  private final AtomicLong received = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private volatile boolean ended;
  private volatile long droppedBefore;
  private volatile Runnable whenClosed = () -> {};

  LinuxMember(SelectableChannel channel, int fd, Consumer<M> service) throws IOException {
    this.channel = channel;
    this.fd = fd;
    this.service = service;
    channel.configureBlocking(false);
    this.selector = Selector.open();
    channel.register(selector, channel.validOps() & ~SelectionKey.OP_WRITE);
  }

  final void whenClosed(Runnable action) {
    whenClosed = action;
  }

  /** Serves what waits; does not wait itself. */
  abstract void serveWaiting() throws IOException;

  /** Gets nothing new from now on. */
  abstract void leaveGroup();

  final void serve(M message) {
    received.incrementAndGet();
    try {
      service.accept(message);
    } catch (RuntimeException failure) {
      failed.incrementAndGet();
    }
  }

  final void serve() {
    try (selector;
        channel) {
      while (!left.get() && !Thread.currentThread().isInterrupted()) {
        serveWaiting();
        selector.select(key -> {});
      }
      leaveGroup();
      serveWaiting();
      droppedBefore = ReuseportChannel.drops(fd);
      ended = true;
    } catch (IOException | ClosedSelectorException failure) {
      ended = true;
    } finally {
      whenClosed.run();
    }
  }

  @Override
  public final int fd() {
    return fd;
  }

  @Override
  public final long received() {
    return received.get();
  }

  @Override
  public final long dropped() {
    return ended ? droppedBefore : ReuseportChannel.drops(fd);
  }

  @Override
  public final long failed() {
    return failed.get();
  }

  @Override
  public final void close() {
    if (left.compareAndSet(false, true)) {
      whenClosed.run();
      leaveGroup();
      selector.wakeup();
    }
  }
}
