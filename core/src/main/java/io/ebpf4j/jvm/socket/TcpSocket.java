package io.ebpf4j.jvm.socket;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.spec.Errno;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A TCP socket of the kernel in the JVM: a listener with its queue of connections, or one end of a
 * connection, whose other end is a socket of the same kernel. Thread safe.
 */
public final class TcpSocket extends InetSocket {
  /** Connections that wait at most, as net.core.somaxconn has it. */
  private static final int MAX_BACKLOG = 4096;

  private final ReentrantLock queueLock = new ReentrantLock();
  private final Condition arrived = queueLock.newCondition();

  // Guarded by the queue's lock.
  private final ArrayDeque<TcpSocket> pending = new ArrayDeque<>();
  private int backlog;
  private final ArrayDeque<byte[]> bytes = new ArrayDeque<>();

  /** What programs of control groups hold back: it is sent again with what is sent next. */
  private final ArrayDeque<byte[]> held = new ArrayDeque<>();

  private boolean ended;
  private boolean reset;

  private volatile @Nullable TcpSocket other;

  TcpSocket(Machine machine, Family family) {
    super(machine, family, Protocol.TCP);
  }

  /**
   * Listens, after binding the socket where it is not; once more, to change the backlog.
   *
   * @param connections that wait beside one more, at most 4096; negative is as good
   * @throws BpfException EINVAL where it is connected, EADDRINUSE
   */
  public void listen(int connections) {
    table.lock.lock();
    try {
      mustBeOpen();
      if (isConnected()) {
        throw refusal(Errno.EINVAL, "it is connected");
      }
      if (state() != State.LISTEN) {
        if (isBound()) {
          table.check(this);
        } else {
          place(local());
        }
        setState(State.LISTEN);
        table.publish(this);
      }
    } finally {
      table.lock.unlock();
    }
    queueLock.lock();
    try {
      backlog = connections < 0 ? MAX_BACKLOG : Math.min(connections, MAX_BACKLOG);
    } finally {
      queueLock.unlock();
    }
  }

  /**
   * Connects it to a listener of this kernel.
   *
   * @throws BpfException ECONNREFUSED where nobody listens or the group's program refuses it,
   *     ETIMEDOUT where the listener's queue is full, EISCONN, EINVAL where it listens itself
   */
  public void connect(InetSocketAddress address) {
    Endpoint peer = checked(address);
    table.lock.lock();
    try {
      mustBeOpen();
      if (isConnected()) {
        throw refusal(Errno.EISCONN, "it is connected already");
      }
      if (state() == State.LISTEN) {
        throw refusal(Errno.EISCONN, "it listens");
      }
      if (!isBound()) {
        place(local());
      }
    } finally {
      table.lock.unlock();
    }
    Endpoint here = local().isAny() ? peer.withPort(local().port()) : local();
    TcpSocket listener = delivery.listener(here, peer);
    if (listener == null) {
      throw refusal(Errno.ECONNREFUSED, "nobody takes connections to " + peer);
    }
    TcpSocket child = new TcpSocket(machine(), listener.family());
    child.become(peer, here, this);
    become(here, peer, child);
    if (!listener.copyValuesTo(child) || !listener.offer(child)) {
      child.release();
      become(local(), null, null);
      setState(State.CLOSE);
      throw refusal(Errno.ETIMEDOUT, listener + " has too many connections waiting");
    }
  }

  private void become(Endpoint here, @Nullable Endpoint there, @Nullable TcpSocket otherEnd) {
    setEndpoints(here, there);
    other = otherEnd;
    setState(State.ESTABLISHED);
  }

  /** Puts a connection into the queue. */
  private boolean offer(TcpSocket connection) {
    queueLock.lock();
    try {
      if (state() != State.LISTEN || pending.size() > backlog) {
        return false;
      }
      pending.add(connection);
      arrived.signal();
      return true;
    } finally {
      queueLock.unlock();
    }
  }

  /**
   * The next connection, if one waits, with a descriptor of its own.
   *
   * @throws BpfException EINVAL where it does not listen
   */
  public Optional<TcpSocket> accept() {
    TcpSocket connection;
    queueLock.lock();
    try {
      if (state() != State.LISTEN) {
        throw refusal(Errno.EINVAL, "it does not listen");
      }
      connection = pending.poll();
    } finally {
      queueLock.unlock();
    }
    if (connection != null) {
      connection.open();
    }
    return Optional.ofNullable(connection);
  }

  /**
   * The next connection, waited for; empty when the time is over.
   *
   * @throws InterruptedException where the thread is interrupted meanwhile
   * @throws BpfException EINVAL where it does not listen or stops listening
   */
  public Optional<TcpSocket> accept(Duration atMost) throws InterruptedException {
    await(atMost, () -> !pending.isEmpty() || state() != State.LISTEN);
    return accept();
  }

  private void await(Duration atMost, java.util.function.BooleanSupplier enough)
      throws InterruptedException {
    long nanos = atMost.toNanos();
    queueLock.lockInterruptibly();
    try {
      while (!enough.getAsBoolean() && nanos > 0) {
        nanos = arrived.awaitNanos(nanos);
      }
    } finally {
      queueLock.unlock();
    }
  }

  /** Where it is connected to, if it is. */
  public Optional<InetSocketAddress> remoteAddress() {
    return Optional.ofNullable(peer()).map(Endpoint::toSocketAddress);
  }

  /**
   * Sends bytes to the other end.
   *
   * @throws BpfException ENOTCONN, EPIPE where the connection has ended, ECONNRESET
   */
  public void send(byte[] data) {
    mustBeOpen();
    TcpSocket to = other;
    if (to == null) {
      queueLock.lock();
      try {
        throw reset || ended
            ? refusal(Errno.EPIPE, "the connection has ended")
            : refusal(Errno.ENOTCONN, "it is not connected");
      } finally {
        queueLock.unlock();
      }
    }
    Endpoint peer = peer();
    if (peer != null) {
      synchronized (held) {
        held.add(data.clone());
        while (!held.isEmpty() && passes(to, peer, held.getFirst())) {
          to.take(held.removeFirst());
        }
      }
    }
  }

  private boolean passes(TcpSocket to, Endpoint peer, byte[] data) {
    return GroupFilter.mayLeave(this, local(), peer, data)
        && GroupFilter.mayEnter(to, local(), peer, data);
  }

  private void take(byte[] data) {
    queueLock.lock();
    try {
      bytes.add(data);
      arrived.signal();
    } finally {
      queueLock.unlock();
    }
  }

  /**
   * Bytes that have come in, as they were sent; none where the other end has closed; empty where
   * nothing waits.
   *
   * @throws BpfException ENOTCONN, ECONNRESET where the connection was lost
   */
  public Optional<byte[]> receive() {
    queueLock.lock();
    try {
      byte[] next = bytes.poll();
      if (next != null) {
        return Optional.of(next);
      }
      if (reset) {
        reset = false;
        ended = true;
        throw refusal(Errno.ECONNRESET, "the connection was lost");
      }
      if (ended) {
        return Optional.of(new byte[0]);
      }
      if (!isConnected()) {
        throw refusal(Errno.ENOTCONN, "it is not connected");
      }
      return Optional.empty();
    } finally {
      queueLock.unlock();
    }
  }

  /**
   * The same, waited for; empty when the time is over.
   *
   * @throws InterruptedException where the thread is interrupted meanwhile
   */
  public Optional<byte[]> receive(Duration atMost) throws InterruptedException {
    await(atMost, () -> !bytes.isEmpty() || reset || ended || !isConnected());
    return receive();
  }

  /**
   * Ends a connection both ways, or stops listening: pending connections are lost, unless they
   * migrate to another member of the group. It keeps its port where it was bound to one.
   *
   * @throws BpfException ENOTCONN
   */
  public void shutdown() {
    table.lock.lock();
    try {
      mustBeOpen();
      switch (state()) {
        case LISTEN -> stopListening();
        case ESTABLISHED -> endConnection();
        case CLOSE -> throw refusal(Errno.ENOTCONN, "it is not connected");
      }
    } finally {
      table.lock.unlock();
    }
  }

  /** The same, and it can be connected anew. */
  public void disconnect() {
    table.lock.lock();
    try {
      mustBeOpen();
      switch (state()) {
        case LISTEN -> stopListening();
        case ESTABLISHED -> endConnection();
        case CLOSE -> {}
      }
      setEndpoints(unconnectedLocal(), null);
    } finally {
      table.lock.unlock();
    }
  }

  private void stopListening() {
    ReuseportGroup group = group();
    setState(State.CLOSE);
    table.withdraw(this);
    if (group != null && (table.migratesRequests() || ReuseportProgramKind.migrates(group))) {
      leaveArray();
      group.stop(this);
    } else {
      leaveGroup();
    }
    handOn(group());
    if (!portWasWanted()) {
      leavePort(true);
    }
  }

  /** Gives waiting connections to other members, or ends them. */
  private void handOn(@Nullable ReuseportGroup group) {
    List<TcpSocket> waiting;
    queueLock.lock();
    try {
      waiting = new ArrayList<>(pending);
      pending.clear();
      arrived.signalAll();
    } finally {
      queueLock.unlock();
    }
    for (TcpSocket connection : waiting) {
      InetSocket next = group == null ? null : delivery.migrate(group, this, connection);
      if (!(next instanceof TcpSocket listener) || !listener.offer(connection)) {
        connection.lose();
      }
    }
  }

  /** Ends a connection that nobody has accepted. */
  private void lose() {
    TcpSocket otherEnd = other;
    if (otherEnd != null) {
      otherEnd.lost();
    }
    release();
  }

  private void lost() {
    queueLock.lock();
    try {
      other = null;
      reset = true;
      setState(State.CLOSE);
      arrived.signalAll();
    } finally {
      queueLock.unlock();
    }
  }

  private void endConnection() {
    TcpSocket otherEnd = other;
    other = null;
    setState(State.CLOSE);
    queueLock.lock();
    try {
      ended = true;
      arrived.signalAll();
    } finally {
      queueLock.unlock();
    }
    if (otherEnd != null) {
      otherEnd.finished();
    }
  }

  private void finished() {
    queueLock.lock();
    try {
      ended = true;
      arrived.signalAll();
    } finally {
      queueLock.unlock();
    }
  }

  int flowHash(FlowHash hash) {
    Endpoint peer = peer();
    return hash.of(peer == null ? Endpoint.NONE : peer, local());
  }

  @Override
  void bound() {}

  @Override
  boolean isReachable() {
    return state() == State.LISTEN;
  }

  @Override
  void closing() {
    switch (state()) {
      case LISTEN -> stopListening();
      case ESTABLISHED -> endConnection();
      case CLOSE -> {}
    }
    leaveGroup();
    table.unbind(this);
    queueLock.lock();
    try {
      arrived.signalAll();
    } finally {
      queueLock.unlock();
    }
  }
}
