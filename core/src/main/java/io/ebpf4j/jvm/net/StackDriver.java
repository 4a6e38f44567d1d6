package io.ebpf4j.jvm.net;

/** A driver that sends the network stack's frames otherwise than those of XDP. */
interface StackDriver extends Driver {
  /** As {@link #transmit}, for frames of the network stack. */
  int transmitFromStack(FrameBatch batch);
}
