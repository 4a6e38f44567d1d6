package io.ebpf4j.conformance;

import io.ebpf4j.Kernel;
import io.ebpf4j.junit.BothKernels;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.jvm.net.DeviceSettings;
import io.ebpf4j.jvm.net.HardwareAddress;
import io.ebpf4j.jvm.net.NetDevice;
import io.ebpf4j.jvm.net.RoutingTable.RouteType;
import io.ebpf4j.jvm.net.VethPair;
import io.ebpf4j.linux.LinuxKernel;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A network of veth pairs for tests that run on both kernels: a0–a1, b0–b1 and so on, all up. On
 * Linux it is in a namespace that ends with the test.
 */
abstract class TwinNetwork implements AutoCloseable {
  /** The networks' makers: the kernel in the JVM, and Linux where it can be used. */
  static Stream<Maker> makers() {
    Optional<Kernel> linux = BothKernels.linux();
    linux.ifPresent(Kernel::close);
    Stream<Maker> jvm = Stream.of(new Maker("jvm", false));
    return linux.isEmpty() ? jvm : Stream.concat(jvm, Stream.of(new Maker("linux", true)));
  }

  /** Makes a network. */
  record Maker(String name, boolean linux) {
    /** A network of that many pairs. */
    TwinNetwork make(int pairs) throws Exception {
      return linux ? new OnLinux(pairs) : new OnJvm(pairs);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** The kernel, as it is seen from the network. */
  abstract Kernel kernel();

  /** The number of a device. */
  abstract int ifindex(String name);

  /** Sends a frame out by a device, as the network stack does. */
  abstract void send(String name, byte[] frame);

  /**
   * What has come up from a device since the last call; {@code expected} says how many to await.
   */
  abstract List<byte[]> received(String name, int expected) throws Exception;

  /** What has come up from a device until now, without waiting. */
  abstract List<byte[]> seen(String name) throws Exception;

  /** Sets a device up or down. */
  abstract void up(String name, boolean whether) throws Exception;

  /** Sets a device's MTU. */
  abstract void mtu(String name, int bytes) throws Exception;

  /** Removes a pair, by one of its devices. */
  abstract void remove(String name) throws Exception;

  /** Adds a route to a network such as 10.0.0.0/8, by a gateway and a device where there are. */
  abstract void route(
      RouteType type, String network, @Nullable String gateway, @Nullable String device, int metric)
      throws Exception;

  /** Notes the link address of a neighbour. */
  abstract void neighbour(String device, String address, String mac) throws Exception;

  /** Sets the link address of a device. */
  abstract HardwareAddress mac(String device) throws Exception;

  /** Lets packets that arrive on a device be forwarded. */
  abstract void forward(String device) throws Exception;

  @Override
  public abstract void close();

  private static <T> T named(Map<String, T> all, String name) {
    return Objects.requireNonNull(all.get(name), name);
  }

  private static String pair(int number, int side) {
    return "" + (char) ('a' + number) + side;
  }

  private static final class OnJvm extends TwinNetwork {
    private final JvmKernel kernel = (JvmKernel) BothKernels.jvm();
    private final Map<String, NetDevice> devices = new HashMap<>();
    private final Map<String, List<byte[]>> received = new HashMap<>();

    OnJvm(int pairs) {
      for (int i = 0; i < pairs; i++) {
        VethPair veth = kernel.devices().addVeth(pair(i, 0), pair(i, 1), DeviceSettings.DEFAULT);
        for (NetDevice device : List.of(veth.device(), veth.peer())) {
          List<byte[]> frames = Collections.synchronizedList(new ArrayList<>());
          devices.put(device.name(), device);
          received.put(device.name(), frames);
          device.onPass(frame -> frames.add(frame.bytes()));
        }
      }
    }

    @Override
    Kernel kernel() {
      return kernel;
    }

    @Override
    int ifindex(String name) {
      return named(devices, name).ifindex();
    }

    @Override
    void send(String name, byte[] frame) {
      named(devices, name).send(frame);
    }

    @Override
    List<byte[]> received(String name, int expected) throws InterruptedException {
      List<byte[]> frames = named(received, name);
      for (int waited = 0; frames.size() < expected && waited < 3000; waited++) {
        Thread.sleep(1);
      }
      List<byte[]> all = List.copyOf(frames);
      frames.clear();
      return all;
    }

    @Override
    List<byte[]> seen(String name) throws InterruptedException {
      return received(name, 0);
    }

    @Override
    void up(String name, boolean whether) {
      named(devices, name).setUp(whether);
    }

    @Override
    void mtu(String name, int bytes) {
      named(devices, name).setMtu(bytes);
    }

    @Override
    void remove(String name) {
      named(devices, name).remove();
    }

    @Override
    void route(
        RouteType type,
        String network,
        @Nullable String gateway,
        @Nullable String device,
        int metric)
        throws Exception {
      String[] parts = network.split("/", -1);
      kernel
          .devices()
          .routes()
          .addRoute(
              type,
              InetAddress.getByName(parts[0]),
              Integer.parseInt(parts[1]),
              gateway == null ? null : InetAddress.getByName(gateway),
              device == null ? 0 : ifindex(device),
              metric);
    }

    @Override
    void neighbour(String device, String address, String mac) throws Exception {
      kernel
          .devices()
          .routes()
          .setNeighbour(
              ifindex(device), InetAddress.getByName(address), HardwareAddress.parse(mac));
    }

    @Override
    HardwareAddress mac(String device) {
      return named(devices, device).mac();
    }

    @Override
    void forward(String device) {
      kernel.devices().routes().setForwarding(ifindex(device), true);
    }

    @Override
    public void close() {
      kernel.close();
    }
  }

  private static final class OnLinux extends TwinNetwork {
    private final Process holder;
    private final LinuxKernel kernel;
    private final Map<String, PacketSocket> sockets = new HashMap<>();
    private final Map<String, Integer> numbers = new HashMap<>();

    OnLinux(int pairs) throws Exception {
      holder = new ProcessBuilder("unshare", "--net", "sh", "-c", "echo; exec cat").start();
      holder.inputReader().readLine();
      run("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1");
      run("ip link set lo up");
      for (int i = 0; i < pairs; i++) {
        run("ip link add %s type veth peer name %s".formatted(pair(i, 0), pair(i, 1)));
        for (int side = 0; side < 2; side++) {
          String name = pair(i, side);
          run("ip link set %s up".formatted(name));
          String shown = run("ip -o link show " + name);
          numbers.put(name, Integer.parseInt(shown.substring(0, shown.indexOf(':'))));
        }
      }
      for (Map.Entry<String, Integer> device : numbers.entrySet()) {
        sockets.put(device.getKey(), PacketSocket.open(namespace(), device.getValue()));
      }
      kernel = LinuxKernel.inNamespace(namespace());
    }

    private Path namespace() {
      return Path.of("/proc/" + holder.pid() + "/ns/net");
    }

    private String run(String command) throws IOException, InterruptedException {
      List<String> words = new ArrayList<>(List.of("nsenter", "--net=" + namespace()));
      words.addAll(List.of(command.split(" ", -1)));
      Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IOException(command + ": " + output);
      }
      return output;
    }

    @Override
    Kernel kernel() {
      return kernel;
    }

    @Override
    int ifindex(String name) {
      return named(numbers, name);
    }

    @Override
    void send(String name, byte[] frame) {
      named(sockets, name).send(frame);
    }

    @Override
    List<byte[]> received(String name, int expected) throws Exception {
      return named(sockets, name).received(expected);
    }

    @Override
    List<byte[]> seen(String name) {
      return named(sockets, name).seen();
    }

    @Override
    void up(String name, boolean whether) throws Exception {
      run("ip link set %s %s".formatted(name, whether ? "up" : "down"));
    }

    @Override
    void mtu(String name, int bytes) throws Exception {
      run("ip link set %s mtu %d".formatted(name, bytes));
    }

    @Override
    void remove(String name) throws Exception {
      run("ip link del " + name);
    }

    @Override
    void route(
        RouteType type,
        String network,
        @Nullable String gateway,
        @Nullable String device,
        int metric)
        throws Exception {
      String family = network.contains(":") ? "-6 " : "";
      run(
          "ip %sroute add %s%s%s%s metric %d"
              .formatted(
                  family,
                  type == RouteType.UNICAST ? "" : type.name().toLowerCase(Locale.ROOT) + " ",
                  network,
                  gateway == null ? "" : " via " + gateway,
                  device == null ? "" : " dev " + device + (gateway == null ? "" : " onlink"),
                  metric));
    }

    @Override
    void neighbour(String device, String address, String mac) throws Exception {
      run("ip neigh add %s lladdr %s dev %s".formatted(address, mac, device));
    }

    @Override
    HardwareAddress mac(String device) throws Exception {
      String shown = run("ip -o link show " + device);
      String after = shown.substring(shown.indexOf("link/ether ") + "link/ether ".length());
      return HardwareAddress.parse(after.substring(0, after.indexOf(' ')));
    }

    @Override
    void forward(String device) throws Exception {
      run("sysctl -qw net.ipv6.conf.%s.disable_ipv6=0".formatted(device));
      run("sysctl -qw net.ipv4.conf.%s.forwarding=1".formatted(device));
      run("sysctl -qw net.ipv6.conf.%s.forwarding=1".formatted(device));
    }

    @Override
    public void close() {
      kernel.close();
      sockets.values().forEach(PacketSocket::close);
      holder.destroyForcibly().onExit().join();
    }
  }
}
