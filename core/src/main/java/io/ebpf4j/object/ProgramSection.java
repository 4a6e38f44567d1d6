package io.ebpf4j.object;

import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.ProgramType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the name of a program's section says about it, by the table that libbpf 1.6 goes by.
 *
 * @param type the program type
 * @param expectedAttachType the attach type it is loaded for, or null for none
 * @param sleepable whether it may sleep
 * @param frags whether it takes XDP packets of several buffers
 * @param attachTo what stands behind the slash where the name leaves that to the author, else empty
 * @param automatic false where the name begins with {@code ?}: such a program is loaded only when
 *     asked for
 */
public record ProgramSection(
    ProgramType type,
    @Nullable AttachType expectedAttachType,
    boolean sleepable,
    boolean frags,
    String attachTo,
    boolean automatic) {

  /** What a name that is not in the table says: nothing. */
  static final ProgramSection UNKNOWN =
      new ProgramSection(ProgramType.UNSPEC, null, false, false, "", true);

  private static final int NEAREST_NAMES = 4;

  private static final List<Name> TABLE = table();

  /** A row: the name, and whether {@code /something} may follow it. */
  private record Name(
      String text,
      boolean takesTarget,
      ProgramType type,
      @Nullable AttachType attachType,
      boolean sleepable,
      boolean frags) {

    boolean matches(String section) {
      return section.equals(text)
          || (takesTarget && section.startsWith(text) && section.charAt(text.length()) == '/');
    }

    Name sleeping() {
      return new Name(text + ".s", takesTarget, type, attachType, true, frags);
    }
  }

  /** The meaning of a section's name, or empty where there is none. */
  public static Optional<ProgramSection> ofName(String section) {
    boolean automatic = !section.startsWith("?");
    String plain = automatic ? section : section.substring(1);
    return TABLE.stream()
        .filter(name -> name.matches(plain))
        .findFirst()
        .map(name ->
            new ProgramSection(
                name.type,
                name.attachType,
                name.sleepable,
                name.frags,
                plain.length() > name.text.length() ? plain.substring(name.text.length() + 1) : "",
                automatic));
  }

  /** Known names that are written most like an unknown one, the nearest first. */
  public static List<String> namesNear(String section) {
    String plain = section.startsWith("?") ? section.substring(1) : section;
    int slash = plain.indexOf('/');
    String start = slash < 0 ? plain : plain.substring(0, slash);
    Comparator<Name> byDistance = Comparator.comparingInt(name -> distance(name, plain, start));
    return TABLE.stream()
        .sorted(byDistance.thenComparing(Name::text))
        .limit(NEAREST_NAMES)
        .map(name -> name.takesTarget ? name.text + "/…" : name.text)
        .toList();
  }

  /** A target that a name does not take, as in {@code xdp/drop}, is one mistake however long. */
  private static int distance(Name name, String section, String start) {
    int toStart = editDistance(start, name.text);
    return name.takesTarget ? toStart : Math.min(toStart + 1, editDistance(section, name.text));
  }

  /** Letters put in, left out, replaced, or swapped with their neighbour. */
  private static int editDistance(String from, String to) {
    int[][] distance = new int[from.length() + 1][to.length() + 1];
    for (int i = 0; i <= from.length(); i++) {
      for (int j = 0; j <= to.length(); j++) {
        if (i == 0 || j == 0) {
          distance[i][j] = i + j;
          continue;
        }
        boolean same = from.charAt(i - 1) == to.charAt(j - 1);
        int edited = 1 + Math.min(distance[i - 1][j], distance[i][j - 1]);
        edited = Math.min(edited, distance[i - 1][j - 1] + (same ? 0 : 1));
        if (i > 1
            && j > 1
            && from.charAt(i - 1) == to.charAt(j - 2)
            && from.charAt(i - 2) == to.charAt(j - 1)) {
          edited = Math.min(edited, 1 + distance[i - 2][j - 2]);
        }
        distance[i][j] = edited;
      }
    }
    return distance[from.length()][to.length()];
  }

  private static List<Name> table() {
    List<Name> table = new ArrayList<>();
    addTracing(table);
    addNetworking(table);
    addSockets(table);
    addCgroups(table);
    return List.copyOf(table);
  }

  private static void addTracing(List<Name> table) {
    table.add(open("kprobe", ProgramType.KPROBE, null));
    table.add(open("kretprobe", ProgramType.KPROBE, null));
    table.add(open("ksyscall", ProgramType.KPROBE, null));
    table.add(open("kretsyscall", ProgramType.KPROBE, null));
    addWithSleepable(table, open("uprobe", ProgramType.KPROBE, null));
    addWithSleepable(table, open("uretprobe", ProgramType.KPROBE, null));
    addWithSleepable(table, open("usdt", ProgramType.KPROBE, null));
    table.add(open("kprobe.multi", ProgramType.KPROBE, AttachType.TRACE_KPROBE_MULTI));
    table.add(open("kretprobe.multi", ProgramType.KPROBE, AttachType.TRACE_KPROBE_MULTI));
    table.add(open("kprobe.session", ProgramType.KPROBE, AttachType.TRACE_KPROBE_SESSION));
    addWithSleepable(
        table, open("uprobe.multi", ProgramType.KPROBE, AttachType.TRACE_UPROBE_MULTI));
    addWithSleepable(
        table, open("uretprobe.multi", ProgramType.KPROBE, AttachType.TRACE_UPROBE_MULTI));
    addWithSleepable(
        table, open("uprobe.session", ProgramType.KPROBE, AttachType.TRACE_UPROBE_SESSION));
    table.add(open("tracepoint", ProgramType.TRACEPOINT, null));
    table.add(open("tp", ProgramType.TRACEPOINT, null));
    table.add(open("raw_tracepoint", ProgramType.RAW_TRACEPOINT, null));
    table.add(open("raw_tp", ProgramType.RAW_TRACEPOINT, null));
    table.add(open("raw_tracepoint.w", ProgramType.RAW_TRACEPOINT_WRITABLE, null));
    table.add(open("raw_tp.w", ProgramType.RAW_TRACEPOINT_WRITABLE, null));
    table.add(open("tp_btf", ProgramType.TRACING, AttachType.TRACE_RAW_TP));
    addWithSleepable(table, open("fentry", ProgramType.TRACING, AttachType.TRACE_FENTRY));
    addWithSleepable(table, open("fmod_ret", ProgramType.TRACING, AttachType.MODIFY_RETURN));
    addWithSleepable(table, open("fexit", ProgramType.TRACING, AttachType.TRACE_FEXIT));
    addWithSleepable(table, open("iter", ProgramType.TRACING, AttachType.TRACE_ITER));
    table.add(open("freplace", ProgramType.EXT, null));
    addWithSleepable(table, open("lsm", ProgramType.LSM, AttachType.LSM_MAC));
    table.add(open("lsm_cgroup", ProgramType.LSM, AttachType.LSM_CGROUP));
    addWithSleepable(table, open("struct_ops", ProgramType.STRUCT_OPS, null));
    table.add(new Name("syscall", false, ProgramType.SYSCALL, null, true, false));
    table.add(exact("perf_event", ProgramType.PERF_EVENT, null));
  }

  private static void addNetworking(List<Name> table) {
    table.add(exact("socket", ProgramType.SOCKET_FILTER, null));
    table.add(exact("tc/ingress", ProgramType.SCHED_CLS, AttachType.TCX_INGRESS));
    table.add(exact("tc/egress", ProgramType.SCHED_CLS, AttachType.TCX_EGRESS));
    table.add(exact("tcx/ingress", ProgramType.SCHED_CLS, AttachType.TCX_INGRESS));
    table.add(exact("tcx/egress", ProgramType.SCHED_CLS, AttachType.TCX_EGRESS));
    table.add(exact("tc", ProgramType.SCHED_CLS, null));
    table.add(exact("classifier", ProgramType.SCHED_CLS, null));
    table.add(exact("action", ProgramType.SCHED_ACT, null));
    table.add(exact("netkit/primary", ProgramType.SCHED_CLS, AttachType.NETKIT_PRIMARY));
    table.add(exact("netkit/peer", ProgramType.SCHED_CLS, AttachType.NETKIT_PEER));
    addWithFrags(table, "xdp", "/devmap", AttachType.XDP_DEVMAP);
    addWithFrags(table, "xdp", "/cpumap", AttachType.XDP_CPUMAP);
    addWithFrags(table, "xdp", "", AttachType.XDP);
    table.add(exact("lwt_in", ProgramType.LWT_IN, null));
    table.add(exact("lwt_out", ProgramType.LWT_OUT, null));
    table.add(exact("lwt_xmit", ProgramType.LWT_XMIT, null));
    table.add(exact("lwt_seg6local", ProgramType.LWT_SEG6LOCAL, null));
    table.add(exact("flow_dissector", ProgramType.FLOW_DISSECTOR, AttachType.FLOW_DISSECTOR));
    table.add(exact("netfilter", ProgramType.NETFILTER, AttachType.NETFILTER));
    table.add(exact("lirc_mode2", ProgramType.LIRC_MODE2, AttachType.LIRC_MODE2));
  }

  private static void addSockets(List<Name> table) {
    table.add(
        exact(
            "sk_reuseport/migrate",
            ProgramType.SK_REUSEPORT,
            AttachType.SK_REUSEPORT_SELECT_OR_MIGRATE));
    table.add(exact("sk_reuseport", ProgramType.SK_REUSEPORT, AttachType.SK_REUSEPORT_SELECT));
    table.add(exact("sk_lookup", ProgramType.SK_LOOKUP, AttachType.SK_LOOKUP));
    table.add(exact("sockops", ProgramType.SOCK_OPS, AttachType.CGROUP_SOCK_OPS));
    table.add(exact("sk_skb/stream_parser", ProgramType.SK_SKB, AttachType.SK_SKB_STREAM_PARSER));
    table.add(exact("sk_skb/stream_verdict", ProgramType.SK_SKB, AttachType.SK_SKB_STREAM_VERDICT));
    table.add(exact("sk_skb/verdict", ProgramType.SK_SKB, AttachType.SK_SKB_VERDICT));
    table.add(exact("sk_skb", ProgramType.SK_SKB, null));
    table.add(exact("sk_msg", ProgramType.SK_MSG, AttachType.SK_MSG_VERDICT));
  }

  private static void addCgroups(List<Name> table) {
    table.add(exact("cgroup_skb/ingress", ProgramType.CGROUP_SKB, AttachType.CGROUP_INET_INGRESS));
    table.add(exact("cgroup_skb/egress", ProgramType.CGROUP_SKB, AttachType.CGROUP_INET_EGRESS));
    table.add(exact("cgroup/skb", ProgramType.CGROUP_SKB, null));
    addCgroupSock(table, "sock_create", AttachType.CGROUP_INET_SOCK_CREATE);
    addCgroupSock(table, "sock_release", AttachType.CGROUP_INET_SOCK_RELEASE);
    addCgroupSock(table, "sock", AttachType.CGROUP_INET_SOCK_CREATE);
    addCgroupSock(table, "post_bind4", AttachType.CGROUP_INET4_POST_BIND);
    addCgroupSock(table, "post_bind6", AttachType.CGROUP_INET6_POST_BIND);
    addCgroupAddress(table, "bind4", AttachType.CGROUP_INET4_BIND);
    addCgroupAddress(table, "bind6", AttachType.CGROUP_INET6_BIND);
    addCgroupAddress(table, "connect4", AttachType.CGROUP_INET4_CONNECT);
    addCgroupAddress(table, "connect6", AttachType.CGROUP_INET6_CONNECT);
    addCgroupAddress(table, "connect_unix", AttachType.CGROUP_UNIX_CONNECT);
    addCgroupAddress(table, "sendmsg4", AttachType.CGROUP_UDP4_SENDMSG);
    addCgroupAddress(table, "sendmsg6", AttachType.CGROUP_UDP6_SENDMSG);
    addCgroupAddress(table, "sendmsg_unix", AttachType.CGROUP_UNIX_SENDMSG);
    addCgroupAddress(table, "recvmsg4", AttachType.CGROUP_UDP4_RECVMSG);
    addCgroupAddress(table, "recvmsg6", AttachType.CGROUP_UDP6_RECVMSG);
    addCgroupAddress(table, "recvmsg_unix", AttachType.CGROUP_UNIX_RECVMSG);
    addCgroupAddress(table, "getpeername4", AttachType.CGROUP_INET4_GETPEERNAME);
    addCgroupAddress(table, "getpeername6", AttachType.CGROUP_INET6_GETPEERNAME);
    addCgroupAddress(table, "getpeername_unix", AttachType.CGROUP_UNIX_GETPEERNAME);
    addCgroupAddress(table, "getsockname4", AttachType.CGROUP_INET4_GETSOCKNAME);
    addCgroupAddress(table, "getsockname6", AttachType.CGROUP_INET6_GETSOCKNAME);
    addCgroupAddress(table, "getsockname_unix", AttachType.CGROUP_UNIX_GETSOCKNAME);
    table.add(exact("cgroup/sysctl", ProgramType.CGROUP_SYSCTL, AttachType.CGROUP_SYSCTL));
    table.add(exact("cgroup/getsockopt", ProgramType.CGROUP_SOCKOPT, AttachType.CGROUP_GETSOCKOPT));
    table.add(exact("cgroup/setsockopt", ProgramType.CGROUP_SOCKOPT, AttachType.CGROUP_SETSOCKOPT));
    table.add(exact("cgroup/dev", ProgramType.CGROUP_DEVICE, AttachType.CGROUP_DEVICE));
  }

  private static void addCgroupSock(List<Name> table, String hook, AttachType attachType) {
    table.add(exact("cgroup/" + hook, ProgramType.CGROUP_SOCK, attachType));
  }

  private static void addCgroupAddress(List<Name> table, String hook, AttachType attachType) {
    table.add(exact("cgroup/" + hook, ProgramType.CGROUP_SOCK_ADDR, attachType));
  }

  private static void addWithSleepable(List<Name> table, Name name) {
    table.add(name);
    table.add(name.sleeping());
  }

  private static void addWithFrags(
      List<Name> table, String start, String end, AttachType attachType) {
    table.add(exact(start + end, ProgramType.XDP, attachType));
    table.add(new Name(start + ".frags" + end, false, ProgramType.XDP, attachType, false, true));
  }

  private static Name exact(String text, ProgramType type, @Nullable AttachType attachType) {
    return new Name(text, false, type, attachType, false, false);
  }

  private static Name open(String text, ProgramType type, @Nullable AttachType attachType) {
    return new Name(text, true, type, attachType, false, false);
  }
}
