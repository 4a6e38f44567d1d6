package io.ebpf4j.jvm.net;

/** Java code that gives frames to a device, as the wire does. */
@FunctionalInterface
public interface FrameSource {
  /**
   * Gives as many frames as it likes.
   *
   * @param receiver takes them, during the call
   */
  void give(Receiver receiver);
}
