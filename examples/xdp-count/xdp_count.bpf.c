// SPDX-License-Identifier: Apache-2.0
/* Counts packets by IP protocol and bytes by address family, and drops what a rule names: at first what is not IP. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

enum family { FAMILY_OTHER, FAMILY_ARP, FAMILY_IPV4, FAMILY_IPV6, FAMILIES };

struct traffic {
	__u64 packets;
	__u64 bytes;
};

/* Packets by IP protocol number; what is not IP is not counted here. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} cnt SEC(".maps");

/* Packets and bytes by address family. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FAMILIES);
	__type(key, __u32);
	__type(value, struct traffic);
} families SEC(".maps");

/* The rule, set before loading: packets of this IP protocol are dropped (256: what is not IP, 257: none) ... */
const volatile __u32 drop_protocol = 256;
/* ... and so are frames longer than this. */
const volatile __u32 longest_frame = 1514;

/* May be changed while the program runs. */
__u32 count_enabled = 1;

__u64 dropped;
__u32 longest_seen;

static enum family family_of(__be16 type)
{
	switch (bpf_ntohs(type)) {
	case ETH_P_ARP:
		return FAMILY_ARP;
	case ETH_P_IP:
		return FAMILY_IPV4;
	case ETH_P_IPV6:
		return FAMILY_IPV6;
	default:
		return FAMILY_OTHER;
	}
}

SEC("xdp")
int count(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	__u32 length = end - data;
	__u32 protocol = 256;
	struct traffic *traffic;
	enum family family;
	__u64 *packets;
	__u32 key;

	if (!count_enabled)
		return XDP_PASS;
	if ((void *)(eth + 1) > end)
		return XDP_ABORTED;

	family = family_of(eth->h_proto);
	if (family == FAMILY_IPV4) {
		struct iphdr *ip = (void *)(eth + 1);

		if ((void *)(ip + 1) > end)
			return XDP_ABORTED;
		protocol = ip->protocol;
	} else if (family == FAMILY_IPV6) {
		struct ipv6hdr *ip = (void *)(eth + 1);

		if ((void *)(ip + 1) > end)
			return XDP_ABORTED;
		protocol = ip->nexthdr;
	}

	key = family;
	traffic = bpf_map_lookup_elem(&families, &key);
	if (traffic) {
		traffic->packets++;
		traffic->bytes += length;
	}
	packets = bpf_map_lookup_elem(&cnt, &protocol);
	if (packets)
		__sync_fetch_and_add(packets, 1);
	if (length > longest_seen)
		longest_seen = length;

	if (protocol == drop_protocol || length > longest_frame) {
		__sync_fetch_and_add(&dropped, 1);
		return XDP_DROP;
	}
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
