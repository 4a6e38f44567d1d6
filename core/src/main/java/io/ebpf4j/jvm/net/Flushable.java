package io.ebpf4j.jvm.net;

/** Frames that wait for the end of a poll. */
interface Flushable {
  /** Sends them on. */
  void flush();
}
