package io.ebpf4j;

import java.net.InetSocketAddress;
import java.util.concurrent.ThreadFactory;
import java.util.function.Consumer;

/**
 * A real UDP or TCP port that members share, each with a thread of its own. A program says which
 * member gets what comes in: it is of type SK_REUSEPORT and selects a member by its descriptor in a
 * REUSEPORT_SOCKARRAY, or of type SOCKET_FILTER and gives a member's number. Without a program, and
 * where it selects nobody, a hash of the flow decides, so that a flow keeps its member.
 *
 * <p>On {@code JvmKernel} it is one socket of the host, whatever its operating system, and a thread
 * that asks the program and hands on. On {@code LinuxKernel} every member is a socket of the host
 * with SO_REUSEPORT, and Linux asks the program. Members join and leave while it runs. Thread safe.
 *
 * @param <M> what members get: {@link UdpMessage}, or for TCP {@link
 *     java.nio.channels.SocketChannel}, which the member closes
 */
public interface ReuseportServer<M> extends AutoCloseable {
  /** What waits for a member at most where nothing else is said. */
  int DEFAULT_CAPACITY = 1024;

  /** Where it serves, with the port that it got. */
  InetSocketAddress address();

  /**
   * Adds a member.
   *
   * @param threads makes its thread, platform or virtual
   * @param capacity messages or connections that wait for it at most; more are dropped, and counted
   * @param service called on its thread, for one after the other
   * @throws BpfException EADDRINUSE and others, as a socket answers
   */
  Member join(ThreadFactory threads, int capacity, Consumer<M> service);

  /** Adds a member with a platform thread. */
  default Member join(Consumer<M> service) {
    return join(
        Thread.ofPlatform().daemon().name("ebpf4j-member-", 0).factory(),
        DEFAULT_CAPACITY,
        service);
  }

  /**
   * Lets a program choose among the members, in the place of the one before. The members hold it.
   *
   * @throws BpfException EINVAL for another type of program
   * @throws IllegalStateException where there is no member
   */
  void attach(Program program);

  /**
   * Lets the hash choose again.
   *
   * @throws BpfException ENOENT where no program is attached
   * @throws IllegalStateException where there is no member
   */
  void detach();

  /**
   * What was handed to nobody, because the program refused it or no member was there; 0 on Linux,
   * which does not tell.
   */
  long refused();

  /** Ends all members and frees the port. */
  @Override
  void close();

  /** One who shares the port. */
  interface Member extends AutoCloseable {
    /** The descriptor of its socket, for a REUSEPORT_SOCKARRAY. */
    int fd();

    /** What it has got so far. */
    long received();

    /** What was dropped because too many were waiting for it. */
    long dropped();

    /** Exceptions that its service has thrown; it goes on with the next message. */
    long failed();

    /**
     * Leaves: gets nothing new, serves what waits for it, and ends. Its slot in an array is empty
     * then. A second call does nothing.
     */
    @Override
    void close();
  }
}
