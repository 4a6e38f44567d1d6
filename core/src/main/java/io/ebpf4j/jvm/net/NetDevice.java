package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.spec.Errno;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A network device of the kernel in the JVM. XDP programs are attached to it by {@link
 * io.ebpf4j.Kernel#attach}; what happens on its wire is its {@link Driver}'s. Thread safe.
 */
public final class NetDevice {
  private static final int LINK_HEADER_BYTES = XdpFrame.ETHERNET_BYTES;
  private static final int VLAN_TAG_BYTES = 4;

  private final NetDevices devices;
  private final String name;
  private final int ifindex;
  private final HardwareAddress mac;
  private final Driver driver;
  private final Cpu[] cpus;
  private final RxQueue[] queues;
  private final DeviceStatistics[] statistics;
  private final BulkQueue[] redirectQueues;
  private final BulkQueue[] turnQueues;
  private final XdpState xdp = new XdpState(this);
  private final RxThreads threads;
  private volatile int mtu;
  private volatile boolean up;
  private volatile boolean gone;
  private volatile @Nullable FrameHandler passHandler;

  NetDevice(
      NetDevices devices,
      String name,
      int ifindex,
      DeviceSettings settings,
      Function<NetDevice, Driver> wire) {
    this.devices = devices;
    this.name = name;
    this.ifindex = ifindex;
    HardwareAddress given = settings.mac();
    mac = given == null ? HardwareAddress.ofDevice(ifindex) : given;
    mtu = settings.mtu();
    List<SoftNet> nets = devices.nets();
    int count = nets.size();
    statistics = new DeviceStatistics[count];
    redirectQueues = new BulkQueue[count];
    turnQueues = new BulkQueue[count];
    for (int i = 0; i < count; i++) {
      statistics[i] = new DeviceStatistics();
      redirectQueues[i] = new BulkQueue(nets.get(i), this, statistics[i], false);
      turnQueues[i] = new BulkQueue(nets.get(i), this, statistics[i], true);
    }
    cpus = new Cpu[settings.rxQueues()];
    queues = new RxQueue[settings.rxQueues()];
    for (int i = 0; i < queues.length; i++) {
      cpus[i] = nets.get((settings.firstCpu() + i) % count).cpu();
      queues[i] = new RxQueue(this, i);
    }
    driver = wire.apply(this);
    threads = new RxThreads(this, driver);
  }

  /** The name, unique among the kernel's devices. */
  public String name() {
    return name;
  }

  /** The number, above 0. */
  public int ifindex() {
    return ifindex;
  }

  /** The address. */
  public HardwareAddress mac() {
    return mac;
  }

  /** Receive queues. */
  public int rxQueues() {
    return queues.length;
  }

  /** Bytes of a packet behind its Ethernet header, at most. */
  public int mtu() {
    return mtu;
  }

  /**
   * Sets the MTU.
   *
   * @param bytes 68 to 65,536
   * @throws io.ebpf4j.BpfException ERANGE where the attached native program does not take frames
   *     with frags, which such an MTU needs
   */
  public void setMtu(int bytes) {
    DeviceSettings.checkMtu(bytes);
    xdp.checkMtu(bytes);
    mtu = bytes;
  }

  /** Whether it is up. */
  public boolean isUp() {
    return up;
  }

  /** Sets it up, or down: then frames that arrive or are redirected to it are dropped. */
  public void setUp(boolean whether) {
    synchronized (threads) {
      if (whether == up || gone) {
        return;
      }
      up = whether;
      if (whether) {
        driver.start();
        threads.start();
      } else {
        threads.stop();
      }
    }
  }

  /** Whether it has been removed. */
  public boolean isGone() {
    return gone;
  }

  /**
   * Removes it: from every device map, with the programs that are attached to it. Its peer, where
   * it has one, goes with it.
   */
  public void remove() {
    devices.remove(this);
  }

  /** Waits until a driver that said it has no more frames has seen its last one through. */
  public void awaitEnd() throws InterruptedException {
    threads.awaitEnd();
  }

  /** What it has counted. */
  public DeviceCounters counters() {
    return DeviceCounters.of(statistics);
  }

  /** Gives what passes to Java code, which stands for the network stack; null for nobody. */
  public void onPass(@Nullable FrameHandler handler) {
    passHandler = handler;
  }

  /**
   * Sends a frame as the network stack does.
   *
   * @param packet from its Ethernet header on
   * @return whether the device took it
   * @throws IllegalArgumentException where it is shorter than an Ethernet header, or too long
   */
  public boolean send(byte[] packet) {
    Frames.checkLength(packet.length);
    SoftNet net = SoftNet.enter(cpus[0]);
    try {
      long frame = net.frames().take();
      Frames.fill(net, frame, MemorySegment.ofArray(packet), 0, packet.length);
      return transmitFromStack(net, frame) == 1;
    } finally {
      net.leave();
    }
  }

  /** Frames arrive on a queue; on a CPU already they wait for its next poll. */
  void receive(int queue, FrameSource source) {
    boolean later = devices.current() != null;
    SoftNet net = SoftNet.enter(cpus[queue]);
    try {
      Receiver receiver = net.receiver();
      receiver.begin(this, queue, later);
      source.give(receiver);
    } finally {
      net.leave();
    }
  }

  NetDevices devices() {
    return devices;
  }

  Driver driver() {
    return driver;
  }

  XdpState xdp() {
    return xdp;
  }

  @Nullable LoadedProgram nativeXdp() {
    return xdp.nativeProgram();
  }

  @Nullable LoadedProgram genericXdp() {
    return xdp.genericProgram();
  }

  @Nullable FrameHandler passHandler() {
    return passHandler;
  }

  RxQueue queue(int number) {
    return queues[number];
  }

  Cpu cpu(int queue) {
    return cpus[queue];
  }

  DeviceStatistics statistics(SoftNet net) {
    return statistics[net.cpu().number()];
  }

  BulkQueue turnQueue(SoftNet net) {
    return turnQueues[net.cpu().number()];
  }

  /** Why XDP may not send a frame by this device now, or null. */
  @Nullable DropReason refusal(long frame) {
    if (!up) {
      return DropReason.REDIRECT_DEVICE_DOWN;
    }
    return XdpFrame.length(frame) > mtu + LINK_HEADER_BYTES + VLAN_TAG_BYTES
        ? DropReason.REDIRECT_TOO_LONG
        : null;
  }

  /** Puts a frame into the CPU's bulk queue, or says why it may not be sent. */
  @Nullable DropReason enqueue(
      SoftNet net, long frame, NetDevice from, @Nullable LoadedProgram egress) {
    if (!driver.transmitsXdp()) {
      return DropReason.REDIRECT_NOT_SUPPORTED;
    }
    DropReason refused = refusal(frame);
    if (refused == null) {
      redirectQueues[net.cpu().number()].add(frame, from, egress);
    }
    return refused;
  }

  /** Sends a frame as the network stack does; 1 where the driver took it. */
  int transmitFromStack(SoftNet net, long frame) {
    statistics(net).txQueued++;
    FrameBatch batch = net.takeSingle();
    try {
      batch.frames[0] = frame;
      return transmit(net, batch, 1, true);
    } finally {
      net.giveBack(batch);
    }
  }

  /** Has the driver send the first frames of a batch; what it does not take ends here. */
  int transmit(SoftNet net, FrameBatch batch, int count, boolean fromStack) {
    batch.size(count);
    int result =
        gone
            ? -Errno.ENXIO.number()
            : fromStack && driver instanceof StackDriver stack
                ? stack.transmitFromStack(batch)
                : driver.transmit(batch);
    int sent = Math.max(result, 0);
    DeviceStatistics counted = statistics(net);
    counted.txPackets += sent;
    for (int i = 0; i < sent; i++) {
      counted.txBytes += batch.length(i);
    }
    batch.free(0, sent);
    for (int i = sent; i < count; i++) {
      drop(net, batch.take(i), gone ? DropReason.DEVICE_GONE : DropReason.TRANSMIT_REFUSED);
    }
    return result;
  }

  /** Ends a frame, and says why. */
  void drop(SoftNet net, long frame, DropReason reason) {
    statistics(net).drop(reason);
    devices.events().dropped(this, reason);
    net.frames().give(frame);
  }

  /** Notes that it is being removed: nothing is sent any more. */
  void leave() {
    synchronized (threads) {
      gone = true;
      up = false;
    }
    threads.stop();
    xdp.clear();
  }

  /** Frees what is left when no CPU knows the device any more. */
  void close() {
    driver.close();
    SoftNet net = SoftNet.enter(cpus[0]);
    try {
      for (RxQueue queue : queues) {
        queue.drain(net);
      }
    } finally {
      net.leave();
    }
  }

  @Override
  public String toString() {
    return "device %s (ifindex %d)".formatted(name, ifindex);
  }
}
