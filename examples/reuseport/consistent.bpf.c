// SPDX-License-Identifier: Apache-2.0
// Consistent hashing: the client's address and port fall into a table of members, which the
// application fills so that few entries change when a member comes or goes.
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define TABLE_SIZE 1021

struct {
    __uint(type, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY);
    __uint(max_entries, 64);
    __type(key, __u32);
    __type(value, __u64);
} members SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, TABLE_SIZE);
    __type(key, __u32);
    __type(value, __u32);
} table SEC(".maps");

static __always_inline __u32 mixed(__u32 address, __u32 port)
{
    __u64 hash = ((__u64)address << 16 ^ port) * 0x9e3779b97f4a7c15ULL;

    return hash >> 32;
}

SEC("sk_reuseport")
int consistent(struct sk_reuseport_md *packet)
{
    __u32 source = 0;
    __u16 port = 0;
    __u32 entry;
    __u32 *member;

    if (packet->eth_protocol == bpf_htons(0x0800))
        bpf_skb_load_bytes_relative(packet, 12, &source, sizeof(source), BPF_HDR_START_NET);
    else
        bpf_skb_load_bytes_relative(packet, 20, &source, sizeof(source), BPF_HDR_START_NET);
    bpf_skb_load_bytes(packet, 0, &port, sizeof(port));
    entry = mixed(source, port) % TABLE_SIZE;
    member = bpf_map_lookup_elem(&table, &entry);
    if (member) {
        __u32 slot = *member;

        bpf_sk_select_reuseport(packet, &members, &slot, 0);
    }
    return SK_PASS;
}

char _license[] SEC("license") = "Apache-2.0";
