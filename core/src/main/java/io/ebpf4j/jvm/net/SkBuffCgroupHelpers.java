package io.ebpf4j.jvm.net;

import static io.ebpf4j.spec.ProgramType.SCHED_ACT;
import static io.ebpf4j.spec.ProgramType.SCHED_CLS;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.Helper;
import io.ebpf4j.jvm.map.Cgroup;
import io.ebpf4j.jvm.map.CgroupArray;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.spec.Errno;

/** Tests whether the socket of a packet lies under a control group. */
public final class SkBuffCgroupHelpers {
  private SkBuffCgroupHelpers() {}

  /**
   * Whether the packet's socket lies under the group at an index of a CGROUP_ARRAY. The socket of a
   * test run lies in the root group.
   *
   * @return 1 or 0; E2BIG past the end, EAGAIN for an empty element
   */
  @Helper(
      id = 33,
      name = "skb_under_cgroup",
      arguments = {Argument.CONTEXT, Argument.MAP, Argument.ANYTHING},
      programTypes = {SCHED_CLS, SCHED_ACT})
  public static long underCgroup(Cpu cpu, long skb, long map, long index) {
    JvmMap groups = MapTable.get(cpu, map);
    if (!(groups instanceof CgroupArray array)) {
      return -Errno.EINVAL.number();
    }
    if (Integer.compareUnsigned((int) index, groups.spec().maxEntries()) >= 0) {
      return -Errno.E2BIG.number();
    }
    Cgroup group = array.group((int) index);
    if (group == null) {
      return -Errno.EAGAIN.number();
    }
    return group.parent().isEmpty() ? 1 : 0;
  }
}
