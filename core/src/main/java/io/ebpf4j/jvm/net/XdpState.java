package io.ebpf4j.jvm.net;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.spec.Attachment.XdpMode;
import io.ebpf4j.spec.Errno;
import org.jspecify.annotations.Nullable;

/** The XDP program of a device: one, native or generic. Readers take no lock. */
final class XdpState {
  /** The longest MTU whose frames have no frags. */
  private static final int LINEAR_MTU = Frames.LINEAR_BYTES - XdpFrame.ETHERNET_BYTES;

  private final NetDevice device;
  private volatile @Nullable LoadedProgram nativeProgram;
  private volatile @Nullable LoadedProgram genericProgram;
  private @Nullable XdpLink link;

  XdpState(NetDevice device) {
    this.device = device;
  }

  @Nullable LoadedProgram nativeProgram() {
    return nativeProgram;
  }

  @Nullable LoadedProgram genericProgram() {
    return genericProgram;
  }

  /**
   * Attaches the program of a link.
   *
   * @throws BpfException EBUSY where another link is there, EEXIST where one of the other mode is,
   *     EOPNOTSUPP where the driver runs no XDP, ERANGE where the MTU needs frags, ENODEV where the
   *     device has gone
   */
  synchronized void attach(XdpLink added, XdpMode wanted) {
    if (device.isGone()) {
      throw new BpfException(Errno.ENODEV, device + " has gone");
    }
    XdpMode mode =
        wanted == XdpMode.ANY
            ? device.driver().runsXdp() ? XdpMode.NATIVE : XdpMode.GENERIC
            : wanted;
    if (link != null) {
      boolean same = link.mode() == mode;
      throw new BpfException(
          same ? Errno.EBUSY : Errno.EEXIST,
          "%s has an XDP program already (%s, %s): close it first"
              .formatted(device, link, link.mode()));
    }
    if (mode == XdpMode.NATIVE && !device.driver().runsXdp()) {
      throw new BpfException(
          Errno.ENOTSUP, device + " does not run XDP in its driver: attach in generic mode");
    }
    check(added.program(), mode, device.mtu());
    link = added;
    added.attached(mode);
    set(mode, added.program());
  }

  /** Puts another program in the place of the one that is there. */
  synchronized void replace(XdpLink of, LoadedProgram program) {
    check(program, of.mode(), device.mtu());
    set(of.mode(), program);
  }

  /** Takes the link's program off. */
  synchronized void detach(XdpLink of) {
    if (link == of) {
      link = null;
      set(of.mode(), null);
    }
  }

  /** Takes any program off: the device goes. */
  void clear() {
    XdpLink there;
    synchronized (this) {
      there = link;
    }
    if (there != null) {
      there.detach();
    }
  }

  /** Refuses an MTU that the attached program cannot do with. */
  synchronized void checkMtu(int mtu) {
    LoadedProgram attached = nativeProgram;
    if (attached != null) {
      check(attached, XdpMode.NATIVE, mtu);
    }
  }

  private void check(LoadedProgram program, XdpMode mode, int mtu) {
    if (mode == XdpMode.NATIVE && mtu > LINEAR_MTU && !program.spec().frags()) {
      throw new BpfException(
          Errno.ERANGE,
          "%s has an MTU of %d, and %s takes no frags (section xdp.frags): at most %d"
              .formatted(device, mtu, program, LINEAR_MTU));
    }
  }

  private void set(XdpMode mode, @Nullable LoadedProgram program) {
    if (mode == XdpMode.NATIVE) {
      nativeProgram = program;
    } else {
      genericProgram = program;
    }
  }
}
