// SPDX-License-Identifier: Apache-2.0
/* Drops DNS queries for blocked domains and all below them: the longest match of the name read backwards. */
#include "packet.bpf.h"

#define DNS_PORT 53
#define LONGEST_NAME 64

struct dns_header {
	__be16 id;
	__be16 flags;
	__be16 questions;
	__be16 answers;
	__be16 authorities;
	__be16 additionals;
};

/* Labels from the last to the first, each ended by a dot: "moc.elpmaxe." */
struct domain {
	__u32 bits;
	__u8 name[LONGEST_NAME];
};

struct rule {
	__u32 id;
	__u32 drop;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct domain);
	__type(value, struct rule);
} domains SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct domain);
} scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} hits SEC(".maps");

struct {
	__u64 queries;
	__u64 malformed;
} totals;

/* Length of the name at that place of the packet, copied to text with dots; 0 where it is none. */
static __attribute__((noinline)) int read_name(struct xdp_md *ctx, __u32 offset, __u8 *text)
{
	void *end = (void *)(long)ctx->data_end;
	__u8 *at = (void *)(long)ctx->data;
	__u32 left = 0;
	int length = 0;

	if (offset > 512)
		return 0;
	at += offset;
	for (int i = 0; i < LONGEST_NAME; i++) {
		__u8 byte;

		if ((void *)(at + 1) > end)
			return 0;
		byte = *at++;
		if (!left) {
			if (!byte)
				return length;
			if (byte > 63)
				return 0;
			left = byte;
			if (i) {
				text[length & LONGEST_NAME - 1] = '.';
				length++;
			}
			continue;
		}
		if (byte >= 'A' && byte <= 'Z')
			byte += 'a' - 'A';
		text[length & LONGEST_NAME - 1] = byte;
		length++;
		left--;
	}
	return 0;
}

SEC("xdp")
int filter(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	__u8 text[LONGEST_NAME] = {};
	struct parsed parsed = {};
	struct dns_header *dns;
	struct domain *domain;
	struct rule *rule;
	struct flow flow;
	__u64 *packets;
	__u32 zero = 0;
	int length;

	if (!parse(data, end, &flow, &parsed) || flow.protocol != IPPROTO_UDP ||
	    flow.ports.destination != bpf_htons(DNS_PORT))
		return XDP_PASS;
	dns = parsed.transport + sizeof(struct udphdr);
	if ((void *)(dns + 1) > end || dns->questions != bpf_htons(1) || dns->flags & bpf_htons(0x8000)) {
		__sync_fetch_and_add(&totals.malformed, 1);
		return XDP_PASS;
	}
	__sync_fetch_and_add(&totals.queries, 1);
	length = read_name(ctx, (void *)(dns + 1) - data, text);
	if (length <= 0 || length >= LONGEST_NAME) {
		__sync_fetch_and_add(&totals.malformed, 1);
		return XDP_DROP;
	}
	domain = bpf_map_lookup_elem(&scratch, &zero);
	if (!domain)
		return XDP_ABORTED;
	__builtin_memset(domain, 0, sizeof(*domain));
	domain->bits = (length + 1) * 8;
	for (int i = 0; i < LONGEST_NAME; i++) {
		if (i >= length)
			break;
		domain->name[i] = text[(length - 1 - i) & LONGEST_NAME - 1];
	}
	domain->name[length & LONGEST_NAME - 1] = '.';
	rule = bpf_map_lookup_elem(&domains, domain);
	if (!rule)
		return XDP_PASS;
	packets = bpf_map_lookup_elem(&hits, &rule->id);
	if (packets) {
		__sync_fetch_and_add(packets, 1);
	} else {
		__u64 one = 1;

		bpf_map_update_elem(&hits, &rule->id, &one, BPF_ANY);
	}
	return rule->drop ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "Apache-2.0";
