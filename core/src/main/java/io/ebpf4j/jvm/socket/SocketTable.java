package io.ebpf4j.jvm.socket;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.cpu.Slot;
import io.ebpf4j.spec.Errno;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Where the sockets of a kernel are found by address and port. One lock, {@link #lock}, guards what
 * is bound, the groups and the arrays of sockets; finding a socket takes none.
 */
final class SocketTable {
  /** Where the kernel's table is found. */
  static final Slot<SocketTable> SLOT = Slot.of(SocketTable.class);

  private static final int FIRST_EPHEMERAL = 32768;
  private static final int LAST_EPHEMERAL = 60999;
  private static final int PORTS = 1 << 16;
  private static final InetSocket[] NOBODY = {};

  final ReentrantLock lock = new ReentrantLock();

  /** By protocol and number; made when the first socket is bound. */
  private final AtomicReferenceArray<@Nullable AtomicReferenceArray<@Nullable Port>> ports =
      new AtomicReferenceArray<>(Protocol.values().length);

  private final Map<Flow, InetSocket> connected = new ConcurrentHashMap<>();
  private int nextEphemeral = FIRST_EPHEMERAL;
  private volatile boolean migratesRequests;

  private record Flow(Endpoint local, Endpoint peer) {}

  /** The sockets bound to one port, those of a family in the order in which Linux looks at them. */
  private static final class Port {
    private volatile InetSocket[] bound = NOBODY;

    /** Those that packets may reach: every UDP socket, listening TCP sockets. */
    private volatile InetSocket[] ipv4 = NOBODY;

    private volatile InetSocket[] ipv6 = NOBODY;
  }

  /** Whether connections of a listener that goes are handed on without a program. */
  boolean migratesRequests() {
    return migratesRequests;
  }

  void setMigratesRequests(boolean whether) {
    migratesRequests = whether;
  }

  /**
   * Gives a socket an address and a port, one of its own choice for 0.
   *
   * @throws BpfException EADDRINUSE
   */
  Endpoint bind(InetSocket socket, Endpoint wanted) {
    if (wanted.port() != 0) {
      return claim(socket, wanted);
    }
    for (int tries = FIRST_EPHEMERAL; tries <= LAST_EPHEMERAL; tries++) {
      Endpoint candidate = wanted.withPort(nextEphemeral);
      nextEphemeral = nextEphemeral == LAST_EPHEMERAL ? FIRST_EPHEMERAL : nextEphemeral + 1;
      Port port = port(socket.protocol(), candidate.port());
      if (port == null || port.bound.length == 0) {
        return claim(socket, candidate);
      }
    }
    throw new BpfException(Errno.EADDRINUSE, "every port from 32768 to 60999 is taken");
  }

  private Endpoint claim(InetSocket socket, Endpoint wanted) {
    Port port = makePort(socket.protocol(), wanted.port());
    refuseConflict(socket, wanted, port);
    port.bound = first(port.bound, socket);
    return wanted;
  }

  /**
   * Checks once more that a bound socket may have its port, as Linux does when it is to listen.
   *
   * @throws BpfException EADDRINUSE
   */
  void check(InetSocket socket) {
    refuseConflict(socket, socket.local(), port(socket));
  }

  private static void refuseConflict(InetSocket socket, Endpoint wanted, Port port) {
    for (InetSocket other : port.bound) {
      if (other == socket || !overlap(socket, wanted, other)) {
        continue;
      }
      if (!mayShare(socket, other)) {
        throw new BpfException(
            Errno.EADDRINUSE,
            other.reusesPort()
                ? wanted + " is shared with SO_REUSEPORT, which this socket does not take part in"
                : wanted + " is taken by a socket without SO_REUSEPORT");
      }
      if (socket.protocol() == Protocol.UDP) {
        // As on Linux: the newest socket there decides, whatever the others are.
        return;
      }
    }
  }

  private @Nullable Port port(Protocol protocol, int number) {
    AtomicReferenceArray<@Nullable Port> all = ports.get(protocol.ordinal());
    return all == null ? null : all.get(number);
  }

  /** The port, made where nobody was bound to it, under the lock. */
  private Port makePort(Protocol protocol, int number) {
    AtomicReferenceArray<@Nullable Port> all = ports.get(protocol.ordinal());
    if (all == null) {
      all = new AtomicReferenceArray<>(PORTS);
      ports.set(protocol.ordinal(), all);
    }
    Port port = all.get(number);
    if (port == null) {
      port = new Port();
      all.set(number, port);
    }
    return port;
  }

  /** A group that a socket got before it was bound is not to be joined to another one. */
  private static boolean mayShare(InetSocket socket, InetSocket other) {
    ReuseportGroup own = socket.group();
    return socket.reusesPort() && other.reusesPort() && (own == null || own.hasStopped());
  }

  private static boolean overlap(InetSocket socket, Endpoint wanted, InetSocket other) {
    Endpoint taken = other.local();
    if (socket.family() != other.family()) {
      InetSocket ipv6 = socket.family() == Family.IPV6 ? socket : other;
      Endpoint ofIpv6 = ipv6 == socket ? wanted : taken;
      Endpoint ofIpv4 = ipv6 == socket ? taken : wanted;
      if (ipv6.isIpv6Only() || (!ofIpv6.isAny() && !ofIpv6.isIpv4())) {
        return false;
      }
      return ofIpv6.isAny() || ofIpv4.isAny() || ofIpv6.hasAddressOf(ofIpv4);
    }
    return wanted.isAny() || taken.isAny() || wanted.hasAddressOf(taken);
  }

  /** Lets packets reach a bound socket, and makes it a member of its address's group. */
  void publish(InetSocket socket) {
    Port port = port(socket);
    if (socket.reusesPort()) {
      joinGroup(socket, port);
    }
    if (socket.family() == Family.IPV4) {
      port.ipv4 = first(port.ipv4, socket);
    } else {
      port.ipv6 = socket.reusesPort() ? last(port.ipv6, socket) : first(port.ipv6, socket);
    }
  }

  private void joinGroup(InetSocket socket, Port port) {
    Endpoint local = socket.local();
    ReuseportGroup own = socket.group();
    if (own != null && own.hasStopped(socket)) {
      own.add(socket);
      return;
    }
    InetSocket[] peers = socket.family() == Family.IPV4 ? port.ipv4 : port.ipv6;
    for (InetSocket peer : peers) {
      if (peer != socket
          && peer.reusesPort()
          && peer.isIpv6Only() == socket.isIpv6Only()
          && peer.local().hasAddressOf(local)) {
        ReuseportGroup group = groupOf(peer, local.isAny());
        if (own != null) {
          own.remove(socket);
        }
        group.add(socket);
        socket.setGroup(group);
        return;
      }
    }
    groupOf(socket, local.isAny());
  }

  /** The group of a socket, made where it has none. */
  ReuseportGroup groupOf(InetSocket socket, boolean bindsAny) {
    ReuseportGroup group = socket.group();
    if (group == null) {
      group = new ReuseportGroup();
      group.add(socket);
      socket.setGroup(group);
    }
    if (bindsAny) {
      group.setBindsAny();
    }
    return group;
  }

  /** Lets no packet reach a socket any more; it keeps its port. */
  void withdraw(InetSocket socket) {
    Port port = port(socket);
    port.ipv4 = without(port.ipv4, socket);
    port.ipv6 = without(port.ipv6, socket);
  }

  /** Frees the port of a socket. */
  void unbind(InetSocket socket) {
    Port port = port(socket);
    port.bound = without(port.bound, socket);
    if (port.bound.length == 0) {
      AtomicReferenceArray<@Nullable Port> all = ports.get(socket.protocol().ordinal());
      if (all != null) {
        all.set(socket.local().port(), null);
      }
    }
  }

  /** Puts a socket back in front, as Linux does when its address changes. */
  void rehash(InetSocket socket) {
    withdraw(socket);
    Port port = port(socket);
    if (socket.family() == Family.IPV4) {
      port.ipv4 = first(port.ipv4, socket);
    } else {
      port.ipv6 = first(port.ipv6, socket);
    }
  }

  private Port port(InetSocket socket) {
    return makePort(socket.protocol(), socket.local().port());
  }

  /** Lets datagrams of one peer reach a socket before all others. */
  void connect(InetSocket socket, Endpoint peer) {
    connected.put(new Flow(socket.local(), peer), socket);
  }

  void disconnect(InetSocket socket, Endpoint peer) {
    connected.remove(new Flow(socket.local(), peer), socket);
  }

  /** The UDP socket that is connected to just that peer. */
  @Nullable InetSocket connected(Endpoint destination, Endpoint source) {
    return connected.isEmpty() ? null : connected.get(new Flow(destination, source));
  }

  /**
   * The socket that a packet is for, or a member of the group that is to choose: the one that is
   * bound to the very address before one that takes all.
   */
  @Nullable InetSocket find(Protocol protocol, Endpoint destination) {
    Port port = port(protocol, destination.port());
    if (port == null) {
      return null;
    }
    InetSocket found = find(port, destination, false);
    return found != null ? found : find(port, destination, true);
  }

  private static @Nullable InetSocket find(Port port, Endpoint destination, boolean any) {
    boolean isIpv4 = destination.isIpv4();
    if (isIpv4) {
      for (InetSocket socket : port.ipv4) {
        if (takes(socket, destination, any)) {
          return socket;
        }
      }
    }
    for (InetSocket socket : port.ipv6) {
      if (takes(socket, destination, any) && !(isIpv4 && socket.isIpv6Only())) {
        return socket;
      }
    }
    return null;
  }

  private static boolean takes(InetSocket socket, Endpoint destination, boolean any) {
    return !socket.isConnected()
        && (any ? socket.local().isAny() : socket.local().hasAddressOf(destination));
  }

  private static InetSocket[] first(InetSocket[] all, InetSocket socket) {
    InetSocket[] more = new InetSocket[all.length + 1];
    more[0] = socket;
    System.arraycopy(all, 0, more, 1, all.length);
    return more;
  }

  private static InetSocket[] last(InetSocket[] all, InetSocket socket) {
    InetSocket[] more = Arrays.copyOf(all, all.length + 1);
    more[all.length] = socket;
    return more;
  }

  private static InetSocket[] without(InetSocket[] all, InetSocket socket) {
    int at = Arrays.asList(all).indexOf(socket);
    if (at < 0) {
      return all;
    }
    InetSocket[] fewer = Arrays.copyOf(all, all.length - 1);
    System.arraycopy(all, at + 1, fewer, at, fewer.length - at);
    return fewer;
  }
}
