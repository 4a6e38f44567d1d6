package io.ebpf4j.object;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.ProgramType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProgramSectionTest {
  @ParameterizedTest
  @CsvSource({
    "socket, SOCKET_FILTER, , ",
    "sk_reuseport, SK_REUSEPORT, SK_REUSEPORT_SELECT, ",
    "sk_reuseport/migrate, SK_REUSEPORT, SK_REUSEPORT_SELECT_OR_MIGRATE, ",
    "kprobe/do_unlinkat, KPROBE, , do_unlinkat",
    "kprobe.multi/tcp_*, KPROBE, TRACE_KPROBE_MULTI, tcp_*",
    "kprobe.session/x, KPROBE, TRACE_KPROBE_SESSION, x",
    "uprobe//bin/sh:main, KPROBE, , /bin/sh:main",
    "ksyscall/openat, KPROBE, , openat",
    "usdt/libc.so.6:libc:setjmp, KPROBE, , libc.so.6:libc:setjmp",
    "tc, SCHED_CLS, , ",
    "tc/ingress, SCHED_CLS, TCX_INGRESS, ",
    "tcx/egress, SCHED_CLS, TCX_EGRESS, ",
    "classifier, SCHED_CLS, , ",
    "action, SCHED_ACT, , ",
    "netkit/primary, SCHED_CLS, NETKIT_PRIMARY, ",
    "tp/syscalls/sys_enter_open, TRACEPOINT, , syscalls/sys_enter_open",
    "raw_tp.w/x, RAW_TRACEPOINT_WRITABLE, , x",
    "raw_tracepoint/sched_switch, RAW_TRACEPOINT, , sched_switch",
    "tp_btf/sched_switch, TRACING, TRACE_RAW_TP, sched_switch",
    "fentry/f, TRACING, TRACE_FENTRY, f",
    "fmod_ret/f, TRACING, MODIFY_RETURN, f",
    "freplace/f, EXT, , f",
    "lsm/file_open, LSM, LSM_MAC, file_open",
    "lsm_cgroup/bind, LSM, LSM_CGROUP, bind",
    "iter/task, TRACING, TRACE_ITER, task",
    "struct_ops/init, STRUCT_OPS, , init",
    "xdp, XDP, XDP, ",
    "xdp/devmap, XDP, XDP_DEVMAP, ",
    "xdp/cpumap, XDP, XDP_CPUMAP, ",
    "perf_event, PERF_EVENT, , ",
    "lwt_seg6local, LWT_SEG6LOCAL, , ",
    "sockops, SOCK_OPS, CGROUP_SOCK_OPS, ",
    "sk_skb, SK_SKB, , ",
    "sk_skb/stream_verdict, SK_SKB, SK_SKB_STREAM_VERDICT, ",
    "sk_msg, SK_MSG, SK_MSG_VERDICT, ",
    "sk_lookup, SK_LOOKUP, SK_LOOKUP, ",
    "flow_dissector, FLOW_DISSECTOR, FLOW_DISSECTOR, ",
    "lirc_mode2, LIRC_MODE2, LIRC_MODE2, ",
    "netfilter, NETFILTER, NETFILTER, ",
    "cgroup_skb/ingress, CGROUP_SKB, CGROUP_INET_INGRESS, ",
    "cgroup/skb, CGROUP_SKB, , ",
    "cgroup/sock, CGROUP_SOCK, CGROUP_INET_SOCK_CREATE, ",
    "cgroup/post_bind6, CGROUP_SOCK, CGROUP_INET6_POST_BIND, ",
    "cgroup/connect_unix, CGROUP_SOCK_ADDR, CGROUP_UNIX_CONNECT, ",
    "cgroup/recvmsg6, CGROUP_SOCK_ADDR, CGROUP_UDP6_RECVMSG, ",
    "cgroup/getsockname4, CGROUP_SOCK_ADDR, CGROUP_INET4_GETSOCKNAME, ",
    "cgroup/sysctl, CGROUP_SYSCTL, CGROUP_SYSCTL, ",
    "cgroup/setsockopt, CGROUP_SOCKOPT, CGROUP_SETSOCKOPT, ",
    "cgroup/dev, CGROUP_DEVICE, CGROUP_DEVICE, "
  })
  void aSectionNameSaysTypeAttachTypeAndTarget(
      String name, ProgramType type, @Nullable AttachType attachType, @Nullable String target) {
    assertThat(ProgramSection.ofName(name))
        .contains(
            new ProgramSection(type, attachType, false, false, target == null ? "" : target, true));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "uprobe.s/x",
        "uretprobe.s/x",
        "usdt.s/x",
        "uprobe.multi.s/x",
        "uprobe.session.s/x",
        "fentry.s/x",
        "fexit.s/x",
        "fmod_ret.s/x",
        "lsm.s/x",
        "iter.s/x",
        "struct_ops.s/x",
        "syscall"
      })
  void someNamesSayThatTheProgramMaySleep(String name) {
    assertThat(ProgramSection.ofName(name).orElseThrow().sleepable()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"xdp.frags, XDP", "xdp.frags/devmap, XDP_DEVMAP", "xdp.frags/cpumap, XDP_CPUMAP"})
  void fragsIsAFlagOfXdp(String name, AttachType attachType) {
    assertThat(ProgramSection.ofName(name))
        .contains(new ProgramSection(ProgramType.XDP, attachType, false, true, "", true));
  }

  @Test
  void aQuestionMarkKeepsAProgramFromBeingLoaded() {
    assertThat(ProgramSection.ofName("?fentry/f"))
        .contains(
            new ProgramSection(
                ProgramType.TRACING, AttachType.TRACE_FENTRY, false, false, "f", false));
  }

  @ParameterizedTest
  @ValueSource(strings = {"xdp2", "xdp/other", "socket/x", "kprobes", "tracepointx/y", "", "?"})
  void otherNamesSayNothing(String name) {
    assertThat(ProgramSection.ofName(name)).isEmpty();
  }

  @Test
  void nearNamesComeFirst() {
    assertThat(ProgramSection.namesNear("xpd").getFirst()).isEqualTo("xdp");
    assertThat(ProgramSection.namesNear("xdp.frag").getFirst()).isEqualTo("xdp.frags");
    assertThat(ProgramSection.namesNear("kprob/do_unlinkat").getFirst()).isEqualTo("kprobe/…");
    assertThat(ProgramSection.namesNear("xdp/drop_all").getFirst()).isEqualTo("xdp");
    assertThat(ProgramSection.namesNear("cgroup/conect4").getFirst()).isEqualTo("cgroup/connect4");
  }
}
