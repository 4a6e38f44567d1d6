// SPDX-License-Identifier: Apache-2.0
/* A layer-4 balancer: services by address and port, a consistent-hash ring for each, flows that keep their backend. */
#include "packet.bpf.h"

#define SERVICES 8
#define RING 251

struct service_key {
	__be32 address[4];
	__be16 port;
	__u8 protocol;
	__u8 family;
};

struct backend {
	__be32 address;
	__u8 mac[6];
	__u16 down;
	__u32 zero;
};

struct counter {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SERVICES);
	__type(key, struct service_key);
	__type(value, __u32);
} services SEC(".maps");

/* The backend at each place of each service's ring; the control plane fills it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SERVICES * RING);
	__type(key, __u32);
	__type(value, __u32);
} rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct backend);
} backends SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 32768);
	__type(key, struct flow);
	__type(value, __u32);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct counter);
} counters SEC(".maps");

const volatile __be32 own_address;
const volatile __u8 own_mac[6];

struct {
	__u64 fresh;
	__u64 moved;
	__u64 without;
} totals;

static __attribute__((noinline)) int encapsulate(struct xdp_md *ctx, struct backend *to, __u32 family)
{
	__u16 inner = ctx->data_end - ctx->data - sizeof(struct ethhdr);
	struct ethhdr *eth;
	struct iphdr *ip;

	if (!to || bpf_xdp_adjust_head(ctx, -(int)sizeof(struct iphdr)))
		return XDP_ABORTED;
	eth = (void *)(long)ctx->data;
	ip = (void *)(eth + 1);
	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	__builtin_memcpy(eth->h_dest, to->mac, 6);
	__builtin_memcpy(eth->h_source, (const void *)own_mac, 6);
	eth->h_proto = bpf_htons(ETH_P_IP);
	__builtin_memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->tot_len = bpf_htons(inner + sizeof(*ip));
	ip->protocol = family == IS_IPV4 ? IPPROTO_IPIP : IPPROTO_IPV6;
	ip->saddr = own_address;
	ip->daddr = to->address;
	ip->check = ip_checksum(ip);
	return XDP_TX;
}

SEC("xdp")
int balance(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct service_key key = {};
	struct parsed parsed = {};
	__u32 *service, *known, *ring, place, chosen;
	struct counter *counter;
	struct backend *backend;
	struct flow flow;

	if (!parse(data, end, &flow, &parsed) || parsed.vlan || !flow.ports.destination)
		return XDP_PASS;
	__builtin_memcpy(key.address, flow.destination, 16);
	key.port = flow.ports.destination;
	key.protocol = flow.protocol;
	key.family = flow.family;
	service = bpf_map_lookup_elem(&services, &key);
	if (!service)
		return XDP_PASS;
	known = bpf_map_lookup_elem(&flows, &flow);
	if (known) {
		chosen = *known;
		backend = bpf_map_lookup_elem(&backends, &chosen);
		if (backend && !backend->down)
			goto send;
		__sync_fetch_and_add(&totals.moved, 1);
	} else {
		__sync_fetch_and_add(&totals.fresh, 1);
	}
	place = *service * RING + flow_hash(&flow) % RING;
	ring = bpf_map_lookup_elem(&rings, &place);
	if (!ring)
		return XDP_DROP;
	chosen = *ring;
	backend = bpf_map_lookup_elem(&backends, &chosen);
	if (!backend || backend->down || !backend->address) {
		__sync_fetch_and_add(&totals.without, 1);
		return XDP_DROP;
	}
	bpf_map_update_elem(&flows, &flow, &chosen, BPF_ANY);
send:
	counter = bpf_map_lookup_elem(&counters, &chosen);
	if (counter) {
		counter->packets++;
		counter->bytes += end - data;
	}
	return encapsulate(ctx, backend, flow.family);
}

char LICENSE[] SEC("license") = "Apache-2.0";
