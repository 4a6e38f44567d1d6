// SPDX-License-Identifier: Apache-2.0
/* A port that opens to who knocks at the right ports one after the other; the last to come in stand on a stack. */
#include "packet.bpf.h"

#define KNOCKS 3

struct visitor {
	__be32 address;
	__u32 knocks;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __be32);
	__type(value, __u32);
} knocks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 8);
	__type(value, struct visitor);
} let_in SEC(".maps");

const volatile __u16 sequence[KNOCKS] = {7000, 8000, 9000};
const volatile __u16 guarded = 22;

SEC("xdp")
int knock(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct parsed parsed = {};
	__u32 *stage, next = 0;
	struct flow flow;
	__u16 port;

	if (parse(data, end, &flow, &parsed) != IS_IPV4 || flow.protocol != IPPROTO_TCP)
		return XDP_PASS;
	port = bpf_ntohs(flow.ports.destination);
	stage = bpf_map_lookup_elem(&knocks, &flow.source[0]);
	if (port == guarded) {
		struct visitor visitor = {flow.source[0], KNOCKS};

		if (!stage || *stage != KNOCKS)
			return XDP_DROP;
		bpf_map_push_elem(&let_in, &visitor, BPF_EXIST);
		bpf_map_delete_elem(&knocks, &flow.source[0]);
		return XDP_PASS;
	}
	if (stage)
		next = *stage;
	if (next < KNOCKS && port == sequence[next])
		next++;
	else
		next = port == sequence[0];
	bpf_map_update_elem(&knocks, &flow.source[0], &next, BPF_ANY);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Apache-2.0";
