// SPDX-License-Identifier: Apache-2.0
// Hot restart: a flow stays with the member that it began with, new flows go to the current one.
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct flow {
    __u32 source;
    __u32 port;
};

struct {
    __uint(type, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY);
    __uint(max_entries, 64);
    __type(key, __u32);
    __type(value, __u64);
} members SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 65536);
    __type(key, struct flow);
    __type(value, __u32);
} flows SEC(".maps");

__u32 current = 0;

SEC("sk_reuseport")
int restart(struct sk_reuseport_md *packet)
{
    struct flow flow = {};
    __u16 port = 0;
    __u32 slot;
    __u32 *known;

    bpf_skb_load_bytes_relative(packet, 12, &flow.source, sizeof(flow.source), BPF_HDR_START_NET);
    bpf_skb_load_bytes(packet, 0, &port, sizeof(port));
    flow.port = port;
    known = bpf_map_lookup_elem(&flows, &flow);
    if (known) {
        slot = *known;
        if (bpf_sk_select_reuseport(packet, &members, &slot, 0) == 0)
            return SK_PASS;
    }
    slot = current;
    if (bpf_sk_select_reuseport(packet, &members, &slot, 0) == 0)
        bpf_map_update_elem(&flows, &flow, &slot, BPF_ANY);
    return SK_PASS;
}

char _license[] SEC("license") = "Apache-2.0";
