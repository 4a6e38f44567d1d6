package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.context.LoadedProgram;
import org.jspecify.annotations.Nullable;

/** What follows XDP_REDIRECT: the frame goes where the program's last helper has noted. */
final class XdpRedirect {
  /** Sends to all entries of a map: BPF_F_BROADCAST. */
  static final long BROADCAST = 1 << 3;

  /** Leaves out the device that the frame came from: BPF_F_EXCLUDE_INGRESS. */
  static final long EXCLUDE_INGRESS = 1 << 4;

  private XdpRedirect() {}

  /** Redirects a frame of a native program. */
  static void redirect(SoftNet net, NetDevice device, LoadedProgram program, long frame) {
    Redirect redirect = net.redirect();
    Redirect.Kind kind = redirect.kind;
    RedirectMap map = redirect.map;
    RedirectMap.Target target = redirect.target;
    redirect.reset();
    @Nullable DropReason refused =
        switch (kind) {
          case ENTRY ->
              target == null
                  ? DropReason.REDIRECT_WITHOUT_TARGET
                  : target.enqueue(net, frame, device);
          case DEVICE -> toDevice(net, redirect.index, frame, device);
          case BROADCAST ->
              map == null
                  ? DropReason.REDIRECT_WITHOUT_TARGET
                  : map.broadcast(net, frame, device, (redirect.flags & EXCLUDE_INGRESS) != 0);
          case NONE -> DropReason.REDIRECT_WITHOUT_TARGET;
        };
    finish(net, device, program, frame, refused, kind, map, target);
  }

  /** Redirects a frame of a generic program. */
  static void redirectGeneric(SoftNet net, NetDevice device, LoadedProgram program, long frame) {
    Redirect redirect = net.redirect();
    Redirect.Kind kind = redirect.kind;
    RedirectMap map = redirect.map;
    RedirectMap.Target target = redirect.target;
    redirect.reset();
    @Nullable DropReason refused =
        switch (kind) {
          case ENTRY ->
              target == null
                  ? DropReason.REDIRECT_WITHOUT_TARGET
                  : target.enqueueGeneric(net, frame, device, program);
          case DEVICE -> toDeviceGeneric(net, redirect.index, frame, device, program);
          case BROADCAST ->
              map == null
                  ? DropReason.REDIRECT_WITHOUT_TARGET
                  : map.broadcastGeneric(
                      net, frame, device, (redirect.flags & EXCLUDE_INGRESS) != 0, program);
          case NONE -> DropReason.REDIRECT_WITHOUT_TARGET;
        };
    finish(net, device, program, frame, refused, kind, map, target);
  }

  private static void finish(
      SoftNet net,
      NetDevice device,
      LoadedProgram program,
      long frame,
      @Nullable DropReason refused,
      Redirect.Kind kind,
      @Nullable RedirectMap map,
      RedirectMap.@Nullable Target target) {
    NetEvents events = device.devices().events();
    if (events.isHeard()) {
      events.redirect(device, program, refused, kind, map, target, net.redirect().index);
    }
    if (refused == null) {
      if (target == null || target.endsHere()) {
        device.statistics(net).redirected++;
      }
    } else {
      device.drop(net, frame, refused);
    }
  }

  private static @Nullable DropReason toDevice(
      SoftNet net, int ifindex, long frame, NetDevice from) {
    NetDevice to = from.devices().at(ifindex);
    return to == null ? DropReason.REDIRECT_TO_NO_DEVICE : to.enqueue(net, frame, from, null);
  }

  private static @Nullable DropReason toDeviceGeneric(
      SoftNet net, int ifindex, long frame, NetDevice from, LoadedProgram program) {
    NetDevice to = from.devices().at(ifindex);
    if (to == null) {
      return DropReason.REDIRECT_TO_NO_DEVICE;
    }
    DropReason refused = to.refusal(frame);
    if (refused == null) {
      GenericXdp.transmit(net, to, frame, program);
    }
    return refused;
  }
}
