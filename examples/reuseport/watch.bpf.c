// SPDX-License-Identifier: Apache-2.0
// Watching the distribution: members take turns, and the program counts what it gave to each.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define MEMBERS 64

struct {
    __uint(type, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY);
    __uint(max_entries, MEMBERS);
    __type(key, __u32);
    __type(value, __u64);
} members SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, MEMBERS);
    __type(key, __u32);
    __type(value, __u64);
} given SEC(".maps");

__u32 turn = 0;
volatile const __u32 count = 4;

SEC("sk_reuseport")
int watch(struct sk_reuseport_md *packet)
{
    __u32 slot = __sync_fetch_and_add(&turn, 1);
    __u64 *number;

    if (count)
        slot %= count;
    if (bpf_sk_select_reuseport(packet, &members, &slot, 0))
        return SK_PASS;
    number = bpf_map_lookup_elem(&given, &slot);
    if (number)
        __sync_fetch_and_add(number, 1);
    return SK_PASS;
}

char _license[] SEC("license") = "Apache-2.0";
