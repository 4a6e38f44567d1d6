package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.Helper;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.spec.ProgramType;

/** The helpers by which XDP programs say where a frame goes. */
public final class XdpRedirectHelpers {
  /** The bits of the flags that are the verdict where a map has no such entry. */
  private static final long VERDICT_MASK = 3;

  private XdpRedirectHelpers() {}

  /** Notes a device by its number; XDP_ABORTED where there are flags. */
  @Helper(
      id = 23,
      name = "redirect",
      arguments = {Argument.ANYTHING, Argument.ANYTHING},
      programTypes = ProgramType.XDP)
  public static long redirect(Cpu cpu, long ifindex, long flags) {
    if (flags != 0) {
      return XdpVerdict.ABORTED;
    }
    cpu.slots().get(SoftNet.SLOT).redirect().toDevice((int) ifindex);
    return XdpVerdict.REDIRECT;
  }

  /**
   * Notes the entry of a map, or all of them; without such an entry the verdict in the low two bits
   * of the flags. Flags that the map does not know give XDP_ABORTED.
   */
  @Helper(
      id = 51,
      name = "redirect_map",
      arguments = {Argument.MAP, Argument.ANYTHING, Argument.ANYTHING},
      programTypes = ProgramType.XDP)
  public static long redirectMap(Cpu cpu, long map, long key, long flags) {
    if (!(MapTable.get(cpu, map) instanceof RedirectMap targets)
        || (flags & ~(VERDICT_MASK | targets.redirectFlags())) != 0) {
      return XdpVerdict.ABORTED;
    }
    Redirect redirect = cpu.slots().get(SoftNet.SLOT).redirect();
    if ((flags & XdpRedirect.BROADCAST) != 0) {
      redirect.toAll(targets, (int) key, flags);
      return XdpVerdict.REDIRECT;
    }
    RedirectMap.Target target = targets.target((int) key);
    if (target == null) {
      redirect.reset();
      return flags & VERDICT_MASK;
    }
    redirect.toEntry(targets, (int) key, target);
    return XdpVerdict.REDIRECT;
  }
}
