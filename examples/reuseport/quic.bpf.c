// SPDX-License-Identifier: Apache-2.0
// QUIC (RFC 9000): a packet with a short header goes to the member that its destination connection
// id names in its first byte, wherever the client sends from. Long headers, which carry an id of the
// client's choice, are left to the hash.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define UDP_HEADER 8
#define LONG_HEADER 0x80
#define FIXED_BIT 0x40

struct {
    __uint(type, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY);
    __uint(max_entries, 64);
    __type(key, __u32);
    __type(value, __u64);
} members SEC(".maps");

SEC("sk_reuseport")
int quic(struct sk_reuseport_md *packet)
{
    unsigned char *data = packet->data;
    unsigned char *end = packet->data_end;
    __u32 slot;

    if (data + UDP_HEADER + 2 > end)
        return SK_DROP;
    if (!(data[UDP_HEADER] & FIXED_BIT))
        return SK_DROP;
    if (data[UDP_HEADER] & LONG_HEADER)
        return SK_PASS;
    slot = data[UDP_HEADER + 1];
    if (bpf_sk_select_reuseport(packet, &members, &slot, 0))
        return SK_DROP;
    return SK_PASS;
}

char _license[] SEC("license") = "Apache-2.0";
