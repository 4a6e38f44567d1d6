package io.ebpf4j.conformance;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A packet(7) socket on a device of a network namespace: sends frames and hears what arrives. */
final class PacketSocket implements AutoCloseable {
  private static final int AF_PACKET = 17;
  private static final int SOCK_RAW = 3;
  private static final int ALL_PROTOCOLS = 0x0300;
  private static final int SOL_PACKET = 263;
  private static final int IGNORE_OUTGOING = 23;
  private static final int SOL_SOCKET = 1;
  private static final int RCVBUFFORCE = 33;
  private static final int RECEIVE_BYTES = 8 << 20;
  private static final int DONT_WAIT = 0x40;
  private static final int NETWORK_NAMESPACE = 0x40000000;
  private static final int ADDRESS_BYTES = 20;
  private static final int MAX_FRAME = 1 << 16;

  private static final MethodHandle SOCKET = function("socket", 3);
  private static final MethodHandle BIND = function("bind", 3);
  private static final MethodHandle SETSOCKOPT = function("setsockopt", 5);
  private static final MethodHandle SEND = function("send", 4);
  private static final MethodHandle RECV = function("recv", 4);
  private static final MethodHandle CLOSE = function("close", 1);
  private static final MethodHandle OPEN = function("open", 2);
  private static final MethodHandle SETNS = function("setns", 2);

  private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer = arena.allocate(MAX_FRAME);
  private final long fd;

  private PacketSocket(long fd) {
    this.fd = fd;
  }

  /** Opens a socket on a device of a namespace that a file names. */
  static PacketSocket open(Path namespace, int ifindex) throws InterruptedException {
    PacketSocket[] opened = new PacketSocket[1];
    Thread there =
        Thread.ofPlatform()
            .start(() -> {
              enter(namespace);
              opened[0] = open(ifindex);
            });
    there.join();
    if (opened[0] == null) {
      throw new IllegalStateException("no packet socket in " + namespace);
    }
    return opened[0];
  }

  private static void enter(Path namespace) {
    try (Arena arena = Arena.ofConfined()) {
      long fd = call(OPEN, arena.allocateFrom(namespace.toString()).address(), 0);
      check(fd, "open");
      check(call(SETNS, fd, NETWORK_NAMESPACE), "setns");
      call(CLOSE, fd);
    }
  }

  private static PacketSocket open(int ifindex) {
    long fd = call(SOCKET, AF_PACKET, SOCK_RAW, ALL_PROTOCOLS);
    check(fd, "socket");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(ADDRESS_BYTES);
      address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_PACKET);
      address.set(ValueLayout.JAVA_SHORT, 2, (short) ALL_PROTOCOLS);
      address.set(ValueLayout.JAVA_INT, 4, ifindex);
      check(call(BIND, fd, address.address(), ADDRESS_BYTES), "bind");
      MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_INT, 1);
      check(call(SETSOCKOPT, fd, SOL_PACKET, IGNORE_OUTGOING, one.address(), 4), "setsockopt");
      MemorySegment room = arena.allocateFrom(ValueLayout.JAVA_INT, RECEIVE_BYTES);
      check(call(SETSOCKOPT, fd, SOL_SOCKET, RCVBUFFORCE, room.address(), 4), "setsockopt");
    }
    return new PacketSocket(fd);
  }

  /** Sends a frame, and says whether the device took it. */
  boolean send(byte[] frame) {
    MemorySegment.copy(frame, 0, buffer, ValueLayout.JAVA_BYTE, 0, frame.length);
    return call(SEND, fd, buffer.address(), frame.length, 0) == frame.length;
  }

  /** The frames that have arrived; waits a little for as many as are expected. */
  List<byte[]> received(int expected) throws InterruptedException {
    List<byte[]> frames = new ArrayList<>();
    long start = System.nanoTime();
    long wait = expected == 0 ? 60_000_000L : 3_000_000_000L;
    while (true) {
      frames.addAll(seen());
      if ((expected > 0 && frames.size() >= expected) || System.nanoTime() - start > wait) {
        return frames;
      }
      Thread.sleep(1);
    }
  }

  /** The frames that have arrived. */
  List<byte[]> seen() {
    List<byte[]> frames = new ArrayList<>();
    long length;
    while ((length = call(RECV, fd, buffer.address(), MAX_FRAME, DONT_WAIT)) >= 0) {
      frames.add(buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE));
    }
    return frames;
  }

  @Override
  public void close() {
    call(CLOSE, fd);
    arena.close();
  }

  private static void check(long result, String what) {
    if (result < 0) {
      throw new IllegalStateException(what + " is not allowed here");
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle function(String name, int arguments) {
    MemoryLayout[] layouts = new MemoryLayout[arguments];
    Arrays.fill(layouts, ValueLayout.JAVA_LONG);
    return Linker.nativeLinker()
        .downcallHandle(
            Linker.nativeLinker().defaultLookup().findOrThrow(name),
            FunctionDescriptor.of(ValueLayout.JAVA_LONG, layouts))
        .asSpreader(long[].class, arguments);
  }

  /** Calls it; results are those of an int where they are below 0. */
  private static long call(MethodHandle function, long... arguments) {
    try {
      return (int) (long) function.invoke(arguments);
    } catch (RuntimeException | Error failure) {
      throw failure;
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }
}
