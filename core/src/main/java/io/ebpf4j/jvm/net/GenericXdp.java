package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.memory.Memory;

/** XDP in the network stack, for devices whose driver does not run it: no queues, no batches. */
final class GenericXdp {
  private GenericXdp() {}

  /** Runs the program; says whether the frame goes on up. */
  static boolean run(SoftNet net, NetDevice device, LoadedProgram program, long frame) {
    switch (Reception.run(net, device, program, frame)) {
      case XdpVerdict.PASS -> {
        return true;
      }
      case XdpVerdict.DROP -> device.drop(net, frame, DropReason.XDP_DROP);
      case XdpVerdict.TX -> {
        device.statistics(net).turned++;
        transmit(net, device, frame, program);
      }
      case XdpVerdict.REDIRECT -> XdpRedirect.redirectGeneric(net, device, program, frame);
      case XdpVerdict.ABORTED ->
          Reception.abort(net, device, program, frame, XdpVerdict.ABORTED, DropReason.XDP_ABORTED);
      default ->
          Reception.abort(
              net, device, program, frame, XdpVerdict.ABORTED, DropReason.XDP_INVALID_VERDICT);
    }
    return false;
  }

  /** Sends a frame by a device as the stack does, at once; one that it does not take ends. */
  static void transmit(SoftNet net, NetDevice device, long frame, LoadedProgram program) {
    if (device.transmitFromStack(net, frame) < 1) {
      device.devices().events().exception(device, program, XdpVerdict.TX);
    }
  }

  /** Runs the egress program of an entry; says whether the frame is to be sent. */
  static boolean runEgress(SoftNet net, NetDevice to, LoadedProgram egress, long frame) {
    Memory.putInt(frame + XdpFrame.EGRESS_IFINDEX_OFFSET, to.ifindex());
    int verdict = (int) egress.run(net.cpu(), frame);
    if (verdict == XdpVerdict.PASS) {
      return true;
    }
    if (verdict != XdpVerdict.DROP) {
      to.devices().events().exception(to, egress, verdict);
    }
    return false;
  }
}
