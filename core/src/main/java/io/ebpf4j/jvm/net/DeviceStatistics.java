package io.ebpf4j.jvm.net;

/** What one CPU has counted of one device: written by the thread on that CPU, read by anybody. */
final class DeviceStatistics {
  private static final int REASONS = DropReason.values().length;

  final long[] drops = new long[REASONS];
  long rxPackets;
  long rxBytes;
  long passed;
  long turned;
  long redirected;
  long cloned;
  long txQueued;
  long txPackets;
  long txBytes;

  DeviceStatistics() {}

  void drop(DropReason reason) {
    drops[reason.ordinal()]++;
  }
}
