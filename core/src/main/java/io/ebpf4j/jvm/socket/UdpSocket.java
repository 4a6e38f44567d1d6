package io.ebpf4j.jvm.socket;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.spec.Errno;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A UDP socket of the kernel in the JVM, with its queue of datagrams. Thread safe. */
public final class UdpSocket extends InetSocket {
  /** Bytes that wait in a socket at most, as net.core.rmem_default has it. */
  private static final int RECEIVE_BUFFER = 212_992;

  /** What Linux charges for the smallest datagram beside its payload. */
  private static final int DATAGRAM_OVERHEAD = 704;

  private static final int MAX_PAYLOAD_IPV4 = 65_507;

  private final ReentrantLock queueLock = new ReentrantLock();
  private final Condition arrived = queueLock.newCondition();
  private final ArrayDeque<Datagram> queue = new ArrayDeque<>();
  private final AtomicLong dropped = new AtomicLong();
  private long queuedBytes;
  private int receiveBuffer = RECEIVE_BUFFER;
  private @Nullable Errno pendingError;

  UdpSocket(Machine machine, Family family) {
    super(machine, family, Protocol.UDP);
  }

  /** Sets SO_RCVBUF: bytes of datagrams, with 704 for each, that wait at most. */
  public void setReceiveBuffer(int bytes) {
    queueLock.lock();
    try {
      receiveBuffer = bytes;
    } finally {
      queueLock.unlock();
    }
  }

  /** Datagrams that were thrown away because too many were waiting. */
  public long dropped() {
    return dropped.get();
  }

  /**
   * Connects it: only that peer's datagrams reach it from now on, and before all other sockets. It
   * leaves its group and its array, and does not come back by {@link #disconnect}.
   *
   * @throws BpfException EADDRINUSE where no port is free, EAFNOSUPPORT for an address of the other
   *     family
   */
  public void connect(InetSocketAddress address) {
    Endpoint peer = checked(address);
    table.lock.lock();
    try {
      mustBeOpen();
      if (!isBound()) {
        place(Endpoint.any(family(), 0));
        table.publish(this);
      }
      forgetPeer();
      Endpoint local = unconnectedLocal();
      Endpoint here = local.isAny() ? sourceFor(peer, local.port()) : local;
      leaveGroup();
      setEndpoints(here, peer);
      table.rehash(this);
      setState(State.ESTABLISHED);
      table.connect(this, peer);
    } finally {
      table.lock.unlock();
    }
  }

  /** What a packet to a peer has as its source: every address is the kernel's own. */
  private static Endpoint sourceFor(Endpoint peer, int port) {
    return peer.withPort(port);
  }

  private void forgetPeer() {
    Endpoint peer = peer();
    if (peer != null) {
      table.disconnect(this, peer);
    }
  }

  /** Connects it to nobody. */
  public void disconnect() {
    table.lock.lock();
    try {
      mustBeOpen();
      forgetPeer();
      setState(State.CLOSE);
      if (isBound() && !portWasWanted()) {
        leaveGroup();
        table.withdraw(this);
        leavePort(false);
      } else {
        boolean movesToWildcard = isBound() && !addressWasWanted();
        setEndpoints(unconnectedLocal(), null);
        if (movesToWildcard) {
          // Even where it was there before: Linux looks at what was asked for alone.
          leaveGroup();
          table.rehash(this);
        }
      }
    } finally {
      table.lock.unlock();
    }
  }

  /**
   * Sends a datagram to the peer that it is connected to.
   *
   * @throws BpfException EDESTADDRREQ where it is not connected, ECONNREFUSED where the one before
   *     was refused, EMSGSIZE
   */
  public void send(byte[] payload) {
    Endpoint peer = peer();
    if (peer == null) {
      throw refusal(Errno.EDESTADDRREQ, "it is not connected");
    }
    send(peer, payload);
  }

  /**
   * Sends a datagram, after binding the socket where it is not.
   *
   * @throws BpfException as {@link #send}
   */
  public void sendTo(InetSocketAddress address, byte[] payload) {
    send(checked(address), payload);
  }

  private void send(Endpoint to, byte[] payload) {
    mustBeOpen();
    if (payload.length > MAX_PAYLOAD_IPV4) {
      throw refusal(
          Errno.EMSGSIZE,
          "a datagram has at most %d bytes, not %d".formatted(MAX_PAYLOAD_IPV4, payload.length));
    }
    throwPendingError();
    bindWhereNeeded();
    Endpoint from = local();
    Endpoint source = from.isAny() ? sourceFor(to, from.port()) : from;
    if (!GroupFilter.mayLeave(this, source, to, payload)) {
      throw refusal(Errno.EPERM, "a program of %s lets no such datagram leave".formatted(cgroup()));
    }
    if (delivery.datagram(source, to, payload) == Delivery.Outcome.REFUSED && isConnected()) {
      queueLock.lock();
      try {
        pendingError = Errno.ECONNREFUSED;
        arrived.signal();
      } finally {
        queueLock.unlock();
      }
    }
  }

  private void bindWhereNeeded() {
    if (!isBound()) {
      table.lock.lock();
      try {
        if (!isBound()) {
          place(local());
          table.publish(this);
        }
      } finally {
        table.lock.unlock();
      }
    }
  }

  private void throwPendingError() {
    queueLock.lock();
    try {
      Errno error = pendingError;
      pendingError = null;
      if (error != null) {
        throw refusal(error, "nobody took the datagram before");
      }
    } finally {
      queueLock.unlock();
    }
  }

  /**
   * The next datagram, if one waits.
   *
   * @throws BpfException ECONNREFUSED where one that was sent was refused
   */
  public Optional<Datagram> receive() {
    throwPendingError();
    queueLock.lock();
    try {
      return Optional.ofNullable(take());
    } finally {
      queueLock.unlock();
    }
  }

  /**
   * The next datagram, waited for; empty when the time is over or the socket is closed.
   *
   * @throws InterruptedException where the thread is interrupted meanwhile
   * @throws BpfException ECONNREFUSED where one that was sent was refused
   */
  public Optional<Datagram> receive(Duration atMost) throws InterruptedException {
    long nanos = atMost.toNanos();
    queueLock.lockInterruptibly();
    try {
      while (queue.isEmpty() && pendingError == null && !isClosed() && nanos > 0) {
        nanos = arrived.awaitNanos(nanos);
      }
    } finally {
      queueLock.unlock();
    }
    return receive();
  }

  private @Nullable Datagram take() {
    Datagram next = queue.poll();
    if (next != null) {
      queuedBytes -= next.payload().length + DATAGRAM_OVERHEAD;
    }
    return next;
  }

  /** Puts a datagram into the queue, or drops it where too many wait. */
  boolean offer(Datagram datagram) {
    queueLock.lock();
    try {
      if (isClosed() || queuedBytes > receiveBuffer) {
        dropped.incrementAndGet();
        return false;
      }
      queuedBytes += datagram.payload().length + DATAGRAM_OVERHEAD;
      queue.add(datagram);
      arrived.signal();
      return true;
    } finally {
      queueLock.unlock();
    }
  }

  @Override
  void bound() {
    table.publish(this);
  }

  @Override
  boolean isReachable() {
    return isBound();
  }

  @Override
  void closing() {
    forgetPeer();
    if (isBound()) {
      leaveGroup();
      table.withdraw(this);
      table.unbind(this);
    } else {
      leaveGroup();
    }
    queueLock.lock();
    try {
      queue.clear();
      arrived.signalAll();
    } finally {
      queueLock.unlock();
    }
  }
}
