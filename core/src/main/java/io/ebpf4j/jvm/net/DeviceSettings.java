package io.ebpf4j.jvm.net;

import org.jspecify.annotations.Nullable;

/**
 * How a device is to be. The {@code with} methods give changed copies.
 *
 * @param mtu bytes of a packet behind its Ethernet header, 68 to 65,536
 * @param rxQueues receive queues, 1 to 1024; queue {@code n} runs on CPU {@code (firstCpu + n)
 *     modulo CPUs}
 * @param firstCpu the CPU of queue 0
 * @param mac the address, or null for one made from the ifindex
 * @param ifindex the device's number, or 0 for the next one
 * @param up whether it is up from the start
 */
public record DeviceSettings(
    int mtu, int rxQueues, int firstCpu, @Nullable HardwareAddress mac, int ifindex, boolean up) {
  /** An Ethernet device with one queue on CPU 0, up. */
  public static final DeviceSettings DEFAULT = new DeviceSettings(1500, 1, 0, null, 0, true);

  private static final int MIN_MTU = 68;
  private static final int MAX_MTU = 65_536;
  private static final int MAX_QUEUES = 1024;

  /** Checks the ranges. */
  public DeviceSettings {
    checkMtu(mtu);
    if (rxQueues < 1 || rxQueues > MAX_QUEUES) {
      throw new IllegalArgumentException(
          "a device has 1 to %d receive queues, not %d".formatted(MAX_QUEUES, rxQueues));
    }
    if (firstCpu < 0) {
      throw new IllegalArgumentException("there is no CPU " + firstCpu);
    }
    if (ifindex < 0) {
      throw new IllegalArgumentException("an ifindex is above 0, not " + ifindex);
    }
  }

  /** These with another MTU. */
  public DeviceSettings withMtu(int bytes) {
    return new DeviceSettings(bytes, rxQueues, firstCpu, mac, ifindex, up);
  }

  /** These with another number of receive queues. */
  public DeviceSettings withRxQueues(int queues) {
    return new DeviceSettings(mtu, queues, firstCpu, mac, ifindex, up);
  }

  /** These with queue 0 on another CPU. */
  public DeviceSettings withFirstCpu(int number) {
    return new DeviceSettings(mtu, rxQueues, number, mac, ifindex, up);
  }

  /** These with an address. */
  public DeviceSettings withMac(HardwareAddress address) {
    return new DeviceSettings(mtu, rxQueues, firstCpu, address, ifindex, up);
  }

  /** These with a number of its own. */
  public DeviceSettings withIfindex(int number) {
    return new DeviceSettings(mtu, rxQueues, firstCpu, mac, number, up);
  }

  /** These, up or down from the start. */
  public DeviceSettings withUp(boolean fromStart) {
    return new DeviceSettings(mtu, rxQueues, firstCpu, mac, ifindex, fromStart);
  }

  static void checkMtu(int mtu) {
    if (mtu < MIN_MTU || mtu > MAX_MTU) {
      throw new IllegalArgumentException(
          "an MTU is %d to %d bytes, not %d".formatted(MIN_MTU, MAX_MTU, mtu));
    }
  }
}
