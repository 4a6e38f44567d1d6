package io.ebpf4j.jvm.socket;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.handle.Counted;
import io.ebpf4j.jvm.handle.FdTable;
import io.ebpf4j.jvm.map.Cgroup;
import io.ebpf4j.jvm.map.CgroupTree;
import io.ebpf4j.jvm.map.StorageOwner;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramType;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A socket of the kernel in the JVM, over IPv4 or IPv6, and its descriptor. Every address is an
 * address of this kernel's own. Operations answer as those of Linux; {@link BpfException} has the
 * errno. Thread safe.
 */
public abstract sealed class InetSocket extends StorageOwner implements AutoCloseable
    permits UdpSocket, TcpSocket {
  // struct bpf_sock of the UAPI header.
  static final int STRUCT_BYTES = 80;
  private static final int FAMILY_OFFSET = 4;
  private static final int TYPE_OFFSET = 8;
  private static final int PROTOCOL_OFFSET = 12;
  private static final int SRC_IP4_OFFSET = 24;
  private static final int SRC_IP6_OFFSET = 28;
  private static final int SRC_PORT_OFFSET = 44;
  private static final int DST_PORT_OFFSET = 48;
  private static final int DST_IP4_OFFSET = 52;
  private static final int DST_IP6_OFFSET = 56;
  private static final int STATE_OFFSET = 72;
  private static final int RX_QUEUE_MAPPING_OFFSET = 76;

  /** net.core.optmem_max, what a socket may take for its storage. */
  private static final int OPTION_MEMORY_BYTES = 131_072;

  private static final AtomicLong LAST_COOKIE = new AtomicLong();

  /** States of {@code enum} TCP_ESTABLISHED, … in the UAPI header. */
  enum State {
    ESTABLISHED(1),
    CLOSE(7),
    LISTEN(10);

    private final int number;

    State(int number) {
      this.number = number;
    }
  }

  final SocketTable table;
  final Delivery delivery;
  private final Cgroup cgroup;
  private final Family family;
  private final Protocol protocol;
  private final long cookie = LAST_COOKIE.incrementAndGet();
  private final AtomicBoolean closed = new AtomicBoolean();
  private int fd = -1;

  // Guarded by the table's lock for writing.
  private volatile boolean reusesPort;
  private volatile boolean ipv6Only;
  private volatile Endpoint local;
  private volatile @Nullable Endpoint peer;
  private volatile State state = State.CLOSE;
  private volatile @Nullable ReuseportGroup group;
  private volatile int formerPort;
  private boolean portWasWanted;
  private boolean addressWasWanted;
  private @Nullable ReuseportSockArray array;
  private int arrayIndex;

  InetSocket(Machine machine, Family family, Protocol protocol) {
    super(machine, STRUCT_BYTES);
    this.table = machine.slots().get(SocketTable.SLOT);
    this.delivery = machine.slots().get(Delivery.SLOT);
    this.family = family;
    this.protocol = protocol;
    this.local = Endpoint.any(family, 0);
    fillStruct();
    limitStorage(OPTION_MEMORY_BYTES);
    cgroup = machine.slots().get(CgroupTree.SLOT).current();
    cgroup.retain();
  }

  @Override
  public final MapType storageType() {
    return MapType.SK_STORAGE;
  }

  /** The control group of the thread that made it. */
  public final Cgroup cgroup() {
    return cgroup;
  }

  @Override
  protected void released() {
    cgroup.release();
  }

  /** Gives it a descriptor, which holds it from now on in the place of its maker. */
  final void open() {
    fd = fds().open(this);
    release();
  }

  private FdTable fds() {
    return machine().slots().get(FdTable.SLOT);
  }

  /** The descriptor, which maps take. */
  public final int fd() {
    return fd;
  }

  /** SO_COOKIE: a number that no other socket has had. */
  public final long cookie() {
    return cookie;
  }

  /** IPv4 or IPv6. */
  public final Family family() {
    return family;
  }

  /**
   * Where it is bound: port 0 where it is not. A listener that was given a port and has been shut
   * down tells its former port, which others may take, as on Linux.
   */
  public final InetSocketAddress localAddress() {
    Endpoint here = local;
    return (here.port() == 0 ? here.withPort(formerPort) : here).toSocketAddress();
  }

  /** Gives its port back, under the lock. */
  final void leavePort(boolean tellsIt) {
    table.unbind(this);
    formerPort = tellsIt ? local.port() : 0;
    setEndpoints(unconnectedLocal().withPort(0), null);
  }

  /**
   * Sets SO_REUSEPORT, before it is bound: sockets that all have it share an address and a port.
   */
  public final void setReusePort(boolean whether) {
    reusesPort = whether;
  }

  /**
   * Sets IPV6_V6ONLY, before it is bound: whether IPv4 is left to others.
   *
   * @throws BpfException EINVAL where it is bound, ENOPROTOOPT for an IPv4 socket
   */
  public final void setIpv6Only(boolean whether) {
    if (family == Family.IPV4) {
      throw refusal(Errno.ENOPROTOOPT, "it is an IPv4 socket");
    }
    if (isBound()) {
      throw refusal(Errno.EINVAL, "it is bound: set IPV6_V6ONLY before");
    }
    ipv6Only = whether;
  }

  /**
   * Binds it.
   *
   * @param address of its family; port 0 for one of the kernel's choice
   * @throws BpfException EADDRINUSE where another socket is there that does not share, EINVAL where
   *     it is bound already, EAFNOSUPPORT for an address of the other family
   */
  public final void bind(InetSocketAddress address) {
    Endpoint wanted = checked(address);
    table.lock.lock();
    try {
      mustBeOpen();
      if (isBound()) {
        throw refusal(Errno.EINVAL, "it is bound already, to " + local);
      }
      place(wanted);
      if (family == Family.IPV6 && !wanted.isAny() && !wanted.isIpv4()) {
        // On Linux too it stays so when the address goes.
        ipv6Only = true;
      }
      portWasWanted = wanted.port() != 0;
      addressWasWanted = !wanted.isAny();
      bound();
    } finally {
      table.lock.unlock();
    }
  }

  /** Takes a port, under the lock. */
  final void place(Endpoint wanted) {
    Endpoint taken = table.bind(this, wanted);
    local = taken;
    fillStruct();
  }

  /** It has been bound, under the lock. */
  abstract void bound();

  /** The address, of the family that the socket has. */
  final Endpoint checked(InetSocketAddress address) {
    Endpoint endpoint = Endpoint.of(address);
    if (family == Family.IPV4 && !endpoint.isIpv4()) {
      throw refusal(Errno.EAFNOSUPPORT, address + " is no IPv4 address");
    }
    // The JDK has no mapped addresses: an IPv4 wildcard is that of IPv6 too.
    return family == Family.IPV6 && endpoint.isIpv4() && endpoint.isAny()
        ? Endpoint.any(family, endpoint.port())
        : endpoint;
  }

  /**
   * Attaches a program to the group that it shares its address with, in the place of the one that
   * is there: SO_ATTACH_REUSEPORT_EBPF. The group holds the program.
   *
   * @param program the descriptor of a program of type SK_REUSEPORT or SOCKET_FILTER
   * @throws BpfException EBADF, EINVAL where it is another program, or the socket is without
   *     SO_REUSEPORT or was bound without it
   */
  public final void attachReuseportProgram(int program) {
    Counted object =
        fds()
            .hold(program)
            .orElseThrow(() -> refusal(Errno.EBADF, "there is no descriptor " + program));
    try {
      if (!(object instanceof LoadedProgram loaded)
          || (loaded.spec().type() != ProgramType.SK_REUSEPORT
              && loaded.spec().type() != ProgramType.SOCKET_FILTER)) {
        throw refusal(
            Errno.EINVAL,
            "%s is no program of type SK_REUSEPORT or SOCKET_FILTER".formatted(object));
      }
      table.lock.lock();
      try {
        if (group == null && (isReachable() || !reusesPort)) {
          throw refusal(
              Errno.EINVAL, "it shares its address with nobody: set SO_REUSEPORT, then bind it");
        }
        table.groupOf(this, false).exchangeProgram(loaded);
      } finally {
        table.lock.unlock();
      }
    } finally {
      object.release();
    }
  }

  /**
   * Detaches the group's program: SO_DETACH_REUSEPORT_BPF.
   *
   * @throws BpfException ENOENT where there is none, EINVAL without a group and SO_REUSEPORT
   */
  public final void detachReuseportProgram() {
    table.lock.lock();
    try {
      ReuseportGroup shared = group;
      if (shared == null && !reusesPort) {
        throw refusal(Errno.EINVAL, "it shares its address with nobody");
      }
      if (shared == null
          || (shared.hasStopped() && !isReachable())
          || !shared.exchangeProgram(null)) {
        throw refusal(Errno.ENOENT, "no program is attached to its group");
      }
    } finally {
      table.lock.unlock();
    }
  }

  /** Whether packets may reach it: a bound UDP socket, a listening TCP socket. */
  abstract boolean isReachable();

  final Protocol protocol() {
    return protocol;
  }

  final boolean reusesPort() {
    return reusesPort;
  }

  final boolean isIpv6Only() {
    return ipv6Only;
  }

  final Endpoint local() {
    return local;
  }

  final @Nullable Endpoint peer() {
    return peer;
  }

  final boolean isBound() {
    return local.port() != 0;
  }

  final boolean isConnected() {
    return state == State.ESTABLISHED;
  }

  final State state() {
    return state;
  }

  final void setState(State next) {
    state = next;
    fillStruct();
  }

  final void setEndpoints(Endpoint here, @Nullable Endpoint there) {
    local = here;
    peer = there;
    fillStruct();
  }

  final boolean addressWasWanted() {
    return addressWasWanted;
  }

  final boolean portWasWanted() {
    return portWasWanted;
  }

  /** The local address without what a connection has made of it. */
  final Endpoint unconnectedLocal() {
    return addressWasWanted ? local : Endpoint.any(family, local.port());
  }

  final @Nullable ReuseportGroup group() {
    return group;
  }

  final void setGroup(@Nullable ReuseportGroup next) {
    group = next;
  }

  /** Takes it out of its array and its group for good, under the lock. */
  final void leaveGroup() {
    leaveArray();
    ReuseportGroup shared = group;
    if (shared != null) {
      group = null;
      shared.remove(this);
    }
  }

  final boolean isInArray() {
    return array != null;
  }

  /** Notes the slot that it is in, under the lock. */
  final void enterArray(ReuseportSockArray in, int index) {
    array = in;
    arrayIndex = index;
  }

  /** Notes that it is in no array, under the lock. */
  final void leftArray() {
    array = null;
  }

  /** Takes it out of its slot, under the lock. */
  final void leaveArray() {
    ReuseportSockArray in = array;
    if (in != null) {
      in.forget(arrayIndex, this);
      array = null;
    }
  }

  final void mustBeOpen() {
    if (closed.get()) {
      throw new IllegalStateException(this + " was used after it was closed");
    }
  }

  final boolean isClosed() {
    return closed.get();
  }

  final BpfException refusal(Errno errno, String sentence) {
    return new BpfException(errno, this + ": " + sentence);
  }

  /** Writes what programs see of it: {@code struct bpf_sock}. */
  private void fillStruct() {
    // The other end of a connection may be written to when it has gone.
    if (tryRetain()) {
      try {
        fill(address());
      } finally {
        release();
      }
    }
  }

  private void fill(long struct) {
    Memory.putInt(struct + FAMILY_OFFSET, family.number());
    Memory.putInt(struct + TYPE_OFFSET, protocol.socketType());
    Memory.putInt(struct + PROTOCOL_OFFSET, protocol.number());
    Memory.putInt(struct + SRC_PORT_OFFSET, local.port());
    putAddress(struct, SRC_IP4_OFFSET, SRC_IP6_OFFSET, local);
    Endpoint there = peer == null ? Endpoint.any(family, 0) : peer;
    Memory.putShort(struct + DST_PORT_OFFSET, Short.reverseBytes((short) there.port()));
    putAddress(struct, DST_IP4_OFFSET, DST_IP6_OFFSET, there);
    Memory.putInt(struct + STATE_OFFSET, state.number);
    Memory.putInt(struct + RX_QUEUE_MAPPING_OFFSET, -1);
  }

  private void putAddress(long struct, int ipv4Offset, int ipv6Offset, Endpoint endpoint) {
    if (family == Family.IPV4) {
      Memory.putInt(struct + ipv4Offset, Integer.reverseBytes(endpoint.ipv4()));
    } else {
      Memory.putLong(struct + ipv6Offset, Long.reverseBytes(endpoint.high()));
      Memory.putLong(struct + ipv6Offset + Long.BYTES, Long.reverseBytes(endpoint.low()));
    }
  }

  /** Closes the descriptor; a second call does nothing. */
  @Override
  public final void close() {
    if (closed.compareAndSet(false, true)) {
      fds().close(fd);
    }
  }

  @Override
  protected final void lastUserGone() {
    table.lock.lock();
    try {
      closing();
    } finally {
      table.lock.unlock();
    }
  }

  /** Its descriptor has gone: it gives back what it has, under the lock. */
  abstract void closing();

  @Override
  public final String toString() {
    return "%s socket %d".formatted(protocol, cookie);
  }
}
