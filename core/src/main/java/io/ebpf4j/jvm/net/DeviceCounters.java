package io.ebpf4j.jvm.net;

import java.util.EnumMap;
import java.util.Map;

/**
 * What a device has counted since it was added. Every frame is in one of them: {@code rxPackets ==
 * passed + turned + redirected + rxDropped} and {@code txQueued == txPackets + txDropped}, once no
 * poll runs.
 *
 * @param rxPackets frames that arrived, whatever became of them
 * @param rxBytes their bytes
 * @param passed frames that went up to the network stack
 * @param turned frames that XDP_TX turned round, also where the driver did not take them
 * @param redirected frames that XDP_REDIRECT has handed on
 * @param cloned copies made of frames for a broadcast
 * @param rxDropped frames that arrived and ended here
 * @param txQueued frames to be sent
 * @param txPackets frames that the driver took
 * @param txBytes their bytes
 * @param txDropped frames that were to be sent and ended here
 * @param drops frames that ended here, by reason, without those that are 0
 */
public record DeviceCounters(
    long rxPackets,
    long rxBytes,
    long passed,
    long turned,
    long redirected,
    long cloned,
    long rxDropped,
    long txQueued,
    long txPackets,
    long txBytes,
    long txDropped,
    Map<DropReason, Long> drops) {
  /** Copies the reasons. */
  public DeviceCounters {
    drops = Map.copyOf(drops);
  }

  /** Adds up what the CPUs have counted. */
  static DeviceCounters of(DeviceStatistics[] all) {
    DeviceStatistics sum = new DeviceStatistics();
    for (DeviceStatistics one : all) {
      sum.rxPackets += one.rxPackets;
      sum.rxBytes += one.rxBytes;
      sum.passed += one.passed;
      sum.turned += one.turned;
      sum.redirected += one.redirected;
      sum.cloned += one.cloned;
      sum.txQueued += one.txQueued;
      sum.txPackets += one.txPackets;
      sum.txBytes += one.txBytes;
      for (int i = 0; i < sum.drops.length; i++) {
        sum.drops[i] += one.drops[i];
      }
    }
    EnumMap<DropReason, Long> drops = new EnumMap<>(DropReason.class);
    long rxDropped = 0;
    long txDropped = 0;
    for (DropReason reason : DropReason.values()) {
      long count = sum.drops[reason.ordinal()];
      if (count > 0) {
        drops.put(reason, count);
      }
      if (reason.whenSending()) {
        txDropped += count;
      } else {
        rxDropped += count;
      }
    }
    return new DeviceCounters(
        sum.rxPackets,
        sum.rxBytes,
        sum.passed,
        sum.turned,
        sum.redirected,
        sum.cloned,
        rxDropped,
        sum.txQueued,
        sum.txPackets,
        sum.txBytes,
        txDropped,
        drops);
  }
}
