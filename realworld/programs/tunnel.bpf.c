// SPDX-License-Identifier: Apache-2.0
/* GRE and VXLAN tunnel ends: what comes for a peer's network is wrapped and sent, what comes from a peer is unwrapped. */
#include "packet.bpf.h"

#define VXLAN_PORT 4789
#define GRE_TYPE_IPV4 0x0800

enum kind { GRE, VXLAN };

struct gre_header {
	__be16 flags;
	__be16 type;
};

struct vxlan_header {
	__be32 flags;
	__be32 network;
};

struct prefix {
	__u32 bits;
	__be32 address;
};

struct peer {
	__be32 local;
	__be32 remote;
	__u32 kind;
	__u32 network;
	__u8 source_mac[6];
	__u8 next_mac[6];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 64);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, struct peer);
} routes SEC(".maps");

/* Peers by their address. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __be32);
	__type(value, struct peer);
} peers SEC(".maps");

struct {
	__u64 wrapped[2];
	__u64 unwrapped[2];
	__u64 refused;
} totals;

struct gre_outer {
	struct ethhdr eth;
	struct iphdr ip;
	struct gre_header gre;
} __attribute__((packed));

struct vxlan_outer {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	struct vxlan_header vxlan;
} __attribute__((packed));

always void outer_ip(struct ethhdr *eth, struct iphdr *ip, struct peer *peer, __u8 protocol, __u16 length, __u16 id)
{
	__builtin_memcpy(eth->h_source, peer->source_mac, 6);
	__builtin_memcpy(eth->h_dest, peer->next_mac, 6);
	eth->h_proto = bpf_htons(ETH_P_IP);
	__builtin_memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = bpf_htons(length);
	ip->id = bpf_htons(id);
	ip->ttl = 64;
	ip->protocol = protocol;
	ip->saddr = peer->local;
	ip->daddr = peer->remote;
	ip->check = ip_checksum(ip);
}

static __attribute__((noinline)) int wrap(struct xdp_md *ctx, struct peer *peer, __u32 hash)
{
	__u16 length = ctx->data_end - ctx->data;

	if (!peer)
		return XDP_ABORTED;
	if (peer->kind == GRE) {
		struct gre_outer *outer;

		/* The inner Ethernet header makes room. */
		if (bpf_xdp_adjust_head(ctx, (int)sizeof(struct ethhdr) - (int)sizeof(*outer)))
			return XDP_ABORTED;
		outer = (void *)(long)ctx->data;
		if ((void *)(outer + 1) > (void *)(long)ctx->data_end)
			return XDP_ABORTED;
		outer_ip(&outer->eth, &outer->ip, peer, IPPROTO_GRE,
			 length - sizeof(struct ethhdr) + sizeof(*outer) - sizeof(struct ethhdr), hash);
		outer->gre.flags = 0;
		outer->gre.type = bpf_htons(GRE_TYPE_IPV4);
		__sync_fetch_and_add(&totals.wrapped[GRE], 1);
	} else {
		struct vxlan_outer *outer;

		if (bpf_xdp_adjust_head(ctx, -(int)sizeof(*outer)))
			return XDP_ABORTED;
		outer = (void *)(long)ctx->data;
		if ((void *)(outer + 1) > (void *)(long)ctx->data_end)
			return XDP_ABORTED;
		outer_ip(&outer->eth, &outer->ip, peer, IPPROTO_UDP,
			 length + sizeof(*outer) - sizeof(struct ethhdr), hash);
		outer->udp.source = bpf_htons(0xc000 | (hash & 0x3fff));
		outer->udp.dest = bpf_htons(VXLAN_PORT);
		outer->udp.len = bpf_htons(length + sizeof(struct udphdr) + sizeof(struct vxlan_header));
		outer->udp.check = 0;
		outer->vxlan.flags = bpf_htonl(0x08000000);
		outer->vxlan.network = bpf_htonl(peer->network << 8);
		__sync_fetch_and_add(&totals.wrapped[VXLAN], 1);
	}
	return XDP_TX;
}

static int unwrap_gre(struct xdp_md *ctx)
{
	struct gre_outer *outer = (void *)(long)ctx->data;
	struct ethhdr eth;

	if ((void *)(outer + 1) > (void *)(long)ctx->data_end || outer->gre.flags ||
	    outer->gre.type != bpf_htons(GRE_TYPE_IPV4))
		return XDP_DROP;
	eth = outer->eth;
	if (bpf_xdp_adjust_head(ctx, (int)sizeof(*outer) - (int)sizeof(eth)))
		return XDP_ABORTED;
	if ((void *)(long)ctx->data + sizeof(eth) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	*(struct ethhdr *)(long)ctx->data = eth;
	__sync_fetch_and_add(&totals.unwrapped[GRE], 1);
	return XDP_PASS;
}

static int unwrap_vxlan(struct xdp_md *ctx, struct peer *peer)
{
	struct vxlan_outer *outer = (void *)(long)ctx->data;

	if ((void *)(outer + 1) > (void *)(long)ctx->data_end || !(outer->vxlan.flags & bpf_htonl(0x08000000)) ||
	    bpf_ntohl(outer->vxlan.network) >> 8 != peer->network)
		return XDP_DROP;
	if (bpf_xdp_adjust_head(ctx, sizeof(*outer)))
		return XDP_ABORTED;
	__sync_fetch_and_add(&totals.unwrapped[VXLAN], 1);
	return XDP_PASS;
}

SEC("xdp")
int tunnel(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct parsed parsed = {};
	struct prefix to = {32};
	struct peer *peer;
	struct flow flow;

	if (parse(data, end, &flow, &parsed) != IS_IPV4 || parsed.vlan)
		return XDP_PASS;
	peer = bpf_map_lookup_elem(&peers, &flow.source[0]);
	if (peer && flow.destination[0] == peer->local) {
		if (((struct iphdr *)parsed.network)->ihl == 5) {
			if (flow.protocol == IPPROTO_GRE && peer->kind == GRE)
				return unwrap_gre(ctx);
			if (flow.protocol == IPPROTO_UDP && flow.ports.destination == bpf_htons(VXLAN_PORT) &&
			    peer->kind == VXLAN)
				return unwrap_vxlan(ctx, peer);
		}
		__sync_fetch_and_add(&totals.refused, 1);
		return XDP_DROP;
	}
	to.address = flow.destination[0];
	peer = bpf_map_lookup_elem(&routes, &to);
	if (!peer)
		return XDP_PASS;
	return wrap(ctx, peer, flow_hash(&flow));
}

char LICENSE[] SEC("license") = "Apache-2.0";
