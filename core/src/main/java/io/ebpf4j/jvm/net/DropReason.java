package io.ebpf4j.jvm.net;

import io.ebpf4j.spec.Errno;
import java.util.Locale;

/** Why a frame ended on its way. The sentence says it to people. */
public enum DropReason {
  /** An XDP program gave XDP_DROP. */
  XDP_DROP("an XDP program dropped it"),
  /** An XDP program gave XDP_ABORTED. */
  XDP_ABORTED("an XDP program aborted"),
  /** An XDP program gave a number that is no verdict. */
  XDP_INVALID_VERDICT("an XDP program gave a number that is no verdict"),
  /** The program stopped with a fault: it was not verified. */
  PROGRAM_FAULT("the program stopped with a fault"),
  /** XDP_REDIRECT without a target. */
  REDIRECT_WITHOUT_TARGET("XDP_REDIRECT without bpf_redirect or bpf_redirect_map before it"),
  /** The program's bpf_redirect named a device that is not there. */
  REDIRECT_TO_NO_DEVICE("bpf_redirect named an ifindex that no device has"),
  /** The target does not transmit XDP frames: a veth whose peer has no native XDP. */
  REDIRECT_NOT_SUPPORTED(
      "the target does not transmit XDP frames (a veth does once its peer runs native XDP)"),
  /** The target is down. */
  REDIRECT_DEVICE_DOWN("the target is down"),
  /** The frame is longer than the target's MTU, link header and a VLAN tag. */
  REDIRECT_TOO_LONG("it is longer than the target's MTU, its link header and a VLAN tag"),
  /** A broadcast found no device that takes the frame. */
  BROADCAST_WITHOUT_TARGET("the broadcast found no device that takes it"),
  /** The program of a device map's entry did not give XDP_PASS. */
  EGRESS_PROGRAM("the program of the device map's entry dropped it"),
  /** The device's driver did not take it: its queue is full, or its peer is gone. */
  TRANSMIT_REFUSED("the device's driver did not take it"),
  /** The queue to the receiving device is full. */
  RECEIVE_QUEUE_FULL("the receiving device's queue is full"),
  /** It arrived at a device that is down. */
  DEVICE_DOWN("the device is down"),
  /** The device was removed meanwhile. */
  DEVICE_GONE("the device was removed"),
  /** The queue of a CPUMAP's entry is full. */
  CPU_QUEUE_FULL("the queue of the CPU map's entry is full"),
  /** The queue of an XSKMAP's receiver is full. */
  SOCKET_QUEUE_FULL("the ring of the XSK map's receiver is full"),
  /** An XSKMAP's receiver is bound to another device or queue. */
  SOCKET_ELSEWHERE("the XSK map's receiver is bound to another device or queue"),
  /** A program of traffic control dropped it. */
  TC_DROP("a tc program dropped it");

  private final String sentence;

  DropReason(String sentence) {
    this.sentence = sentence;
  }

  /** Whether it concerns a frame that was to be sent, not one that arrived. */
  boolean whenSending() {
    return switch (this) {
      case EGRESS_PROGRAM, TRANSMIT_REFUSED, DEVICE_GONE -> true;
      default -> false;
    };
  }

  /** What the event of a redirect that failed gives: a negative errno, or 0 where it did not. */
  int redirectError() {
    return switch (this) {
      case REDIRECT_WITHOUT_TARGET -> -Errno.EBADRQC.number();
      case REDIRECT_TO_NO_DEVICE, SOCKET_ELSEWHERE -> -Errno.EINVAL.number();
      case REDIRECT_NOT_SUPPORTED -> -Errno.ENOTSUP.number();
      case REDIRECT_DEVICE_DOWN -> -Errno.ENETDOWN.number();
      case REDIRECT_TOO_LONG -> -Errno.EMSGSIZE.number();
      case SOCKET_QUEUE_FULL -> -Errno.ENOBUFS.number();
      default -> 0;
    };
  }

  /** The reason in words. */
  public String sentence() {
    return sentence;
  }

  /** The reason as {@code ebpf4j forward} names it: lower case, words joined by underscores. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
