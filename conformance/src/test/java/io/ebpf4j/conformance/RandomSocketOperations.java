package io.ebpf4j.conformance;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Sockets that open, bind, connect and close, and arrays that they go into, all drawn from one
 * seed. Cookies and ports, which differ between kernels, are said by the socket's name.
 */
final class RandomSocketOperations {
  private static final int MOST = 8;
  private static final int SLOTS = 4;
  private static final String[] IPV4 = {"127.0.0.1", "127.0.0.1", "0.0.0.0", "127.0.0.2"};
  private static final String[] IPV6 = {"::1", "::1", "::"};

  private final TwinSockets sockets;
  private final List<Opened> open = new ArrayList<>();
  private final List<String> transcript = new ArrayList<>();
  private final BpfMap[] maps;
  private final Program[] programs;
  private SplittableRandom random;
  private int names;

  private record Opened(String name, TwinSocket socket, boolean udp, boolean ipv6) {}

  private RandomSocketOperations(Kernel kernel, long seed) {
    this.random = new SplittableRandom(seed);
    this.sockets = new TwinSockets(kernel);
    this.maps =
        new BpfMap[] {
          TwinSockets.array(kernel, SLOTS),
          kernel.createMap(MapSpec.of("narrow", MapType.REUSEPORT_SOCKARRAY, 4, 4, SLOTS))
        };
    this.programs =
        new Program[] {
          Programs.answering(kernel, 0),
          Programs.answering(kernel, 1),
          Programs.filter(kernel, "r0 = 0", "exit")
        };
  }

  /** The answers, in the order of the operations, and then what the arrays hold. */
  static List<String> run(Kernel kernel, RandomCase drawn) {
    RandomSocketOperations operations = new RandomSocketOperations(kernel, drawn.first());
    try {
      for (long seed : drawn.steps()) {
        operations.random = new SplittableRandom(seed);
        operations.operate();
      }
      operations.dump();
      return operations.transcript;
    } finally {
      operations.close();
    }
  }

  private void close() {
    sockets.close();
    for (BpfMap map : maps) {
      map.close();
    }
    for (Program program : programs) {
      program.close();
    }
  }

  private void say(String operation, String answer) {
    transcript.add(operation + ": " + answer);
  }

  private void operate() {
    int draw = random.nextInt(30);
    int which = random.nextInt(MOST);
    if (draw < 7 || open.isEmpty()) {
      openSocket();
      return;
    }
    Opened one = open.get(which % open.size());
    switch (draw) {
      case 7, 8, 9 -> bind(one);
      case 10, 11 -> {
        if (!one.udp) {
          say(one.name + " listens", one.socket.listen(4));
        }
      }
      case 12 -> {
        // A port that connecting itself has taken: see docs/sockets.md.
        if (one.udp && one.socket.port() != 0) {
          say(one.name + " connects", one.socket.connect(one.ipv6 ? "::1" : "127.0.0.1", 9));
        }
      }
      case 13 -> say(one.name + " disconnects", one.socket.disconnect());
      case 14 -> {
        if (!one.udp) {
          say(one.name + " is shut down", one.socket.shutdown());
        }
      }
      case 15, 16 -> {
        one.socket.close();
        open.remove(one);
        say(one.name + " is closed", "OK");
      }
      case 17, 18, 19, 20, 21 -> put(one);
      case 22 -> delete();
      case 23 ->
          say(
              one.name + " gets a program",
              one.socket.attach(programs[random.nextInt(programs.length)].fd()));
      case 24 -> say(one.name + " loses its program", one.socket.detach());
      // Sharing is not ended here: ports remember how they were taken, see docs/sockets.md.
      case 25 -> say(one.name + " shares", one.socket.reuseport(true));
      case 26, 27, 28 -> send(one);
      default -> dump();
    }
  }

  private void openSocket() {
    if (open.size() == MOST) {
      return;
    }
    boolean udp = random.nextInt(3) > 0;
    boolean ipv6 = random.nextInt(3) == 0;
    TwinSocket socket =
        udp ? ipv6 ? sockets.udp6() : sockets.udp() : ipv6 ? sockets.tcp6() : sockets.tcp();
    Opened opened =
        new Opened(
            "%s%s-%d".formatted(udp ? "udp" : "tcp", ipv6 ? "6" : "4", names++), socket, udp, ipv6);
    boolean shares = random.nextInt(5) > 0;
    socket.reuseport(shares);
    boolean only = ipv6 && random.nextInt(3) == 0;
    if (only) {
      socket.v6only(true);
    }
    open.add(opened);
    say("open " + opened.name, (shares ? "shares" : "alone") + (only ? " IPv6 only" : ""));
    if (random.nextInt(4) > 0) {
      bind(opened);
      if (!udp && random.nextBoolean()) {
        say(opened.name + " listens", socket.listen(4));
      }
    }
  }

  private void bind(Opened one) {
    String[] addresses = one.ipv6 ? IPV6 : IPV4;
    String address = addresses[random.nextInt(addresses.length)];
    Opened other = open.get(random.nextInt(MOST) % open.size());
    boolean joins = random.nextInt(5) > 0 && other.udp == one.udp && other.socket.port() != 0;
    say(
        "%s binds to %s and %s".formatted(one.name, address, joins ? other.name : "any port"),
        one.socket.bind(address, joins ? other.socket.port() : 0));
  }

  private void put(Opened one) {
    int map = random.nextInt(4) == 0 ? 1 : 0;
    int slot = random.nextInt(SLOTS + 1);
    int flags = random.nextInt(4);
    say(
        "%s into slot %d of %d, flags %d".formatted(one.name, slot, map, flags),
        TwinSockets.put(maps[map], slot, one.socket, flags));
  }

  private void delete() {
    int map = random.nextInt(2);
    int slot = random.nextInt(SLOTS + 1);
    say("slot %d of %d is deleted".formatted(slot, map), Elements.delete(maps[map], slot));
  }

  /** Sends a datagram to where a socket is bound, and counts who got it. */
  private void send(Opened to) {
    if (!to.udp || to.socket.port() == 0) {
      return;
    }
    try (TwinSocket client = to.ipv6 ? sockets.udp6() : sockets.udp()) {
      String address = to.ipv6 ? "::1" : random.nextBoolean() ? "127.0.0.1" : "127.0.0.2";
      client.sendTo(address, to.socket.port(), new byte[] {1, 2, 3});
      long got = open.stream().filter(one -> one.udp && one.socket.receive().came()).count();
      say("a datagram to %s at %s".formatted(address, to.name), got + " got it");
    }
  }

  private void dump() {
    for (int map = 0; map < maps.length; map++) {
      for (int slot = 0; slot < SLOTS; slot++) {
        String answer = Elements.lookup(maps[map], slot, 0);
        say("slot %d of %d".formatted(slot, map), answer.equals("OK") ? name(slot) : answer);
      }
    }
  }

  private String name(int slot) {
    long cookie = Elements.value(maps[0], slot);
    return open.stream()
        .filter(one -> one.socket.cookie() == cookie)
        .map(Opened::name)
        .findFirst()
        .orElse("a socket that is not open");
  }
}
