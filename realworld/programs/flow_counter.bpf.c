// SPDX-License-Identifier: Apache-2.0
/* Packets and bytes of each flow, the least recently used forgotten first; what is no flow is counted by EtherType. */
#include "packet.bpf.h"

struct traffic {
	__u64 packets;
	__u64 bytes;
	__u32 shortest;
	__u32 longest;
	__u8 tcp_flags;
	__u8 zeros[7]; /* padding would be what the stack had before */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct flow);
	__type(value, struct traffic);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 256);
	__type(key, __u16);
	__type(value, __u64);
} others SEC(".maps");

__u64 seen;

static void count_other(__u16 type)
{
	__u64 one = 1, *packets = bpf_map_lookup_elem(&others, &type);

	if (packets)
		++*packets;
	else
		bpf_map_update_elem(&others, &type, &one, BPF_NOEXIST);
}

SEC("xdp")
int count(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	__u32 length = end - data;
	struct parsed parsed = {};
	struct traffic *traffic;
	struct flow flow;
	__u8 flags = 0;

	__sync_fetch_and_add(&seen, 1);
	if (!parse(data, end, &flow, &parsed)) {
		count_other(parsed.type);
		return XDP_PASS;
	}
	if (flow.protocol == IPPROTO_TCP) {
		struct tcphdr *tcp = parsed.transport;

		if ((void *)(tcp + 1) <= end)
			flags = ((__u8 *)tcp)[13];
	}
	traffic = bpf_map_lookup_elem(&flows, &flow);
	if (!traffic) {
		struct traffic first = {1, length, length, length, flags, {}};

		bpf_map_update_elem(&flows, &flow, &first, BPF_ANY);
		return XDP_PASS;
	}
	__sync_fetch_and_add(&traffic->packets, 1);
	__sync_fetch_and_add(&traffic->bytes, length);
	if (length < traffic->shortest)
		traffic->shortest = length;
	if (length > traffic->longest)
		traffic->longest = length;
	traffic->tcp_flags |= flags;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Apache-2.0";
