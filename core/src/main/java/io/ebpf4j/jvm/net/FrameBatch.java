package io.ebpf4j.jvm.net;

import java.lang.foreign.MemorySegment;

/** Frames that a driver is to send, during that call. */
public final class FrameBatch {
  final long[] frames;
  private final int[] lengths;
  private final SoftNet net;
  private final FrameView view = new FrameView();
  private int size;

  FrameBatch(SoftNet net, int capacity) {
    this.net = net;
    this.frames = new long[capacity];
    this.lengths = new int[capacity];
  }

  /** How many frames there are. */
  public int size() {
    return size;
  }

  /** Bytes of a frame, from the Ethernet header on. */
  public int length(int index) {
    return lengths[index];
  }

  /** Copies a frame. */
  public void copyTo(int index, MemorySegment target, long offset) {
    view.of(frames[index]).copyTo(target, offset);
  }

  /** A frame, until another one is asked for. */
  public FrameView view(int index) {
    return view.of(frames[index]);
  }

  /** Notes how many frames there are, and their lengths. */
  void size(int count) {
    size = count;
    for (int i = 0; i < count; i++) {
      lengths[i] = XdpFrame.length(frames[i]);
    }
  }

  /** The CPU that sends. */
  SoftNet net() {
    return net;
  }

  /** Takes a frame over: the batch does not free it. */
  long take(int index) {
    long frame = frames[index];
    frames[index] = 0;
    return frame;
  }

  /** Frees the frames in a range that nobody has taken over. */
  void free(int from, int to) {
    for (int i = from; i < to; i++) {
      if (frames[i] != 0) {
        net.frames().give(frames[i]);
      }
    }
  }
}
