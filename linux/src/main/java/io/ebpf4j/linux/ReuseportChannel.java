package io.ebpf4j.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * A channel of the JDK that shares its address with SO_REUSEPORT, and its descriptor. The JDK does
 * not tell it: it is found as the one socket of this process that is bound to the address since the
 * channel was, by {@code /proc/self/fd}, getsockname(2) and SO_COOKIE. That needs no more than
 * native access. Sockets that others bind to the very same address meanwhile make it fail.
 */
final class ReuseportChannel {
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
  private static final int SOL_SOCKET = 1;
  private static final int SO_TYPE = 3;
  private static final int SO_MEMINFO = 55;
  private static final int SO_COOKIE = 57;
  private static final int SOCK_STREAM = 1;
  private static final int SOCK_DGRAM = 2;
  private static final int NAME_BYTES = 28;
  private static final int MEMINFO_INTS = 9;
  private static final int MEMINFO_DROPS = 8;

  private ReuseportChannel() {}

  /** Binds a channel, with SO_REUSEPORT, and gives its descriptor. */
  static synchronized int bind(DatagramChannel channel, InetSocketAddress address)
      throws IOException {
    channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
    Map<Long, Integer> before = sockets(SOCK_DGRAM, address.getPort());
    channel.bind(address);
    return found(channel, SOCK_DGRAM, before);
  }

  /** The same; the channel listens then. */
  static synchronized int bind(ServerSocketChannel channel, InetSocketAddress address, int backlog)
      throws IOException {
    channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
    Map<Long, Integer> before = sockets(SOCK_STREAM, address.getPort());
    channel.bind(address, backlog);
    return found(channel, SOCK_STREAM, before);
  }

  private static int found(NetworkChannel channel, int type, Map<Long, Integer> before)
      throws IOException {
    int port = ((InetSocketAddress) channel.getLocalAddress()).getPort();
    Map<Long, Integer> now = sockets(type, port);
    now.keySet().removeAll(before.keySet());
    if (now.size() != 1) {
      throw new IOException(
          "%d sockets of this process were bound to port %d just now, so that the channel's"
                  .formatted(now.size(), port)
              + " descriptor is not known: bind the members one after the other");
    }
    return now.values().iterator().next();
  }

  /** The sockets of this process that are bound to a port: descriptors by cookie. */
  private static Map<Long, Integer> sockets(int type, int port) throws IOException {
    Map<Long, Integer> found = new HashMap<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(DESCRIPTORS)) {
      for (Path entry : all) {
        int fd = Integer.parseInt(entry.getFileName().toString());
        if (option(fd, SO_TYPE, Integer.BYTES) == type && port(fd) == port) {
          found.put(option(fd, SO_COOKIE, Long.BYTES), fd);
        }
      }
    } catch (UncheckedIOException failure) {
      throw failure.getCause();
    }
    return found;
  }

  /** The local port, or -1 for what is no socket of an address. */
  private static int port(int fd) {
    try (Bpf bpf = new Bpf()) {
      MemorySegment name = bpf.buffer(NAME_BYTES);
      MemorySegment size = bpf.buffer(Integer.BYTES);
      size.set(ValueLayout.JAVA_INT, 0, NAME_BYTES);
      long result =
          Syscall.call(SystemCall.GETSOCKNAME, fd, name.address(), size.address(), 0, 0, 0);
      return result < 0 ? -1 : Short.reverseBytes(name.get(ValueLayout.JAVA_SHORT, 2)) & 0xffff;
    }
  }

  /** A number, or -1 for what is no socket. */
  private static long option(int fd, int option, int bytes) {
    try (Bpf bpf = new Bpf()) {
      MemorySegment value = bpf.buffer(Long.BYTES);
      MemorySegment size = bpf.buffer(Integer.BYTES);
      size.set(ValueLayout.JAVA_INT, 0, bytes);
      long result =
          Syscall.call(
              SystemCall.GETSOCKOPT, fd, SOL_SOCKET, option, value.address(), size.address(), 0);
      return result < 0 ? -1 : value.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  /** What the kernel has dropped because too much was waiting in a socket. */
  static long drops(int fd) {
    try (Bpf bpf = new Bpf()) {
      MemorySegment value = bpf.buffer(MEMINFO_INTS * Integer.BYTES);
      MemorySegment size = bpf.buffer(Integer.BYTES);
      size.set(ValueLayout.JAVA_INT, 0, MEMINFO_INTS * Integer.BYTES);
      long result =
          Syscall.call(
              SystemCall.GETSOCKOPT,
              fd,
              SOL_SOCKET,
              SO_MEMINFO,
              value.address(),
              size.address(),
              0);
      return result < 0
          ? 0
          : Integer.toUnsignedLong(value.getAtIndex(ValueLayout.JAVA_INT, MEMINFO_DROPS));
    }
  }

  /**
   * Takes a UDP socket out of its group, what waits in it stays: a connected socket is in none. The
   * JDK's own connect throws away what waits.
   */
  static void leaveGroup(int fd, InetSocketAddress address) {
    byte[] host = address.getAddress().getAddress();
    boolean ipv4 = host.length == Integer.BYTES;
    try (Bpf bpf = new Bpf()) {
      MemorySegment name = bpf.buffer(NAME_BYTES);
      name.set(ValueLayout.JAVA_SHORT, 0, (short) (ipv4 ? 2 : 10));
      name.set(ValueLayout.JAVA_SHORT, 2, Short.reverseBytes((short) 9));
      // The loopback address, which every bound address reaches or is.
      name.set(ValueLayout.JAVA_BYTE, ipv4 ? 4 : 23, (byte) (ipv4 ? 127 : 1));
      if (ipv4) {
        name.set(ValueLayout.JAVA_BYTE, 7, (byte) 1);
      }
      Syscall.call(SystemCall.CONNECT, fd, name.address(), ipv4 ? 16 : NAME_BYTES, 0, 0, 0);
    }
  }
}
