package io.ebpf4j.jvm.socket;

import static io.ebpf4j.spec.ProgramType.SK_REUSEPORT;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.Helper;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.jvm.map.StorageOwner;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;

/** The helpers of programs that choose a socket of a group. */
public final class ReuseportHelpers {
  static final long NOBODY = -Errno.ENOENT.number();
  static final long OTHER_PROTOCOL = -Errno.EPROTOTYPE.number();
  static final long OTHER_FAMILY = -Errno.EAFNOSUPPORT.number();
  static final long OTHER_GROUP = -Errno.EBADFD.number();

  private static final int MAX_RELATIVE_OFFSET = 0xffff;
  private static final int MAC_HEADER = 0;
  private static final int NETWORK_HEADER = 1;

  private ReuseportHelpers() {}

  /**
   * Selects the socket in an array's slot. ENOENT where none is, EPROTOTYPE, EAFNOSUPPORT or EBADFD
   * for a socket of another group: of another protocol, family, or address. Flags are not looked
   * at.
   */
  @Helper(
      id = 82,
      name = "sk_select_reuseport",
      arguments = {Argument.CONTEXT, Argument.MAP, Argument.MAP_KEY, Argument.ANYTHING},
      programTypes = SK_REUSEPORT)
  public static long skSelectReuseport(Cpu cpu, long context, long map, long key, long flags) {
    ReuseportSockArray array = (ReuseportSockArray) MapTable.get(cpu, map);
    return cpu.slots().get(Arrival.SLOT).select(array.entry(Memory.getInt(key)));
  }

  /** Copies bytes from the UDP or TCP header on; EFAULT past the packet's end. */
  @Helper(
      id = 26,
      name = "skb_load_bytes",
      arguments = {
        Argument.CONTEXT,
        Argument.ANYTHING,
        Argument.UNINITIALIZED_MEMORY,
        Argument.SIZE
      },
      programTypes = SK_REUSEPORT)
  public static long loadBytes(Cpu cpu, long context, long offset, long to, long size) {
    int length = Memory.getInt(context + ReuseportContext.LEN_OFFSET);
    if ((int) offset < 0
        || Integer.toUnsignedLong((int) offset) + Integer.toUnsignedLong((int) size) > length) {
      return refuseLoad(to, size);
    }
    long data = Memory.getLong(context + ReuseportContext.DATA_OFFSET);
    Memory.copy(data + (int) offset, to, size);
    return 0;
  }

  /** The same from the Ethernet header (0) or the network header (1) on. */
  @Helper(
      id = 68,
      name = "skb_load_bytes_relative",
      arguments = {
        Argument.CONTEXT,
        Argument.ANYTHING,
        Argument.UNINITIALIZED_MEMORY,
        Argument.SIZE,
        Argument.ANYTHING
      },
      programTypes = SK_REUSEPORT)
  public static long loadBytesRelative(
      Cpu cpu, long context, long offset, long to, long size, long start) {
    int from = (int) start;
    if (Integer.compareUnsigned((int) offset, MAX_RELATIVE_OFFSET) > 0
        || (from != MAC_HEADER && from != NETWORK_HEADER)) {
      return refuseLoad(to, size);
    }
    int header =
        from == MAC_HEADER
            ? ReuseportContext.MAC_HEADER_OFFSET
            : ReuseportContext.NETWORK_HEADER_OFFSET;
    long address = Memory.getLong(context + header) + (int) offset;
    if (address + size > Memory.getLong(context + ReuseportContext.DATA_END_OFFSET)) {
      return refuseLoad(to, size);
    }
    Memory.copy(address, to, size);
    return 0;
  }

  /** A socket's cookie; 0 for NULL. */
  @Helper(
      id = 46,
      name = "get_socket_cookie",
      arguments = Argument.ANY_SOCK_OR_NULL,
      programTypes = SK_REUSEPORT)
  public static long getSocketCookie(Cpu cpu, long socket) {
    return socket != 0 && StorageOwner.at(cpu, socket) instanceof InetSocket owner
        ? owner.cookie()
        : 0;
  }

  private static long refuseLoad(long to, long size) {
    Memory.fill(to, size, (byte) 0);
    return -Errno.EFAULT.number();
  }
}
