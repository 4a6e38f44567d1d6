package io.ebpf4j.jvm.net;

import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.btf.BtfType.Enumerator;
import io.ebpf4j.jvm.context.ContextLayout;
import java.util.List;

/**
 * The kernel's types that programs over packets name: protocol headers, contexts and verdicts.
 * Headers lie as RFCs have them; names and types are those of the UAPI headers, and of the kernel's
 * own where those have none.
 */
final class PacketTypes {
  private final BtfBuilder types;
  private final int u8;
  private final int u16;
  private final int u32;
  private final int be16;
  private final int be32;
  private final int checksum;

  private PacketTypes(BtfBuilder types) {
    this.types = types;
    u8 = types.typedef("__u8", types.unsigned("unsigned char", 1));
    u16 = types.typedef("__u16", types.unsigned("short unsigned int", 2));
    u32 = types.typedef("__u32", types.unsigned("unsigned int", 4));
    be16 = types.typedef("__be16", u16);
    be32 = types.typedef("__be32", u32);
    checksum = types.typedef("__sum16", u16);
  }

  /** Adds all of them. */
  static void declare(BtfBuilder builder) {
    PacketTypes packet = new PacketTypes(builder);
    packet.verdicts();
    packet.frameContext(XdpFrame.EGRESS_LAYOUT);
    packet.bufferContext();
    packet.link();
    packet.internet();
    packet.transport();
    packet.control();
    packet.tunnels();
  }

  private void verdicts() {
    types.enumeration(
        "xdp_action",
        List.of(
            new Enumerator("XDP_ABORTED", 0),
            new Enumerator("XDP_DROP", 1),
            new Enumerator("XDP_PASS", 2),
            new Enumerator("XDP_TX", 3),
            new Enumerator("XDP_REDIRECT", 4)));
  }

  private void frameContext(ContextLayout layout) {
    types.struct(
        layout.struct(),
        struct -> layout.fields().forEach(f -> struct.memberAt(f.name(), u32, f.offset())));
  }

  /** The whole of it: a field has its place also for programs that may not touch it. */
  private void bufferContext() {
    int u64 = types.typedef("__u64", types.unsigned("long long unsigned int", 8));
    int address = types.array(u32, 4);
    types.struct(
        "__sk_buff",
        struct -> {
          numbers(struct, "len", "pkt_type", "mark", "queue_mapping", "protocol", "vlan_present");
          numbers(struct, "vlan_tci", "vlan_proto", "priority", "ingress_ifindex", "ifindex");
          numbers(struct, "tc_index");
          struct.member("cb", types.array(u32, 5));
          numbers(struct, "hash", "tc_classid", "data", "data_end", "napi_id", "family");
          numbers(struct, "remote_ip4", "local_ip4");
          struct.member("remote_ip6", address).member("local_ip6", address);
          numbers(struct, "remote_port", "local_port", "data_meta");
          struct.member("", pointer("flow_keys", "bpf_flow_keys")).member("tstamp", u64);
          numbers(struct, "wire_len", "gso_segs");
          struct.member("", pointer("sk", "bpf_sock"));
          numbers(struct, "gso_size");
          struct.member("tstamp_type", u8).member("hwtstamp", u64);
        });
  }

  private void numbers(BtfBuilder.Members struct, String... names) {
    for (String name : names) {
      struct.member(name, u32);
    }
  }

  /** A pointer that takes 8 bytes everywhere: the only member of a union. */
  private int pointer(String name, String struct) {
    int target = types.pointer(types.forward(struct, false));
    return types.union("", union -> union.member(name, target));
  }

  private void link() {
    int address = types.array(types.unsigned("unsigned char", 1), 6);
    types.struct(
        "ethhdr",
        header ->
            header.member("h_dest", address).member("h_source", address).member("h_proto", be16));
    types.struct(
        "vlan_hdr",
        header -> header.member("h_vlan_TCI", be16).member("h_vlan_encapsulated_proto", be16));
    types.struct(
        "arphdr",
        header ->
            header
                .member("ar_hrd", be16)
                .member("ar_pro", be16)
                .member("ar_hln", types.unsigned("unsigned char", 1))
                .member("ar_pln", types.unsigned("unsigned char", 1))
                .member("ar_op", be16));
  }

  private void internet() {
    types.struct(
        "iphdr",
        header ->
            header
                .bitField("ihl", u8, 4)
                .bitField("version", u8, 4)
                .member("tos", u8)
                .member("tot_len", be16)
                .member("id", be16)
                .member("frag_off", be16)
                .member("ttl", u8)
                .member("protocol", u8)
                .member("check", checksum)
                .member("", addresses(be32)));
    int words =
        types.union(
            "",
            union ->
                union
                    .member("u6_addr8", types.array(u8, 16))
                    .member("u6_addr16", types.array(be16, 8))
                    .member("u6_addr32", types.array(be32, 4)));
    int address = types.struct("in6_addr", struct -> struct.member("in6_u", words));
    types.struct(
        "ipv6hdr",
        header ->
            header
                .bitField("priority", u8, 4)
                .bitField("version", u8, 4)
                .member("flow_lbl", types.array(u8, 3))
                .member("payload_len", be16)
                .member("nexthdr", u8)
                .member("hop_limit", u8)
                .member("", addresses(address)));
    types.struct("ipv6_opt_hdr", header -> header.member("nexthdr", u8).member("hdrlen", u8));
    types.struct(
        "frag_hdr",
        header ->
            header
                .member("nexthdr", u8)
                .member("reserved", u8)
                .member("frag_off", be16)
                .member("identification", be32));
  }

  /** Source and destination, as members of the header itself and as one member of it. */
  private int addresses(int address) {
    int pair = types.struct("", struct -> struct.member("saddr", address).member("daddr", address));
    return types.union("", union -> union.member("", pair).member("addrs", pair));
  }

  private void transport() {
    types.struct(
        "tcphdr",
        header -> {
          header
              .member("source", be16)
              .member("dest", be16)
              .member("seq", be32)
              .member("ack_seq", be32)
              .bitField("ae", u16, 1)
              .bitField("res1", u16, 3)
              .bitField("doff", u16, 4);
          for (String flag : List.of("fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr")) {
            header.bitField(flag, u16, 1);
          }
          header.member("window", be16).member("check", checksum).member("urg_ptr", be16);
        });
    types.struct(
        "udphdr",
        header ->
            header
                .member("source", be16)
                .member("dest", be16)
                .member("len", be16)
                .member("check", checksum));
    types.struct(
        "sctphdr",
        header ->
            header
                .member("source", be16)
                .member("dest", be16)
                .member("vtag", be32)
                .member("checksum", types.typedef("__le32", u32)));
  }

  private void control() {
    int echo = types.struct("", part -> part.member("id", be16).member("sequence", be16));
    int fragment = types.struct("", part -> part.member("__unused", be16).member("mtu", be16));
    int rest =
        types.union(
            "",
            union ->
                union
                    .member("echo", echo)
                    .member("gateway", be32)
                    .member("frag", fragment)
                    .member("reserved", types.array(u8, 4)));
    types.struct(
        "icmphdr",
        header ->
            header
                .member("type", u8)
                .member("code", u8)
                .member("checksum", checksum)
                .member("un", rest));
    int rest6 = control6();
    types.struct(
        "icmp6hdr",
        header ->
            header
                .member("icmp6_type", u8)
                .member("icmp6_code", u8)
                .member("icmp6_cksum", checksum)
                .member("icmp6_dataun", rest6));
  }

  private int control6() {
    int echo =
        types.struct(
            "icmpv6_echo", part -> part.member("identifier", be16).member("sequence", be16));
    int advertisement =
        types.struct(
            "icmpv6_nd_advt",
            part ->
                part.bitField("reserved", u32, 5)
                    .bitField("override", u32, 1)
                    .bitField("solicited", u32, 1)
                    .bitField("router", u32, 1)
                    .bitField("reserved2", u32, 24));
    int router =
        types.struct(
            "icmpv6_nd_ra",
            part ->
                part.member("hop_limit", u8)
                    .bitField("reserved", u8, 3)
                    .bitField("router_pref", u8, 2)
                    .bitField("home_agent", u8, 1)
                    .bitField("other", u8, 1)
                    .bitField("managed", u8, 1)
                    .member("rt_lifetime", be16));
    return types.union(
        "",
        union ->
            union
                .member("un_data32", types.array(be32, 1))
                .member("un_data16", types.array(be16, 2))
                .member("un_data8", types.array(u8, 4))
                .member("u_echo", echo)
                .member("u_nd_advt", advertisement)
                .member("u_nd_ra", router));
  }

  private void tunnels() {
    types.struct("gre_base_hdr", header -> header.member("flags", be16).member("protocol", be16));
    types.struct("vxlanhdr", header -> header.member("vx_flags", be32).member("vx_vni", be32));
  }
}
