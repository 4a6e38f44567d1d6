// SPDX-License-Identifier: Apache-2.0
/* Keeps closed TCP ports closed, and answers pings in the kernel, but not too many of them. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define SECOND 1000000000ULL

/* linux/icmp.h wants the C library's headers. */
enum { PING_REPLY = 0, PING = 8 };

struct icmp {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be16 identifier;
	__be16 sequence;
};

/* By port: not 0 where it is closed. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u32);
} closed SEC(".maps");

enum event { EVENT_REFUSED, EVENT_ANSWERED, EVENT_IGNORED, EVENTS };

struct count {
	__u64 packets;
	__u64 bytes;
};

/* What was done, by event. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, EVENTS);
	__type(key, __u32);
	__type(value, struct count);
} counts SEC(".maps");

/* Pings that are answered each second; set before loading. */
const volatile __u32 pings_per_second = 10;

__u64 second_began;
__u32 pings_in_second;

static __always_inline void count(__u32 event, __u32 bytes)
{
	struct count *counter = bpf_map_lookup_elem(&counts, &event);

	if (counter) {
		counter->packets++;
		counter->bytes += bytes;
	}
}

static __always_inline int may_answer(void)
{
	__u64 now = bpf_ktime_get_ns();

	if (!second_began || now - second_began >= SECOND) {
		second_began = now;
		pings_in_second = 0;
	}
	return pings_in_second++ < pings_per_second;
}

/* Makes a reply of a request. */
static __always_inline void answer(struct ethhdr *eth, struct iphdr *ip, struct icmp *icmp)
{
	__u8 mac[ETH_ALEN];
	__u32 sum;
	__be32 address = ip->saddr;

	__builtin_memcpy(mac, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, mac, ETH_ALEN);
	ip->saddr = ip->daddr;
	ip->daddr = address;
	icmp->type = PING_REPLY;
	/* The type was 8 and is 0: RFC 1624. */
	sum = (__u16)~icmp->checksum + (__u16)~bpf_htons(PING << 8);
	sum = (sum & 0xffff) + (sum >> 16);
	icmp->checksum = ~(sum + (sum >> 16));
}

SEC("xdp")
int gate(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	void *inner = ip + 1;

	/* IPv4 without options; all else is for others to judge. */
	if (inner > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5)
		return XDP_PASS;

	if (ip->protocol == IPPROTO_TCP) {
		struct tcphdr *tcp = inner;
		__u32 port, *shut;

		if ((void *)(tcp + 1) > end)
			return XDP_PASS;
		port = bpf_ntohs(tcp->dest);
		shut = bpf_map_lookup_elem(&closed, &port);
		if (shut && *shut && tcp->syn && !tcp->ack) {
			count(EVENT_REFUSED, end - data);
			return XDP_DROP;
		}
	} else if (ip->protocol == IPPROTO_ICMP) {
		struct icmp *icmp = inner;

		if ((void *)(icmp + 1) > end || icmp->type != PING)
			return XDP_PASS;
		if (!may_answer()) {
			count(EVENT_IGNORED, end - data);
			return XDP_DROP;
		}
		count(EVENT_ANSWERED, end - data);
		answer(eth, ip, icmp);
		return XDP_TX;
	}
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
