package io.ebpf4j.jvm.socket;

import io.ebpf4j.jvm.context.LoadedProgram;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Sockets of one address and port that share what comes in. Members and program change under the
 * {@link SocketTable}'s lock and are read without one.
 */
final class ReuseportGroup {
  private static final AtomicInteger LAST_ID = new AtomicInteger();
  private static final InetSocket[] NOBODY = {};

  final int id = LAST_ID.incrementAndGet();
  private volatile InetSocket[] members = NOBODY;
  private volatile @Nullable LoadedProgram program;
  private volatile boolean bindsAny;

  /** Listeners that were shut down or closed and whose connections may still go to members. */
  private final List<InetSocket> stopped = new ArrayList<>();

  InetSocket[] members() {
    return members;
  }

  @Nullable LoadedProgram program() {
    return program;
  }

  /** Whether the members are bound to the wildcard address. */
  boolean bindsAny() {
    return bindsAny;
  }

  void setBindsAny() {
    bindsAny = true;
  }

  boolean hasStopped(InetSocket socket) {
    return stopped.contains(socket);
  }

  boolean hasStopped() {
    return !stopped.isEmpty();
  }

  void add(InetSocket socket) {
    InetSocket[] more = Arrays.copyOf(members, members.length + 1);
    more[more.length - 1] = socket;
    members = more;
    stopped.remove(socket);
  }

  /** Takes a member out for good. */
  void remove(InetSocket socket) {
    stopped.remove(socket);
    take(socket);
    if (members.length == 0 && stopped.isEmpty()) {
      exchangeProgram(null);
    }
  }

  /** Takes a member out that keeps its connections until they have gone elsewhere. */
  void stop(InetSocket socket) {
    take(socket);
    stopped.add(socket);
  }

  /** The last member gets the place of the one that goes, as on Linux, where filters see it. */
  private void take(InetSocket socket) {
    InetSocket[] before = members;
    int at = Arrays.asList(before).indexOf(socket);
    if (at >= 0) {
      InetSocket[] fewer = Arrays.copyOf(before, before.length - 1);
      if (at < fewer.length) {
        fewer[at] = before[before.length - 1];
      }
      members = fewer;
    }
  }

  /**
   * Puts another program, which the group holds from now on, in the place of the one that is there.
   *
   * @return whether there was one
   */
  boolean exchangeProgram(@Nullable LoadedProgram next) {
    LoadedProgram before = program;
    if (next != null) {
      next.retain();
    }
    program = next;
    if (before == null) {
      return false;
    }
    before.release();
    return true;
  }

  /**
   * The member that a flow's hash falls to; connected ones are passed over.
   *
   * @return null where nobody is left
   */
  static @Nullable InetSocket byHash(InetSocket[] members, int hash) {
    int count = members.length;
    if (count == 0) {
      return null;
    }
    int first = (int) (Integer.toUnsignedLong(hash) * count >>> Integer.SIZE);
    int at = first;
    do {
      InetSocket socket = members[at];
      if (!socket.isConnected()) {
        return socket;
      }
      at = at + 1 == count ? 0 : at + 1;
    } while (at != first);
    return null;
  }
}
