package io.ebpf4j.jvm.context;

/** {@code struct __sk_buff}, as the program types see it that have no run here. */
final class PacketLayouts {
  private static final int BYTES = 192;
  private static final String COMMON =
      """
      len 0 4
      pkt_type 4 4
      queue_mapping 12 4
      protocol 16 4
      vlan_present 20 4
      vlan_tci 24 4
      vlan_proto 28 4
      priority 32 4 writable
      ingress_ifindex 36 4
      ifindex 40 4
      hash 68 4
      data 76 4 packet
      data_end 80 4 packet_end
      napi_id 84 4
      gso_segs 164 4
      sk 168 8 sock_common_or_null
      gso_size 176 4
      """;
  private static final String ADDRESSES =
      """
      family 88 4
      remote_ip4 92 4 whole
      local_ip4 96 4 whole
      remote_ip6[4] 100 4 whole
      local_ip6[4] 116 4 whole
      remote_port 132 4
      local_port 136 4
      """;

  static final ContextLayout LIGHT_TUNNEL =
      LayoutReader.read(
          "__sk_buff",
          BYTES,
          COMMON
              + """
              mark 8 4 writable
              tc_index 44 4
              cb 48 20 bytes writable
              """);

  static final ContextLayout SK_SKB =
      LayoutReader.read(
          "__sk_buff",
          BYTES,
          COMMON
              + ADDRESSES
              + """
              tc_index 44 4 writable
              cb 48 20 bytes
              """);

  static final ContextLayout CGROUP_SKB =
      LayoutReader.read(
          "__sk_buff",
          BYTES,
          COMMON
              + ADDRESSES
              + """
              mark 8 4 writable
              tc_index 44 4
              cb 48 20 bytes writable
              tstamp 152 8 whole writable
              hwtstamp 184 8 whole
              """);

  static final ContextLayout FLOW_DISSECTOR =
      LayoutReader.read(
          "__sk_buff",
          BYTES,
          """
          data 76 4 packet
          data_end 80 4 packet_end
          flow_keys 144 8 flow_keys
          """);

  private PacketLayouts() {}
}
