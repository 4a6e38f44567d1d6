// SPDX-License-Identifier: Apache-2.0
/*
 * A small router's packet path: takes VLAN tags off, walks IPv6 extension headers, checks and updates
 * the IPv4 header checksum, lowers the hop limit, cuts padding, and answers IPv4 echo requests.
 *
 * parse -> (tail call by address family) -> ipv4 -> (tail call) -> answer
 *                                        -> ipv6
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define MOST_TAGS 2
#define MOST_EXTENSIONS 6
#define IP_FRAGMENT 0x3fff
#define ICMP_ECHO_REPLY 0
#define ICMP_ECHO 8

enum stage { STAGE_IPV4, STAGE_IPV6, STAGE_ANSWER, STAGES };

enum outcome {
	FORWARDED,
	ANSWERED,
	NOT_IP,
	TOO_SHORT,
	BAD_CHECKSUM,
	EXPIRED,
	NO_STAGE,
	OUTCOMES,
};

struct vlan_header {
	__be16 control;
	__be16 type;
};

struct extension {
	__u8 next;
	__u8 length;
};

/* linux/icmp.h needs the C library's headers. */
struct icmp_header {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be32 rest;
};

int ipv4(struct xdp_md *ctx);
int ipv6(struct xdp_md *ctx);
int answer(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, STAGES);
	__uint(key_size, sizeof(__u32));
	__array(values, int(void *));
} stages SEC(".maps") = {
	.values = {
		[STAGE_IPV4] = (void *)&ipv4,
		[STAGE_IPV6] = (void *)&ipv6,
		[STAGE_ANSWER] = (void *)&answer,
	},
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, OUTCOMES);
	__type(key, __u32);
	__type(value, __u64);
} outcomes SEC(".maps");

/* Packets by the protocol behind all extension headers. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u32);
} protocols SEC(".maps");

/* Whether echo requests are answered here. */
const volatile _Bool answer_echo = 1;

struct {
	__u64 tags;
	__u64 extensions;
	__u64 padding_bytes;
	__u64 longest_header;
} totals;

static int finish(enum outcome outcome, int verdict)
{
	__u32 key = outcome;
	__u64 *packets = bpf_map_lookup_elem(&outcomes, &key);

	if (packets)
		__sync_fetch_and_add(packets, 1);
	return verdict;
}

/* Takes one tag off: 1 when there was one, 0 when there was none, negative when the frame is too short. */
static __attribute__((noinline)) int remove_tag(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct vlan_header *tag = (void *)(eth + 1);
	struct ethhdr moved;

	if ((void *)(eth + 1) > end)
		return -1;
	if (eth->h_proto != bpf_htons(ETH_P_8021Q) && eth->h_proto != bpf_htons(ETH_P_8021AD))
		return 0;
	if ((void *)(tag + 1) > end)
		return -1;
	moved = *eth;
	moved.h_proto = tag->type;
	*(struct ethhdr *)((void *)eth + sizeof(*tag)) = moved;
	if (bpf_xdp_adjust_head(ctx, sizeof(*tag)))
		return -1;
	__sync_fetch_and_add(&totals.tags, 1);
	return 1;
}

/* A global function: verified once, for all numbers. */
__attribute__((noinline)) int stage_of(__u32 type)
{
	switch (type) {
	case ETH_P_IP:
		return STAGE_IPV4;
	case ETH_P_IPV6:
		return STAGE_IPV6;
	default:
		return STAGES;
	}
}

/* Cuts what follows the IP packet: frames shorter than 60 bytes were filled up on the wire. */
static __attribute__((noinline)) void cut_padding(struct xdp_md *ctx, __u32 ip_length)
{
	__u32 length = ctx->data_end - ctx->data;
	__u32 needed = sizeof(struct ethhdr) + ip_length;

	if (length > needed && !bpf_xdp_adjust_tail(ctx, (int)(needed - length)))
		__sync_fetch_and_add(&totals.padding_bytes, length - needed);
}

struct header_sum {
	struct xdp_md *ctx;
	__u32 sum;
};

static long add_word(__u32 index, struct header_sum *total)
{
	__be16 word;

	if (bpf_xdp_load_bytes(total->ctx, sizeof(struct ethhdr) + index * 2, &word, sizeof(word)))
		return 1;
	total->sum += word;
	return 0;
}

static __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

static void count_protocol(__u32 protocol)
{
	__u32 *packets = bpf_map_lookup_elem(&protocols, &protocol);

	if (packets)
		__sync_fetch_and_add(packets, 1);
}

SEC("xdp")
int parse(struct xdp_md *ctx)
{
	struct ethhdr *eth;
	int stage, tags, removed;

	for (tags = 0; tags < MOST_TAGS; tags++) {
		removed = remove_tag(ctx);
		if (removed < 0)
			return finish(TOO_SHORT, XDP_ABORTED);
		if (!removed)
			break;
	}
	eth = (void *)(long)ctx->data;
	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return finish(TOO_SHORT, XDP_ABORTED);
	stage = stage_of(bpf_ntohs(eth->h_proto));
	if (stage == STAGES)
		return finish(NOT_IP, XDP_PASS);
	bpf_tail_call(ctx, &stages, stage);
	return finish(NO_STAGE, XDP_PASS);
}

SEC("xdp")
int ipv4(struct xdp_md *ctx)
{
	struct header_sum total = { .ctx = ctx };
	struct icmp_header *icmp;
	void *data, *end;
	struct iphdr *ip;
	__u32 words;

	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	ip = data + sizeof(struct ethhdr);
	if ((void *)(ip + 1) > end)
		return finish(TOO_SHORT, XDP_ABORTED);
	words = ip->ihl * 2;
	if (words < sizeof(*ip) / 2)
		return finish(TOO_SHORT, XDP_DROP);
	if (words * 2 > totals.longest_header)
		totals.longest_header = words * 2;
	if (bpf_loop(words, add_word, &total, 0) != words)
		return finish(TOO_SHORT, XDP_DROP);
	if (fold(total.sum) != 0xffff)
		return finish(BAD_CHECKSUM, XDP_DROP);
	count_protocol(ip->protocol);

	cut_padding(ctx, bpf_ntohs(ip->tot_len));
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	ip = data + sizeof(struct ethhdr);
	icmp = (void *)(ip + 1);
	if ((void *)(ip + 1) > end)
		return finish(TOO_SHORT, XDP_ABORTED);
	if (answer_echo && ip->protocol == IPPROTO_ICMP && ip->ihl == 5 && (void *)(icmp + 1) <= end &&
	    !(ip->frag_off & bpf_htons(IP_FRAGMENT)) && icmp->type == ICMP_ECHO)
		bpf_tail_call(ctx, &stages, STAGE_ANSWER);

	if (ip->ttl <= 1)
		return finish(EXPIRED, XDP_DROP);
	ip->ttl--;
	/* One less in the high byte of a word is one more there in the sum of complements (RFC 1624). */
	ip->check = fold((__u32)ip->check + bpf_htons(0x0100));
	return finish(FORWARDED, XDP_PASS);
}

SEC("xdp")
int answer(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	struct icmp_header *icmp = (void *)(ip + 1);
	__u8 address[ETH_ALEN];
	__be32 source;

	if ((void *)(icmp + 1) > (void *)(long)ctx->data_end)
		return finish(TOO_SHORT, XDP_ABORTED);
	__builtin_memcpy(address, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, address, ETH_ALEN);
	source = ip->saddr;
	ip->saddr = ip->daddr;
	ip->daddr = source;
	icmp->type = ICMP_ECHO_REPLY;
	icmp->checksum = fold((__u32)icmp->checksum + bpf_htons(ICMP_ECHO << 8));
	return finish(ANSWERED, XDP_TX);
}

SEC("xdp")
int ipv6(struct xdp_md *ctx)
{
	__u32 offset = sizeof(struct ethhdr) + sizeof(struct ipv6hdr);
	struct extension extension;
	struct ipv6hdr *ip;
	int extensions;
	__u8 next;

	ip = (void *)(long)ctx->data + sizeof(struct ethhdr);
	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return finish(TOO_SHORT, XDP_ABORTED);
	next = ip->nexthdr;
	for (extensions = 0; extensions < MOST_EXTENSIONS; extensions++) {
		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_FRAGMENT &&
		    next != IPPROTO_DSTOPTS)
			break;
		if (bpf_xdp_load_bytes(ctx, offset, &extension, sizeof(extension)))
			return finish(TOO_SHORT, XDP_DROP);
		offset += next == IPPROTO_FRAGMENT ? 8 : (extension.length + 1) * 8;
		next = extension.next;
		__sync_fetch_and_add(&totals.extensions, 1);
	}
	if (offset - sizeof(struct ethhdr) > totals.longest_header)
		totals.longest_header = offset - sizeof(struct ethhdr);
	count_protocol(next);

	cut_padding(ctx, sizeof(struct ipv6hdr) + bpf_ntohs(ip->payload_len));
	ip = (void *)(long)ctx->data + sizeof(struct ethhdr);
	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return finish(TOO_SHORT, XDP_ABORTED);
	if (ip->hop_limit <= 1)
		return finish(EXPIRED, XDP_DROP);
	ip->hop_limit--;
	return finish(FORWARDED, XDP_PASS);
}

char _license[] SEC("license") = "Dual BSD/GPL";
