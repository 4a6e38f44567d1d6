package io.ebpf4j.jvm.net;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Where the kernel's packets go: routes, the link addresses of neighbours, and which devices
 * forward. It is what {@code bpf_fib_lookup} asks. Thread safe; lookups take no lock.
 */
public final class RoutingTable {
  private static final Comparator<Entry> ORDER =
      Comparator.comparingInt((Entry entry) -> -entry.prefix)
          .thenComparing(entry -> entry.metric, Integer::compareUnsigned);

  private final Set<Integer> forwarding = ConcurrentHashMap.newKeySet();
  private final Map<Neighbour, HardwareAddress> neighbours = new ConcurrentHashMap<>();
  private volatile Entry[] entries = {};

  RoutingTable() {}

  /** What becomes of packets that a route is for. */
  public enum RouteType {
    /** They go to a device. */
    UNICAST,
    /** They are this host's own. */
    LOCAL,
    /** They are dropped without a word. */
    BLACKHOLE,
    /** They are refused as unreachable. */
    UNREACHABLE,
    /** They are refused as prohibited. */
    PROHIBIT
  }

  private record Neighbour(int ifindex, long high, long low) {}

  /** A route as lookups read it. */
  static final class Entry {
    final RouteType type;
    final int ifindex;
    final int metric;
    final boolean hasGateway;
    final long gatewayHigh;
    final long gatewayLow;
    private final boolean ipv4;
    private final int prefix;
    private final long high;
    private final long low;

    private Entry(
        RouteType type,
        InetAddress network,
        int prefix,
        @Nullable InetAddress gateway,
        int ifindex,
        int metric) {
      this.type = type;
      this.ipv4 = network instanceof Inet4Address;
      this.prefix = prefix;
      this.high = high(network);
      this.low = low(network);
      this.hasGateway = gateway != null;
      this.gatewayHigh = gateway == null ? 0 : high(gateway);
      this.gatewayLow = gateway == null ? 0 : low(gateway);
      this.ifindex = ifindex;
      this.metric = metric;
    }

    private boolean covers(long addressHigh, long addressLow) {
      long highMask = prefix == 0 ? 0 : prefix >= Long.SIZE ? -1L : -1L << (Long.SIZE - prefix);
      long lowMask = prefix <= Long.SIZE ? 0 : -1L << (2 * Long.SIZE - prefix);
      return ((addressHigh ^ high) & highMask) == 0 && ((addressLow ^ low) & lowMask) == 0;
    }
  }

  /**
   * Adds a route.
   *
   * @param network an address of the network; bits behind the prefix are not looked at
   * @param prefixLength 0 to 32 or 128
   * @param gateway who takes the packets, or null where the network is the device's own
   * @param ifindex the device, 0 for types other than UNICAST
   * @param metric the lowest is taken first, unsigned
   * @throws IllegalArgumentException for another prefix length, or a gateway of another family
   */
  public synchronized void addRoute(
      RouteType type,
      InetAddress network,
      int prefixLength,
      @Nullable InetAddress gateway,
      int ifindex,
      int metric) {
    int bits = network.getAddress().length * Byte.SIZE;
    if (prefixLength < 0 || prefixLength > bits) {
      throw new IllegalArgumentException(
          "a prefix of %s has 0 to %d bits, not %d".formatted(network, bits, prefixLength));
    }
    if (gateway != null && gateway.getAddress().length * Byte.SIZE != bits) {
      throw new IllegalArgumentException(
          "the gateway %s is of another family than %s".formatted(gateway, network));
    }
    List<Entry> all = new ArrayList<>(List.of(entries));
    all.add(new Entry(type, network, prefixLength, gateway, ifindex, metric));
    all.sort(ORDER);
    entries = all.toArray(Entry[]::new);
  }

  /** Removes the routes to a network, and says whether there were any. */
  public synchronized boolean removeRoutes(InetAddress network, int prefixLength) {
    List<Entry> left = new ArrayList<>(List.of(entries));
    boolean removed =
        left.removeIf(entry ->
            entry.prefix == prefixLength
                && entry.ipv4 == network instanceof Inet4Address
                && entry.high == high(network)
                && entry.low == low(network));
    entries = left.toArray(Entry[]::new);
    return removed;
  }

  /** Notes the link address of a neighbour, or forgets it where that is null. */
  public void setNeighbour(int ifindex, InetAddress address, @Nullable HardwareAddress link) {
    Neighbour neighbour = new Neighbour(ifindex, high(address), low(address));
    if (link == null) {
      neighbours.remove(neighbour);
    } else {
      neighbours.put(neighbour, link);
    }
  }

  /** Sets whether packets that arrive on a device may be forwarded: no, as on Linux, until then. */
  public void setForwarding(int ifindex, boolean whether) {
    if (whether) {
      forwarding.add(ifindex);
    } else {
      forwarding.remove(ifindex);
    }
  }

  boolean forwards(int ifindex) {
    return forwarding.contains(ifindex);
  }

  /** The best route for an address, or null. IPv4 addresses are the first 32 bits. */
  @Nullable Entry find(boolean ipv4, long high, long low) {
    for (Entry entry : entries) {
      if (entry.ipv4 == ipv4 && entry.covers(high, low)) {
        return entry;
      }
    }
    return null;
  }

  @Nullable HardwareAddress neighbour(int ifindex, long high, long low) {
    return neighbours.get(new Neighbour(ifindex, high, low));
  }

  private static long high(InetAddress address) {
    byte[] bytes = address.getAddress();
    return bytes.length == Integer.BYTES
        ? (long) ByteBuffer.wrap(bytes).getInt() << Integer.SIZE
        : ByteBuffer.wrap(bytes).getLong();
  }

  private static long low(InetAddress address) {
    byte[] bytes = address.getAddress();
    return bytes.length == Integer.BYTES ? 0 : ByteBuffer.wrap(bytes).getLong(Long.BYTES);
  }
}
