package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.Kernel;
import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfKind;
import io.ebpf4j.btf.BtfType.Composite;
import io.ebpf4j.btf.BtfType.Enumeration;
import io.ebpf4j.btf.BtfType.Member;
import io.ebpf4j.junit.BothKernels;
import io.ebpf4j.junit.TwinTest;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The types that a kernel tells of itself: what a program relocates against on either. */
class KernelTypesTwinTest {
  @TwinTest
  void protocolHeadersAreThoseOfTheWire(Kernel kernel) {
    Btf types = kernel.btf();
    assertThat(layout(types, "ethhdr")).containsExactly("h_dest@0", "h_source@48", "h_proto@96");
    assertThat(layout(types, "iphdr"))
        .containsExactly(
            "ihl@0:4",
            "version@4:4",
            "tos@8",
            "tot_len@16",
            "id@32",
            "frag_off@48",
            "ttl@64",
            "protocol@72",
            "check@80",
            "@96");
    assertThat(layout(types, "tcphdr"))
        .contains("ae@96:1", "doff@100:4", "fin@104:1", "cwr@111:1", "window@112");
  }

  @TwinTest
  void contextIsThatOfTheUapi(Kernel kernel) {
    assertThat(layout(kernel.btf(), "xdp_md"))
        .containsExactly(
            "data@0",
            "data_end@32",
            "data_meta@64",
            "ingress_ifindex@96",
            "rx_queue_index@128",
            "egress_ifindex@160");
  }

  @TwinTest
  void mapTellsItsShape(Kernel kernel) {
    Btf types = kernel.btf();
    int map = struct(types, "bpf_map");
    for (String field : List.of("map_type", "key_size", "value_size", "max_entries", "map_flags")) {
      assertThat(types.sizeOf(types.member(map, field).orElseThrow().type())).isEqualTo(4);
    }
    int array = struct(types, "bpf_array");
    assertThat(types.member(array, "elem_size")).isPresent();
    assertThat(types.member(array, "map.max_entries")).isPresent();
  }

  @TwinTest
  void helpersAreEnumerated(Kernel kernel) {
    Btf types = kernel.btf();
    Enumeration helpers =
        (Enumeration) types.type(types.find("bpf_func_id", BtfKind.ENUM).orElseThrow());
    assertThat(helpers.values())
        .anySatisfy(value -> {
          assertThat(value.name()).isEqualTo("BPF_FUNC_map_lookup_elem");
          assertThat(value.value()).isEqualTo(1);
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "__sk_buff",
        "arphdr",
        "ethhdr",
        "frag_hdr",
        "gre_base_hdr",
        "icmp6hdr",
        "icmphdr",
        "in6_addr",
        "iphdr",
        "ipv6_opt_hdr",
        "ipv6hdr",
        "sctphdr",
        "tcphdr",
        "udphdr",
        "vlan_hdr",
        "vxlanhdr",
        "xdp_md"
      })
  void structIsLaidOutAsOnLinux(String name) {
    BothKernels.linux()
        .ifPresent(linux -> {
          try (Kernel judge = linux;
              Kernel jvm = BothKernels.jvm()) {
            assertThat(layout(jvm.btf(), name)).isEqualTo(layout(judge.btf(), name));
            assertThat(size(jvm.btf(), name)).isEqualTo(size(judge.btf(), name));
          }
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"bpf_attach_type", "bpf_func_id", "bpf_map_type", "bpf_prog_type", "xdp_action"})
  void enumeratorsAreSomeOfLinux(String name) {
    BothKernels.linux()
        .ifPresent(linux -> {
          try (Kernel judge = linux;
              Kernel jvm = BothKernels.jvm()) {
            assertThat(enumeration(judge.btf(), name).values())
                .containsAll(enumeration(jvm.btf(), name).values());
          }
        });
  }

  private static List<String> layout(Btf types, String name) {
    return ((Composite) types.type(struct(types, name)))
        .members().stream().map(KernelTypesTwinTest::place).toList();
  }

  private static String place(Member member) {
    return member.name()
        + "@"
        + member.bitOffset()
        + (member.bitFieldSize() == 0 ? "" : ":" + member.bitFieldSize());
  }

  private static int size(Btf types, String name) {
    return types.sizeOf(struct(types, name));
  }

  private static int struct(Btf types, String name) {
    return types.find(name, BtfKind.STRUCT).orElseThrow();
  }

  private static Enumeration enumeration(Btf types, String name) {
    return (Enumeration) types.type(types.find(name, BtfKind.ENUM).orElseThrow());
  }
}
