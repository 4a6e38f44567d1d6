// SPDX-License-Identifier: Apache-2.0
// Isolation: each member has sources of its own, and other sources reach nobody.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
    __uint(type, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY);
    __uint(max_entries, 64);
    __type(key, __u32);
    __type(value, __u64);
} members SEC(".maps");

// Source address, in network order, to member.
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024);
    __type(key, __u32);
    __type(value, __u32);
} tenants SEC(".maps");

SEC("sk_reuseport")
int isolation(struct sk_reuseport_md *packet)
{
    __u32 source = 0;
    __u32 *member;
    __u32 slot;

    if (bpf_skb_load_bytes_relative(packet, 12, &source, sizeof(source), BPF_HDR_START_NET))
        return SK_DROP;
    member = bpf_map_lookup_elem(&tenants, &source);
    if (!member)
        return SK_DROP;
    slot = *member;
    if (bpf_sk_select_reuseport(packet, &members, &slot, 0))
        return SK_DROP;
    return SK_PASS;
}

char _license[] SEC("license") = "Apache-2.0";
