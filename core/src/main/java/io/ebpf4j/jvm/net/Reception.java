package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.context.LoadedProgram;
import org.jspecify.annotations.Nullable;

/**
 * The way of a frame that has arrived: the device's native program, its generic program, and the
 * network stack. The frame ends here or has been handed on when it returns.
 */
final class Reception {
  private Reception() {}

  /** Receives a frame on a CPU, inside a poll that ends with a flush. */
  static void receive(SoftNet net, NetDevice device, int queue, long frame) {
    DeviceStatistics statistics = device.statistics(net);
    statistics.rxPackets++;
    statistics.rxBytes += XdpFrame.length(frame);
    if (!device.isUp()) {
      device.drop(net, frame, DropReason.DEVICE_DOWN);
      return;
    }
    Frames.arrive(frame, device.ifindex(), queue);
    LoadedProgram program = device.nativeXdp();
    if (program == null) {
      pass(net, device, frame);
      return;
    }
    switch (run(net, device, program, frame)) {
      case XdpVerdict.PASS -> pass(net, device, frame);
      case XdpVerdict.DROP -> device.drop(net, frame, DropReason.XDP_DROP);
      case XdpVerdict.TX -> {
        statistics.turned++;
        device.turnQueue(net).add(frame, device, null);
      }
      case XdpVerdict.REDIRECT -> XdpRedirect.redirect(net, device, program, frame);
      case XdpVerdict.ABORTED ->
          abort(net, device, program, frame, XdpVerdict.ABORTED, DropReason.XDP_ABORTED);
      default ->
          abort(net, device, program, frame, XdpVerdict.ABORTED, DropReason.XDP_INVALID_VERDICT);
    }
  }

  /** Runs a program on an arrived frame; a fault ends the frame. */
  static int run(SoftNet net, NetDevice device, LoadedProgram program, long frame) {
    try {
      return (int) program.run(net.cpu(), frame);
    } catch (RuntimeException | Error fault) {
      device.drop(net, frame, DropReason.PROGRAM_FAULT);
      throw fault;
    }
  }

  static void abort(
      SoftNet net,
      NetDevice device,
      LoadedProgram program,
      long frame,
      int verdict,
      DropReason reason) {
    device.devices().events().exception(device, program, verdict);
    device.drop(net, frame, reason);
  }

  /** Hands a frame up: to the generic program, and to who listens behind it. */
  static void pass(SoftNet net, NetDevice device, long frame) {
    LoadedProgram generic = device.genericXdp();
    if (generic != null && !GenericXdp.run(net, device, generic, frame)) {
      return;
    }
    deliver(net, device, frame);
  }

  /** Hands a frame to who listens. */
  static void deliver(SoftNet net, NetDevice device, long frame) {
    device.statistics(net).passed++;
    @Nullable FrameHandler handler = device.passHandler();
    try {
      if (handler != null) {
        handler.handle(new FrameView().of(frame));
      }
    } finally {
      net.frames().give(frame);
    }
  }
}
