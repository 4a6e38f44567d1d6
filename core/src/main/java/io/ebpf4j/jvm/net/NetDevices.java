package io.ebpf4j.jvm.net;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.handle.FdTable;
import io.ebpf4j.pcap.CaptureReader;
import io.ebpf4j.pcap.CaptureWriter;
import io.ebpf4j.spec.Errno;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The network devices of a kernel: the loopback device, and those that are added and removed while
 * programs run. Thread safe.
 */
public final class NetDevices {
  /** The number of the loopback device. */
  static final int LOOPBACK_IFINDEX = 1;

  private static final int NAME_BYTES = 15;
  private static final int MAX_IFINDEX = 1 << 20;

  private final Machine machine;
  private final FramePool pool;
  private final List<SoftNet> nets;
  private final NetEvents events = new NetEvents();
  private final Set<DeviceMap> maps = ConcurrentHashMap.newKeySet();
  private final Set<XskMap> socketMaps = ConcurrentHashMap.newKeySet();
  private final RoutingTable routes = new RoutingTable();
  private final NetDevice loopback;
  private volatile @Nullable NetDevice[] table = new @Nullable NetDevice[16];
  private int lastIfindex;

  NetDevices(Machine machine, FramePool pool, List<SoftNet> nets) {
    this.machine = machine;
    this.pool = pool;
    this.nets = List.copyOf(nets);
    loopback = register("lo", DeviceSettings.DEFAULT.withMtu(65_536), Loopback::new);
  }

  /** The device that packets of a test run come from where the user names none. */
  NetDevice loopback() {
    return loopback;
  }

  /**
   * Adds a device.
   *
   * @param name 1 to 15 bytes without {@code /}, {@code :} and spaces; unique
   * @throws BpfException EEXIST where the name or the ifindex is taken, EINVAL for another name
   */
  public NetDevice add(String name, DeviceSettings settings, Driver driver) {
    return register(name, settings, device -> driver);
  }

  /** Adds a device whose wire is Java code. */
  public ApplicationDevice addApplication(String name) {
    return addApplication(name, DeviceSettings.DEFAULT);
  }

  /**
   * Adds a device whose wire is Java code.
   *
   * @throws BpfException as {@link #add}
   */
  public ApplicationDevice addApplication(String name, DeviceSettings settings) {
    ApplicationDevice.Wire wire = new ApplicationDevice.Wire();
    return new ApplicationDevice(add(name, settings, wire), wire);
  }

  /**
   * Adds a device that receives the packets of a capture and writes what it sends to another one,
   * both of which it closes; it begins once it is up.
   *
   * @param from null for a device that receives nothing
   * @param to null for a device whose packets are lost on the wire
   * @throws BpfException as {@link #add}: then the captures stay the caller's
   */
  public CaptureDevice addCapture(
      String name,
      DeviceSettings settings,
      @Nullable CaptureReader from,
      @Nullable CaptureWriter to,
      CaptureDevice.Timing timing) {
    CaptureDevice.Wire wire = new CaptureDevice.Wire(from, to, timing);
    return new CaptureDevice(add(name, settings.withRxQueues(1), wire), wire);
  }

  /** Adds two devices, each of which receives what the other one sends. */
  public VethPair addVeth(String name, String peerName) {
    return addVeth(name, peerName, DeviceSettings.DEFAULT);
  }

  /**
   * Adds two devices, each of which receives what the other one sends; the peer has the lower
   * ifindex, as on Linux.
   *
   * @param settings of both; addresses and ifindexes are given out
   * @throws BpfException as {@link #add}
   */
  public synchronized VethPair addVeth(String name, String peerName, DeviceSettings settings) {
    checkName(name);
    Veth left = new Veth();
    Veth right = new Veth();
    DeviceSettings both =
        new DeviceSettings(
            settings.mtu(), settings.rxQueues(), settings.firstCpu(), null, 0, false);
    NetDevice peer = add(peerName, both, right);
    NetDevice device;
    try {
      device = add(name, both, left);
    } catch (BpfException refused) {
      peer.remove();
      throw refused;
    }
    left.connect(peer);
    right.connect(device);
    device.setUp(settings.up());
    peer.setUp(settings.up());
    return new VethPair(device, peer);
  }

  /**
   * Opens a receiver of frames that XDP programs redirect to by an XSKMAP.
   *
   * @param queue of the device; frames of others are refused
   * @param capacity frames that wait at most, at least 1
   * @throws BpfException EINVAL for another queue or capacity
   */
  public FrameReceiver openReceiver(NetDevice device, int queue, int capacity) {
    return new FrameReceiver(this, machine.slots().get(FdTable.SLOT), device, queue, capacity);
  }

  /** The devices that there are, by ifindex. */
  public List<NetDevice> all() {
    List<NetDevice> all = new ArrayList<>();
    for (NetDevice device : table) {
      if (device != null) {
        all.add(device);
      }
    }
    return all;
  }

  /** The device with that number. */
  public Optional<NetDevice> find(int ifindex) {
    return Optional.ofNullable(at(ifindex));
  }

  /** The device with that name. */
  public Optional<NetDevice> find(String name) {
    return all().stream().filter(device -> device.name().equals(name)).findFirst();
  }

  /** Where packets go: what programs ask by bpf_fib_lookup. */
  public RoutingTable routes() {
    return routes;
  }

  /**
   * Tells somebody what happens to frames, on the thread where it does, which must not wait. Frames
   * cost more time while somebody listens.
   *
   * @return ends it when closed
   */
  public Listening listen(Consumer<NetEvent> listener) {
    return events.listen(listener)::run;
  }

  /** The wish to be told of events. */
  public interface Listening extends AutoCloseable {
    /** Ends it. */
    @Override
    void close();
  }

  /** Frames that are on their way: 0 while nothing is received or sent and no ring holds any. */
  public long framesInUse() {
    return pool.inUse();
  }

  /** Bytes of memory for frames. */
  public long frameBytes() {
    return pool.bytes();
  }

  List<SoftNet> nets() {
    return nets;
  }

  NetEvents events() {
    return events;
  }

  /** The CPU that the calling thread is on, or null. */
  @Nullable Cpu current() {
    return machine.current();
  }

  /** The device with that number, or null. */
  @Nullable NetDevice at(int ifindex) {
    @Nullable NetDevice[] all = table;
    return ifindex >= 0 && ifindex < all.length ? all[ifindex] : null;
  }

  /** Has a device map told when a device is removed. */
  void watch(DeviceMap map) {
    maps.add(map);
  }

  /** Ends {@link #watch}. */
  void unwatch(DeviceMap map) {
    maps.remove(map);
  }

  /** Has a map told when a receiver is closed. */
  void watch(XskMap map) {
    socketMaps.add(map);
  }

  /** Ends {@link #watch}. */
  void unwatch(XskMap map) {
    socketMaps.remove(map);
  }

  /** Takes a receiver out of every map. */
  void removeSocket(FrameReceiver.Socket socket) {
    socketMaps.forEach(map -> map.removeSocket(socket));
  }

  /** Does something when no program that runs now runs any more. */
  void afterGracePeriod(Runnable action) {
    machine.rcu().call(action);
  }

  /** Tells that a program stopped with a fault on a device's own thread. */
  void fault(NetDevice device, RuntimeException fault) {
    machine.trace().accept("%s: %s".formatted(device, fault.getMessage()));
  }

  /** Removes a device, and what cannot be without it. */
  void remove(NetDevice device) {
    if (device == loopback) {
      throw new BpfException(Errno.ENOTSUP, "the loopback device cannot be removed");
    }
    List<NetDevice> leaving = new ArrayList<>();
    synchronized (this) {
      leave(device, leaving);
      if (device.driver() instanceof Veth veth) {
        veth.peer().ifPresent(peer -> leave(peer, leaving));
      }
    }
    for (NetDevice gone : leaving) {
      gone.leave();
      maps.forEach(map -> map.removeDevice(gone));
    }
    if (machine.current() != null) {
      leaving.forEach(gone -> machine.rcu().call(gone::close));
    } else if (!leaving.isEmpty()) {
      machine.rcu().synchronize();
      leaving.forEach(NetDevice::close);
    }
  }

  /** Removes all devices, when no program is to run any more. */
  void close() {
    for (NetDevice device : all()) {
      if (device != loopback) {
        remove(device);
      }
    }
  }

  private void leave(NetDevice device, List<NetDevice> leaving) {
    if (at(device.ifindex()) == device) {
      @Nullable NetDevice[] all = table.clone();
      all[device.ifindex()] = null;
      table = all;
      leaving.add(device);
    }
  }

  private synchronized NetDevice register(
      String name, DeviceSettings settings, Function<NetDevice, Driver> driver) {
    checkName(name);
    int ifindex = settings.ifindex() == 0 ? lastIfindex + 1 : settings.ifindex();
    if (at(ifindex) != null) {
      throw new BpfException(Errno.EEXIST, "%s has that number".formatted(at(ifindex)));
    }
    if (ifindex > MAX_IFINDEX) {
      throw new BpfException(Errno.ENOSPC, "there are no device numbers above " + MAX_IFINDEX);
    }
    NetDevice device = new NetDevice(this, name, ifindex, settings, driver);
    lastIfindex = Math.max(lastIfindex, ifindex);
    @Nullable NetDevice[] all =
        Arrays.copyOf(table, Math.max(table.length, Integer.highestOneBit(ifindex) << 1));
    all[ifindex] = device;
    table = all;
    if (settings.up()) {
      device.setUp(true);
    }
    return device;
  }

  private void checkName(String name) {
    boolean characters = name.chars().noneMatch(c -> c == '/' || c == ':' || c <= ' ');
    int bytes = name.getBytes(StandardCharsets.UTF_8).length;
    if (bytes == 0 || bytes > NAME_BYTES || !characters || name.equals(".") || name.equals("..")) {
      throw new BpfException(
          Errno.EINVAL,
          "'%s' is no device name: 1 to 15 bytes without '/', ':' and spaces".formatted(name));
    }
    find(name)
        .ifPresent(other -> {
          throw new BpfException(Errno.EEXIST, "%s has that name".formatted(other));
        });
  }
}
