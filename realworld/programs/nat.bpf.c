// SPDX-License-Identifier: Apache-2.0
/* Source NAT of UDP and TCP over IPv4 at a tc hook: inside to outside by a port from a free list, and back. */
#include "packet.bpf.h"
#include <linux/pkt_cls.h>
#include <stddef.h>

struct endpoint {
	__be32 address;
	__be16 port;
	__u8 protocol;
	__u8 zero;
};

struct mapping {
	struct endpoint to;
	__u64 packets;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct endpoint);
	__type(value, struct mapping);
} outbound SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct endpoint);
	__type(value, struct mapping);
} inbound SEC(".maps");

/* Ports that are free, in network order; the control plane fills it. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4096);
	__type(value, __be16);
} free_ports SEC(".maps");

const volatile __be32 outside_address;
const volatile __be32 inside_network;
const volatile __be32 inside_mask;

enum reason { TRANSLATED_OUT, TRANSLATED_IN, NO_PORT, UNKNOWN, NOT_OURS, REASONS };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, REASONS);
	__type(key, __u32);
	__type(value, __u64);
} reasons SEC(".maps");

static int finish(enum reason reason, int verdict)
{
	__u32 key = reason;
	__u64 *packets = bpf_map_lookup_elem(&reasons, &key);

	if (packets)
		__sync_fetch_and_add(packets, 1);
	return verdict;
}

/* Writes address and port over what the packet has there, checksums too; no checksum of UDP stays none. */
static __attribute__((noinline)) int rewrite(struct __sk_buff *skb, struct endpoint *old, struct endpoint *new,
					     __u32 network, int source)
{
	__u32 transport = network + sizeof(struct iphdr);
	__u32 address = network + (source ? offsetof(struct iphdr, saddr) : offsetof(struct iphdr, daddr));
	__u32 port = transport + (source ? 0 : 2);
	__u32 checksum;
	__u64 flags = 0;

	if (!old || !new)
		return -1;
	if (old->protocol == IPPROTO_TCP) {
		checksum = transport + offsetof(struct tcphdr, check);
	} else {
		checksum = transport + offsetof(struct udphdr, check);
		flags = BPF_F_MARK_MANGLED_0;
	}
	if (bpf_l4_csum_replace(skb, checksum, old->address, new->address, BPF_F_PSEUDO_HDR | flags | 4) ||
	    bpf_l4_csum_replace(skb, checksum, old->port, new->port, flags | 2) ||
	    bpf_l3_csum_replace(skb, network + offsetof(struct iphdr, check), old->address, new->address, 4) ||
	    bpf_skb_store_bytes(skb, address, &new->address, 4, 0) ||
	    bpf_skb_store_bytes(skb, port, &new->port, 2, 0))
		return -1;
	return 0;
}

static struct mapping *allocate(struct endpoint *inside)
{
	struct mapping there = {.to = {.address = outside_address, .protocol = inside->protocol}};
	struct mapping back = {.to = *inside};

	if (bpf_map_pop_elem(&free_ports, &there.to.port))
		return 0;
	if (bpf_map_update_elem(&inbound, &there.to, &back, BPF_NOEXIST))
		return 0;
	bpf_map_update_elem(&outbound, inside, &there, BPF_ANY);
	return bpf_map_lookup_elem(&outbound, inside);
}

SEC("tc")
int translate(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;
	struct parsed parsed = {};
	struct mapping *mapping;
	struct endpoint old = {}, new;
	struct iphdr *ip;
	struct flow flow;
	int out;

	if (parse(data, end, &flow, &parsed) != IS_IPV4 || !flow.ports.source)
		return finish(NOT_OURS, TC_ACT_OK);
	ip = parsed.network;
	if ((void *)(ip + 1) > end || ip->ihl != 5)
		return finish(NOT_OURS, TC_ACT_OK);
	out = (flow.source[0] & inside_mask) == inside_network;
	if (!out && flow.destination[0] != outside_address)
		return finish(NOT_OURS, TC_ACT_OK);
	old.protocol = flow.protocol;
	if (out) {
		old.address = flow.source[0];
		old.port = flow.ports.source;
		mapping = bpf_map_lookup_elem(&outbound, &old);
		if (!mapping)
			mapping = allocate(&old);
		if (!mapping)
			return finish(NO_PORT, TC_ACT_SHOT);
	} else {
		old.address = flow.destination[0];
		old.port = flow.ports.destination;
		mapping = bpf_map_lookup_elem(&inbound, &old);
		if (!mapping)
			return finish(UNKNOWN, TC_ACT_SHOT);
	}
	__sync_fetch_and_add(&mapping->packets, 1);
	new = mapping->to;
	if (rewrite(skb, &old, &new, parsed.network - data, out))
		return TC_ACT_SHOT;
	return finish(out ? TRANSLATED_OUT : TRANSLATED_IN, TC_ACT_OK);
}

char LICENSE[] SEC("license") = "Apache-2.0";
