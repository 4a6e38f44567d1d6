package io.ebpf4j.conformance;

import io.ebpf4j.spec.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.util.Optional;

/** A socket of Linux, by libc's calls; it does not block, except to connect. */
@SuppressWarnings("restricted")
final class LinuxSocket implements TwinSocket {
  static final int AF_INET = 2;
  static final int AF_INET6 = 10;
  static final int SOCK_STREAM = 1;
  static final int SOCK_DGRAM = 2;
  private static final int SOL_SOCKET = 1;
  private static final int SO_REUSEPORT = 15;
  private static final int SO_ATTACH_REUSEPORT_EBPF = 52;
  private static final int SO_COOKIE = 57;
  private static final int SO_DETACH_REUSEPORT_BPF = 68;
  private static final int IPPROTO_IPV6 = 41;
  private static final int IPV6_V6ONLY = 26;
  private static final int SHUT_RDWR = 2;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int SOCK_NONBLOCK = 0x800;
  private static final int ADDRESS_BYTES = 28;
  private static final int ROOM = 65536;

  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  @SuppressWarnings("restricted") // Sockets with every option have no other way.
  private static final MethodHandle SYSCALL =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("syscall"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG),
              Linker.Option.firstVariadicArg(1),
              Linker.Option.captureCallState("errno"));

  /** Numbers on x86-64 and aarch64. */
  private enum Call {
    SOCKET(41, 198),
    CONNECT(42, 203),
    SENDTO(44, 206),
    RECVFROM(45, 207),
    SHUTDOWN(48, 210),
    BIND(49, 200),
    LISTEN(50, 201),
    GETSOCKNAME(51, 204),
    SETSOCKOPT(54, 208),
    GETSOCKOPT(55, 209),
    ACCEPT4(288, 242),
    CLOSE(3, 57);

    private final int number;

    Call(int amd64, int aarch64) {
      number = System.getProperty("os.arch").equals("aarch64") ? aarch64 : amd64;
    }
  }

  private final int fd;
  private boolean closed;

  private LinuxSocket(int fd) {
    this.fd = fd;
  }

  /** A new socket. */
  static LinuxSocket open(int family, int type, int protocol) {
    long fd = call(Call.SOCKET, family, type, protocol, 0, 0, 0);
    if (fd < 0) {
      throw new IllegalStateException("no socket: " + answer(fd));
    }
    return new LinuxSocket((int) fd);
  }

  private static long call(Call what, long a, long b, long c, long d, long e, long f) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      long result = (long) SYSCALL.invokeExact(state, (long) what.number, a, b, c, d, e, f);
      return result == -1 ? -(int) ERRNO.get(state, 0L) : result;
    } catch (RuntimeException | Error failure) {
      throw failure;
    } catch (Throwable impossible) {
      throw new AssertionError("a native call throws no checked exception", impossible);
    }
  }

  private static String answer(long result) {
    return result >= 0 ? "OK" : Errno.of((int) -result).map(Errno::name).orElse("" + -result);
  }

  @Override
  public int fd() {
    return fd;
  }

  private String set(int level, int option, int value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment number = arena.allocateFrom(ValueLayout.JAVA_INT, value);
      return answer(call(Call.SETSOCKOPT, fd, level, option, number.address(), 4, 0));
    }
  }

  @Override
  public long cookie() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(8, 8);
      MemorySegment size = arena.allocateFrom(ValueLayout.JAVA_INT, 8);
      call(Call.GETSOCKOPT, fd, SOL_SOCKET, SO_COOKIE, value.address(), size.address(), 0);
      return value.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  @Override
  public int port() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocate(ADDRESS_BYTES, 8);
      MemorySegment size = arena.allocateFrom(ValueLayout.JAVA_INT, ADDRESS_BYTES);
      call(Call.GETSOCKNAME, fd, name.address(), size.address(), 0, 0, 0);
      return port(name);
    }
  }

  private static int port(MemorySegment name) {
    return name.get(ValueLayout.JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN), 2) & 0xffff;
  }

  private static MemorySegment address(Arena arena, String address, int port) {
    try {
      byte[] bytes = InetAddress.getByName(address).getAddress();
      MemorySegment name = arena.allocate(ADDRESS_BYTES, 8);
      boolean v4 = bytes.length == 4;
      name.set(ValueLayout.JAVA_SHORT, 0, (short) (v4 ? AF_INET : AF_INET6));
      name.set(ValueLayout.JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN), 2, (short) port);
      MemorySegment.copy(bytes, 0, name, ValueLayout.JAVA_BYTE, v4 ? 4 : 8, bytes.length);
      return name.asSlice(0, v4 ? 16 : 28);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }

  @Override
  public String reuseport(boolean on) {
    return set(SOL_SOCKET, SO_REUSEPORT, on ? 1 : 0);
  }

  @Override
  public String v6only(boolean on) {
    return set(IPPROTO_IPV6, IPV6_V6ONLY, on ? 1 : 0);
  }

  @Override
  public String bind(String address, int port) {
    return named(Call.BIND, address, port);
  }

  private String named(Call what, String address, int port) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = address(arena, address, port);
      return answer(call(what, fd, name.address(), name.byteSize(), 0, 0, 0));
    }
  }

  @Override
  public String listen(int backlog) {
    return answer(call(Call.LISTEN, fd, backlog, 0, 0, 0, 0));
  }

  @Override
  public String connect(String address, int port) {
    return named(Call.CONNECT, address, port);
  }

  @Override
  public String disconnect() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocate(16, 8);
      return answer(call(Call.CONNECT, fd, name.address(), 16, 0, 0, 0));
    }
  }

  @Override
  public String shutdown() {
    return answer(call(Call.SHUTDOWN, fd, SHUT_RDWR, 0, 0, 0, 0));
  }

  @Override
  public String sendTo(String address, int port, byte[] bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(Math.max(1, bytes.length));
      MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, 0, bytes.length);
      MemorySegment name = address(arena, address, port);
      return answer(
          call(Call.SENDTO, fd, data.address(), bytes.length, 0, name.address(), name.byteSize()));
    }
  }

  @Override
  public String send(byte[] bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(Math.max(1, bytes.length));
      MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, 0, bytes.length);
      return answer(call(Call.SENDTO, fd, data.address(), bytes.length, 0, 0, 0));
    }
  }

  @Override
  public Received receive() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(ROOM);
      MemorySegment name = arena.allocate(ADDRESS_BYTES, 8);
      MemorySegment size = arena.allocateFrom(ValueLayout.JAVA_INT, ADDRESS_BYTES);
      long result =
          call(
              Call.RECVFROM,
              fd,
              data.address(),
              ROOM,
              MSG_DONTWAIT,
              name.address(),
              size.address());
      byte[] bytes = data.asSlice(0, Math.max(0, result)).toArray(ValueLayout.JAVA_BYTE);
      return new Received(answer(result), bytes, port(name));
    }
  }

  @Override
  public Optional<TwinSocket> accept() {
    // The listener itself must not block either.
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment poll = arena.allocate(8, 4);
      poll.set(ValueLayout.JAVA_INT, 0, fd);
      poll.set(ValueLayout.JAVA_SHORT, 4, (short) 1);
      if (Poll.ready(poll) == 0) {
        return Optional.empty();
      }
      long accepted = call(Call.ACCEPT4, fd, 0, 0, SOCK_NONBLOCK, 0, 0);
      return accepted < 0 ? Optional.empty() : Optional.of(new LinuxSocket((int) accepted));
    }
  }

  private static final class Poll {
    @SuppressWarnings("restricted") // As above.
    private static final MethodHandle POLL =
        Linker.nativeLinker()
            .downcallHandle(
                Linker.nativeLinker().defaultLookup().findOrThrow("poll"),
                FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_INT));

    static int ready(MemorySegment descriptors) {
      try {
        return (int) POLL.invokeExact(descriptors, 1L, 0);
      } catch (RuntimeException | Error failure) {
        throw failure;
      } catch (Throwable impossible) {
        throw new AssertionError("a native call throws no checked exception", impossible);
      }
    }
  }

  @Override
  public String attach(int program) {
    return set(SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, program);
  }

  @Override
  public String detach() {
    return set(SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, 0);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      call(Call.CLOSE, fd, 0, 0, 0, 0, 0);
    }
  }
}
