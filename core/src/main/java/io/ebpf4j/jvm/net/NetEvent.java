package io.ebpf4j.jvm.net;

/**
 * What happens to frames, with the names and fields of the kernel's tracepoints of the group {@code
 * xdp}; {@link FrameDropped} is what {@code skb:kfree_skb} is there. Errors are negative errno, 0
 * for none; a program's and a map's number is its id.
 */
public sealed interface NetEvent {
  /**
   * A frame was redirected.
   *
   * @param progId the program
   * @param ifindex where the frame came from
   * @param toIfindex where it goes, 0 where that is no single device
   * @param mapId the map, or 2^31 - 1 for bpf_redirect
   * @param mapIndex the key
   */
  record XdpRedirect(int progId, int ifindex, int toIfindex, int mapId, int mapIndex)
      implements NetEvent {}

  /** A frame was not redirected, and why; else as {@link XdpRedirect}. */
  record XdpRedirectErr(int progId, int ifindex, int err, int toIfindex, int mapId, int mapIndex)
      implements NetEvent {}

  /**
   * A program aborted, or gave a verdict that cannot be followed.
   *
   * @param act the verdict
   */
  record XdpException(int progId, int act, int ifindex) implements NetEvent {}

  /**
   * Frames of XDP_TX were sent.
   *
   * @param drops frames that were not
   */
  record XdpBulkTx(int ifindex, int drops, int sent, int err) implements NetEvent {}

  /** Frames of a bulk queue were sent. */
  record XdpDevmapXmit(int fromIfindex, int toIfindex, int drops, int sent, int err)
      implements NetEvent {}

  /**
   * Frames were put into the queue of a CPUMAP's entry.
   *
   * @param cpu the CPU that did
   * @param drops frames that found no room
   */
  record XdpCpumapEnqueue(int mapId, int cpu, int toCpu, int drops, int processed)
      implements NetEvent {}

  /** Frames were taken out of the queue of a CPUMAP's entry, and what its program said. */
  record XdpCpumapKthread(
      int mapId, int cpu, int drops, int processed, int xdpPass, int xdpDrop, int xdpRedirect)
      implements NetEvent {}

  /**
   * A frame ended.
   *
   * @param ifindex the device where it did
   * @param device the device's name
   */
  record FrameDropped(int ifindex, String device, DropReason reason) implements NetEvent {}
}
