package io.ebpf4j.jvm.net;

/** Java code that gets frames. */
@FunctionalInterface
public interface FrameHandler {
  /**
   * Looks at a frame, on the thread that runs the device, inside its CPU: it must not wait.
   *
   * @param frame valid during the call
   */
  void handle(FrameView frame);
}
