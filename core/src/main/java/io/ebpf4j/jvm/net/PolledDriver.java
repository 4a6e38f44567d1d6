package io.ebpf4j.jvm.net;

/**
 * A driver whose frames arrive by themselves. While the device is up, a thread for each receive
 * queue calls {@link #await}, and then {@link #receive} until that gives fewer frames than it was
 * asked for.
 */
public interface PolledDriver extends Driver {
  /** Frames that one {@link #receive} is asked for. */
  int BUDGET = 64;

  /**
   * Waits until there may be frames, or {@link #wake} was called: without costing CPU time.
   *
   * @return false once there will be no more frames: the queue's thread ends
   */
  boolean await(int queue);

  /** Lets {@link #await} return: also when it is called just afterwards. */
  void wake(int queue);

  /**
   * Gives the frames that are there, without waiting. Called on the queue's CPU.
   *
   * @param budget frames to give at most
   * @return how many were given
   */
  int receive(int queue, Receiver receiver, int budget);
}
