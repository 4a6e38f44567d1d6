package io.ebpf4j.jvm.net;

/**
 * What is behind a {@link NetDevice}: the wire, a file, an interface of the host. {@link
 * NetDevices#add} makes a device of it; one that receives by itself is a {@link PolledDriver}.
 */
public interface Driver {
  /**
   * Sends frames; called on a CPU, at most one call on each at once.
   *
   * @param batch at least one frame; valid during the call
   * @return how many were sent, from the first on; the rest are dropped. Below 0: none was, and
   *     this is the errno
   */
  int transmit(FrameBatch batch);

  /** Whether XDP programs can run in it, before the network stack. */
  default boolean runsXdp() {
    return true;
  }

  /** Whether it transmits frames that XDP redirects to it, now. */
  default boolean transmitsXdp() {
    return true;
  }

  /** The device is up: {@link #transmit} may be called. */
  default void start() {}

  /** The device has gone, and nothing is called any more. */
  default void close() {}
}
