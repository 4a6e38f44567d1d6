package io.ebpf4j.jvm.net;

import java.util.List;
import java.util.Optional;

/** The network devices of a kernel: the loopback device alone. Thread safe. */
final class NetDevices {
  /** The device that packets of a test run come from where the user names none. */
  static final NetDevice LOOPBACK = new NetDevice("lo", 1, 1);

  private final List<NetDevice> devices = List.of(LOOPBACK);

  /**
   * A device.
   *
   * @param ifindex above 0
   * @param rxQueues receive queues
   */
  record NetDevice(String name, int ifindex, int rxQueues) {}

  /** The device with that number. */
  Optional<NetDevice> find(int ifindex) {
    return devices.stream().filter(device -> device.ifindex() == ifindex).findFirst();
  }
}
