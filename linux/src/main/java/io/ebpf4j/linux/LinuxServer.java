package io.ebpf4j.linux;

import io.ebpf4j.BpfException;
import io.ebpf4j.Program;
import io.ebpf4j.ReuseportServer;
import io.ebpf4j.spec.Errno;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.NetworkChannel;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A port of the host that members share by sockets of their own, among which Linux chooses.
 *
 * @param <M> what members get
 */
abstract class LinuxServer<M> implements ReuseportServer<M> {
  private final LinuxKernel kernel;
  private final List<LinuxMember<M>> members = new CopyOnWriteArrayList<>();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile InetSocketAddress address;
  private @Nullable NetworkChannel reservation;

  LinuxServer(LinuxKernel kernel, InetSocketAddress wanted) {
    this.kernel = kernel;
    this.address = wanted;
  }

  /** A member with a bound channel. */
  abstract LinuxMember<M> newMember(InetSocketAddress shared, int capacity, Consumer<M> service)
      throws IOException;

  /** Binds a channel that keeps the port until there is a member. */
  final void reserve(Callable<NetworkChannel> open) {
    try {
      NetworkChannel channel = open.call();
      reservation = channel;
      channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
      channel.bind(address);
      address = (InetSocketAddress) channel.getLocalAddress();
    } catch (IOException failure) {
      endReservation();
      throw refusal(failure);
    } catch (Exception impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private void endReservation() {
    NetworkChannel channel = reservation;
    reservation = null;
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException ignored) {
        // The port is free nevertheless.
      }
    }
  }

  @Override
  public final InetSocketAddress address() {
    return address;
  }

  @Override
  public final synchronized Member join(ThreadFactory threads, int capacity, Consumer<M> service) {
    if (closed.get()) {
      throw new IllegalStateException("the server of " + address + " was used after it was closed");
    }
    try {
      LinuxMember<M> member = newMember(address, capacity, service);
      members.add(member);
      endReservation();
      member.whenClosed(() -> members.remove(member));
      threads.newThread(member::serve).start();
      return member;
    } catch (IOException failure) {
      throw refusal(failure);
    }
  }

  final BpfException refusal(IOException failure) {
    String message = String.valueOf(failure.getMessage());
    Errno errno = Errno.EIO;
    if (failure instanceof BindException) {
      errno =
          message.contains("ermission")
              ? Errno.EACCES
              : message.contains("ssign") ? Errno.EADDRNOTAVAIL : Errno.EADDRINUSE;
    }
    return new BpfException(errno, "serving %s: %s".formatted(address, message));
  }

  @Override
  public final void attach(Program program) {
    kernel.attachToReuseportGroup(program, anyMember().fd());
  }

  @Override
  public final void detach() {
    kernel.detachFromReuseportGroup(anyMember().fd());
  }

  private Member anyMember() {
    if (members.isEmpty()) {
      throw new IllegalStateException("nobody serves %s yet: join first".formatted(address));
    }
    return members.getFirst();
  }

  @Override
  public final long refused() {
    return 0;
  }

  @Override
  public final void close() {
    if (closed.compareAndSet(false, true)) {
      members.forEach(LinuxMember::close);
      synchronized (this) {
        endReservation();
      }
    }
  }
}
