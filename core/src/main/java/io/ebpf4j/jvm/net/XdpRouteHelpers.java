package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Slot;
import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.Helper;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramType;
import org.jspecify.annotations.Nullable;

/** The helpers by which XDP programs ask for MTUs and routes. */
public final class XdpRouteHelpers {
  static final Slot<NetDevices> DEVICES = Slot.of(NetDevices.class);

  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;

  /** BPF_FIB_LOOKUP_SKIP_NEIGH. */
  private static final long SKIP_NEIGHBOUR = 1 << 2;

  /**
   * BPF_FIB_LOOKUP_DIRECT and OUTPUT: there is one table, and packets that leave are routed alike.
   */
  private static final long KNOWN_FLAGS = 1 | 1 << 1 | SKIP_NEIGHBOUR;

  // BPF_FIB_LKUP_RET_* of the UAPI header.
  private static final int BLACKHOLE = 1;
  private static final int UNREACHABLE = 2;
  private static final int PROHIBIT = 3;
  private static final int NOT_FORWARDED = 4;
  private static final int FORWARDING_DISABLED = 5;
  private static final int NO_NEIGHBOUR = 7;
  private static final int FRAGMENTATION_NEEDED = 8;

  // struct bpf_fib_lookup.
  private static final int FAMILY = 0;
  private static final int TOT_LEN = 6;
  private static final int IFINDEX = 8;
  private static final int METRIC = 12;
  private static final int DESTINATION = 32;
  private static final int VLAN = 48;
  private static final int SOURCE_MAC = 52;
  private static final int DESTINATION_MAC = 58;
  private static final int BYTES = 64;

  private XdpRouteHelpers() {}

  /**
   * Whether the frame, longer by a difference, fits a device: 0, or 1 where it does not. The MTU is
   * written to where the length of the packet behind the Ethernet header was read from, unless that
   * is 0.
   */
  @Helper(
      id = 163,
      name = "check_mtu",
      arguments = {
        Argument.CONTEXT,
        Argument.ANYTHING,
        Argument.UPDATED_INT,
        Argument.ANYTHING,
        Argument.ANYTHING
      },
      programTypes = ProgramType.XDP,
      gplOnly = true)
  public static long checkMtu(
      Cpu cpu, long frame, long ifindex, long length, long difference, long flags) {
    if (flags != 0) {
      return -Errno.EINVAL.number();
    }
    int number =
        (int) ifindex == 0 ? Memory.getInt(frame + XdpFrame.INGRESS_IFINDEX_OFFSET) : (int) ifindex;
    NetDevice device = cpu.machine().slots().get(DEVICES).at(number);
    if (device == null) {
      return -Errno.ENODEV.number();
    }
    int mtu = device.mtu();
    int given = Memory.getInt(length);
    int bytes = given == 0 ? XdpFrame.linearLength(frame) : given + XdpFrame.ETHERNET_BYTES;
    boolean tooLong = bytes + (int) difference > mtu + XdpFrame.ETHERNET_BYTES;
    Memory.putInt(length, mtu);
    return tooLong ? 1 : 0;
  }

  /** Looks a route up: 0 and where to send the packet, or why it is not forwarded. */
  @Helper(
      id = 69,
      name = "fib_lookup",
      arguments = {Argument.CONTEXT, Argument.WRITABLE_MEMORY, Argument.SIZE, Argument.ANYTHING},
      programTypes = ProgramType.XDP,
      gplOnly = true)
  public static long fibLookup(Cpu cpu, long frame, long lookup, long size, long flags) {
    if (size < BYTES || (flags & ~KNOWN_FLAGS) != 0) {
      return -Errno.EINVAL.number();
    }
    int family = Memory.getByte(lookup + FAMILY);
    if (family != AF_INET && family != AF_INET6) {
      return -Errno.EAFNOSUPPORT.number();
    }
    NetDevices devices = cpu.machine().slots().get(DEVICES);
    NetDevice in = devices.at(Memory.getInt(lookup + IFINDEX));
    if (in == null) {
      return -Errno.ENODEV.number();
    }
    RoutingTable table = devices.routes();
    if (!table.forwards(in.ifindex())) {
      return FORWARDING_DISABLED;
    }
    boolean ipv4 = family == AF_INET;
    long high = Long.reverseBytes(Memory.getLong(lookup + DESTINATION));
    long low = Long.reverseBytes(Memory.getLong(lookup + DESTINATION + Long.BYTES));
    if (ipv4) {
      high &= 0xffff_ffff_0000_0000L;
      low = 0;
    }
    RoutingTable.@Nullable Entry route = table.find(ipv4, high, low);
    if (route == null) {
      return NOT_FORWARDED;
    }
    NetDevice out = devices.at(route.ifindex);
    return switch (route.type) {
      case BLACKHOLE -> BLACKHOLE;
      case UNREACHABLE -> UNREACHABLE;
      case PROHIBIT -> PROHIBIT;
      case LOCAL -> NOT_FORWARDED;
      case UNICAST ->
          out == null ? NOT_FORWARDED : forward(table, route, out, lookup, ipv4, high, low, flags);
    };
  }

  private static long forward(
      RoutingTable table,
      RoutingTable.Entry route,
      NetDevice out,
      long lookup,
      boolean ipv4,
      long high,
      long low,
      long flags) {
    int mtu = out.mtu();
    int length = Short.toUnsignedInt(Memory.getShort(lookup + TOT_LEN));
    if (length > mtu) {
      Memory.putShort(lookup + TOT_LEN, (short) mtu);
      return FRAGMENTATION_NEEDED;
    }
    Memory.putInt(lookup + METRIC, route.metric);
    Memory.putInt(lookup + IFINDEX, out.ifindex());
    long nextHigh = route.hasGateway ? route.gatewayHigh : high;
    long nextLow = route.hasGateway ? route.gatewayLow : low;
    if (route.hasGateway) {
      putAddress(lookup + DESTINATION, ipv4, nextHigh, nextLow);
    }
    if ((flags & SKIP_NEIGHBOUR) == 0) {
      HardwareAddress neighbour = table.neighbour(out.ifindex(), nextHigh, nextLow);
      if (neighbour == null) {
        return NO_NEIGHBOUR;
      }
      putMac(lookup + SOURCE_MAC, out.mac());
      putMac(lookup + DESTINATION_MAC, neighbour);
    }
    Memory.putInt(lookup + VLAN, 0);
    Memory.putShort(lookup + TOT_LEN, (short) mtu);
    return 0;
  }

  private static void putAddress(long at, boolean ipv4, long high, long low) {
    if (ipv4) {
      Memory.putInt(at, Integer.reverseBytes((int) (high >>> Integer.SIZE)));
    } else {
      Memory.putLong(at, Long.reverseBytes(high));
      Memory.putLong(at + Long.BYTES, Long.reverseBytes(low));
    }
  }

  private static void putMac(long at, HardwareAddress address) {
    long bits = address.bits();
    for (int i = 0; i < 6; i++) {
      Memory.putByte(at + i, (byte) (bits >>> (5 - i) * Byte.SIZE));
    }
  }
}
