/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs here share: headers that need no C library, and a parser of the way to the transport header. */
#pragma once
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define IP_FRAGMENT_OFFSET 0x1fff
#define always __attribute__((always_inline)) static inline

struct vlan_header {
	__be16 control;
	__be16 type;
};

struct ports {
	__be16 source;
	__be16 destination;
};

/* A flow of IPv4 or IPv6; an IPv4 address stands in the first word. */
struct flow {
	__be32 source[4];
	__be32 destination[4];
	struct ports ports;
	__u8 protocol;
	__u8 family;
	__u16 vlan;
};

/* Where a packet's parts begin; the transport header is checked to have its ports. */
struct parsed {
	void *network;
	void *transport;
	__u16 type;
	__u16 vlan;
};

#define NOT_IP 0
#define IS_IPV4 4
#define IS_IPV6 6

/* Fills flow and parsed: IS_IPV4 or IS_IPV6, or NOT_IP for all else, fragments behind the first among it. */
always int parse(void *data, void *end, struct flow *flow, struct parsed *parsed)
{
	struct ethhdr *eth = data;
	void *next = eth + 1;
	__be16 type;

	if (next > end)
		return NOT_IP;
	type = eth->h_proto;
	parsed->vlan = 0;
#pragma unroll
	for (int i = 0; i < 2; i++) {
		struct vlan_header *tag = next;

		if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD))
			break;
		if ((void *)(tag + 1) > end)
			return NOT_IP;
		parsed->vlan = bpf_ntohs(tag->control) & 0xfff;
		type = tag->type;
		next = tag + 1;
	}
	parsed->network = next;
	parsed->type = bpf_ntohs(type);
	__builtin_memset(flow, 0, sizeof(*flow));
	flow->vlan = parsed->vlan;
	if (type == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = next;

		if ((void *)(ip + 1) > end || ip->ihl < 5)
			return NOT_IP;
		if (ip->frag_off & bpf_htons(IP_FRAGMENT_OFFSET))
			return NOT_IP;
		flow->family = IS_IPV4;
		flow->protocol = ip->protocol;
		flow->source[0] = ip->saddr;
		flow->destination[0] = ip->daddr;
		next += ip->ihl * 4;
	} else if (type == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = next;

		if ((void *)(ip + 1) > end)
			return NOT_IP;
		flow->family = IS_IPV6;
		flow->protocol = ip->nexthdr;
		__builtin_memcpy(flow->source, &ip->saddr, 16);
		__builtin_memcpy(flow->destination, &ip->daddr, 16);
		next = ip + 1;
	} else {
		return NOT_IP;
	}
	parsed->transport = next;
	if (flow->protocol == IPPROTO_TCP || flow->protocol == IPPROTO_UDP) {
		struct ports *ports = next;

		if ((void *)(ports + 1) > end)
			return NOT_IP;
		flow->ports = *ports;
	}
	return flow->family;
}

/* Folds a sum of 16-bit words to its complement. */
always __u16 fold(__u64 sum)
{
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

always __u16 ip_checksum(struct iphdr *ip)
{
	__u16 *words = (__u16 *)ip;
	__u32 sum = 0;

#pragma unroll
	for (int i = 0; i < 10; i++)
		sum += words[i];
	return fold(sum);
}

/* A mix of 32-bit words (the finaliser of a multiplicative hash), for tables that Java code fills as well. */
always __u32 mix(__u32 hash, __u32 word)
{
	hash ^= word * 0x9e3779b1u;
	hash = (hash << 13 | hash >> 19) * 5 + 0x7ed558ccu;
	return hash;
}

always __u32 flow_hash(const struct flow *flow)
{
	__u32 hash = 0x2545f491;

#pragma unroll
	for (int i = 0; i < 4; i++) {
		hash = mix(hash, flow->source[i]);
		hash = mix(hash, flow->destination[i]);
	}
	hash = mix(hash, (__u32)flow->ports.source << 16 | flow->ports.destination);
	hash = mix(hash, flow->protocol);
	hash ^= hash >> 16;
	hash *= 0x85ebca6bu;
	return hash ^ hash >> 13;
}
