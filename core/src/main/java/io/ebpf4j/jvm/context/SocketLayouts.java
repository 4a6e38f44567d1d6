package io.ebpf4j.jvm.context;

import io.ebpf4j.spec.AttachType;

/** The structures in which programs see sockets, and the contexts of programs at sockets. */
public final class SocketLayouts {
  private static final String ADDRESSES =
      """
      src_ip4 24 4
      src_ip6[4] 28 4
      src_port 44 4 first
      """;
  private static final String STATE =
      """
      dst_port 48 4 port
      dst_ip4 52 4
      dst_ip6[4] 56 4
      state 72 4 first
      rx_queue_mapping 76 4 first
      """;
  private static final String KIND =
      """
      family 4 4 first
      type 8 4 first
      protocol 12 4 first
      """;
  private static final int SOCK_BYTES = 80;

  /** {@code struct bpf_sock} of a full socket. */
  public static final ContextLayout SOCK =
      LayoutReader.read(
          "bpf_sock",
          SOCK_BYTES,
          """
          bound_dev_if 0 4 whole
          mark 16 4 whole
          priority 20 4 whole
          """
              + KIND
              + ADDRESSES
              + STATE);

  /** What is known of any socket. */
  public static final ContextLayout SOCK_COMMON =
      LayoutReader.read(
          "bpf_sock",
          SOCK_BYTES,
          """
          bound_dev_if 0 4 whole
          family 4 4 first
          """
              + ADDRESSES
              + STATE);

  /** {@code struct bpf_tcp_sock}. */
  public static final ContextLayout TCP_SOCK =
      LayoutReader.read(
          "bpf_tcp_sock",
          112,
          """
          snd_cwnd 0 4 whole
          srtt_us 4 4 whole
          rtt_min 8 4 whole
          snd_ssthresh 12 4 whole
          rcv_nxt 16 4 whole
          snd_nxt 20 4 whole
          snd_una 24 4 whole
          mss_cache 28 4 whole
          ecn_flags 32 4 whole
          rate_delivered 36 4 whole
          rate_interval_us 40 4 whole
          packets_out 44 4 whole
          retrans_out 48 4 whole
          total_retrans 52 4 whole
          segs_in 56 4 whole
          data_segs_in 60 4 whole
          segs_out 64 4 whole
          data_segs_out 68 4 whole
          lost_out 72 4 whole
          sacked_out 76 4 whole
          bytes_received 80 8 whole
          bytes_acked 88 8 whole
          dsack_dups 96 4 whole
          delivered 100 4 whole
          delivered_ce 104 4 whole
          icsk_retransmits 108 4 whole
          """);

  /** {@code struct bpf_xdp_sock}. */
  public static final ContextLayout XDP_SOCK =
      LayoutReader.read("bpf_xdp_sock", 4, "queue_id 0 4 whole");

  private static final ContextLayout NEW_SOCK =
      LayoutReader.read(
          "bpf_sock",
          SOCK_BYTES,
          """
          bound_dev_if 0 4 whole writable
          mark 16 4 whole writable
          priority 20 4 whole writable
          """
              + KIND
              + STATE);
  private static final ContextLayout BOUND4_SOCK =
      LayoutReader.read(
          "bpf_sock",
          SOCK_BYTES,
          """
          src_ip4 24 4
          src_port 44 4 first
          """
              + KIND
              + STATE);
  private static final ContextLayout BOUND6_SOCK =
      LayoutReader.read(
          "bpf_sock",
          SOCK_BYTES,
          """
          src_ip6[4] 28 4
          src_port 44 4 first
          """
              + KIND
              + STATE);

  private static final String ADDRESS =
      """
      user_family 0 4 whole
      user_port 24 4 writable
      family 28 4 whole
      type 32 4 whole
      protocol 36 4 whole
      sk 64 8 socket
      """;
  private static final String USER_IP4 = "user_ip4 4 4 writable\n";
  private static final String USER_IP6 = "user_ip6 8 16 words writable\n";
  private static final int ADDRESS_BYTES = 72;

  static final ContextLayout SOCK_OPS =
      LayoutReader.read(
          "bpf_sock_ops",
          224,
          """
          op 0 4 whole
          reply 4 4 whole writable
          args[3] 8 4 whole
          family 20 4 whole
          remote_ip4 24 4 whole
          local_ip4 28 4 whole
          remote_ip6[4] 32 4 whole
          local_ip6[4] 48 4 whole
          remote_port 64 4 whole
          local_port 68 4 whole
          is_fullsock 72 4 whole
          snd_cwnd 76 4 whole
          srtt_us 80 4 whole
          bpf_sock_ops_cb_flags 84 4 whole
          state 88 4 whole
          rtt_min 92 4 whole
          snd_ssthresh 96 4 whole
          rcv_nxt 100 4 whole
          snd_nxt 104 4 whole
          snd_una 108 4 whole
          mss_cache 112 4 whole
          ecn_flags 116 4 whole
          rate_delivered 120 4 whole
          rate_interval_us 124 4 whole
          packets_out 128 4 whole
          retrans_out 132 4 whole
          total_retrans 136 4 whole
          segs_in 140 4 whole
          data_segs_in 144 4 whole
          segs_out 148 4 whole
          data_segs_out 152 4 whole
          lost_out 156 4 whole
          sacked_out 160 4 whole
          sk_txhash 164 4 whole writable
          bytes_received 168 8 whole
          bytes_acked 176 8 whole
          sk 184 8 socket_or_null
          skb_data 192 8 packet
          skb_data_end 200 8 packet_end
          skb_len 208 4 whole
          skb_tcp_flags 212 4 first
          skb_hwtstamp 216 8 whole
          """);

  static final ContextLayout SK_MSG =
      LayoutReader.read(
          "sk_msg_md",
          80,
          """
          data 0 8 packet
          data_end 8 8 packet_end
          family 16 4 whole
          remote_ip4 20 4 whole
          local_ip4 24 4 whole
          remote_ip6[4] 28 4 whole
          local_ip6[4] 44 4 whole
          remote_port 60 4 whole
          local_port 64 4 whole
          size 68 4 whole
          sk 72 8 socket
          """);

  /** Programs that choose a socket of a group: {@code struct sk_reuseport_md}. */
  public static final ContextLayout SK_REUSEPORT =
      LayoutReader.read(
          "sk_reuseport_md",
          56,
          """
          data 0 8 packet
          data_end 8 8 packet_end
          len 16 4
          eth_protocol 20 4 halves
          ip_protocol 24 4
          bind_inany 28 4
          hash 32 4 whole
          sk 40 8 socket
          migrating_sk 48 8 sock_common_or_null
          """);

  static final ContextLayout SK_LOOKUP =
      LayoutReader.read(
          "bpf_sk_lookup",
          72,
          """
          sk 0 8 socket_or_null
          family 8 4
          protocol 12 4
          remote_ip4 16 4
          remote_ip6[4] 20 4
          remote_port 36 4
          local_ip4 40 4
          local_ip6[4] 44 4
          local_port 60 4
          ingress_ifindex 64 4
          """);

  private static final ContextLayout GET_OPTION =
      LayoutReader.read(
          "bpf_sockopt",
          40,
          """
          sk 0 8 socket
          optval 8 8 packet
          optval_end 16 8 packet_end
          level 24 4 whole
          optname 28 4 whole
          optlen 32 4 whole writable
          retval 36 4 whole writable
          """);
  private static final ContextLayout SET_OPTION =
      LayoutReader.read(
          "bpf_sockopt",
          40,
          """
          sk 0 8 socket
          optval 8 8 packet
          optval_end 16 8 packet_end
          level 24 4 whole writable
          optname 28 4 whole writable
          optlen 32 4 whole writable
          """);

  private SocketLayouts() {}

  /** The context of a program that sees sockets being made, bound or released. */
  static ContextLayout socket(AttachType attachType) {
    return switch (attachType) {
      case CGROUP_INET4_POST_BIND -> BOUND4_SOCK;
      case CGROUP_INET6_POST_BIND -> BOUND6_SOCK;
      default -> NEW_SOCK;
    };
  }

  /** The context of a program that sees addresses. */
  static ContextLayout address(AttachType attachType) {
    String more =
        switch (attachType) {
          case CGROUP_INET4_BIND,
              CGROUP_INET4_CONNECT,
              CGROUP_UDP4_RECVMSG,
              CGROUP_INET4_GETPEERNAME,
              CGROUP_INET4_GETSOCKNAME ->
              USER_IP4;
          case CGROUP_INET6_BIND,
              CGROUP_INET6_CONNECT,
              CGROUP_UDP6_RECVMSG,
              CGROUP_INET6_GETPEERNAME,
              CGROUP_INET6_GETSOCKNAME ->
              USER_IP6;
          case CGROUP_UDP4_SENDMSG -> USER_IP4 + "msg_src_ip4 40 4 writable\n";
          case CGROUP_UDP6_SENDMSG -> USER_IP6 + "msg_src_ip6 44 16 words writable\n";
          default -> "";
        };
    return LayoutReader.read("bpf_sock_addr", ADDRESS_BYTES, ADDRESS + more);
  }

  /** The context of a program that sees socket options being read or set. */
  static ContextLayout option(AttachType attachType) {
    return attachType == AttachType.CGROUP_GETSOCKOPT ? GET_OPTION : SET_OPTION;
  }
}
