// SPDX-License-Identifier: Apache-2.0
/* Lets each source open so many connections in an interval: a token bucket for each, without cookies. */
#include "packet.bpf.h"

struct source {
	__be32 address[4];
};

struct bucket {
	struct bpf_spin_lock lock;
	__u32 tokens;
	__u64 filled;
	__u64 refused;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct source);
	__type(value, struct bucket);
} buckets SEC(".maps");

/* Ports that take no part: key a port in host order. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u16);
	__type(value, __u8);
} free_ports SEC(".maps");

const volatile __u32 burst = 8;
const volatile __u64 interval_ns = 3600ull * 1000000000;

struct {
	__u64 opened;
	__u64 refused;
	__u64 full;
} totals;

/* Takes a token: whether there was one. */
static __attribute__((noinline)) int take(struct bucket *bucket, __u64 now)
{
	int taken = 0;

	if (!bucket)
		return 0;
	bpf_spin_lock(&bucket->lock);
	if (now - bucket->filled >= interval_ns) {
		bucket->filled = now;
		bucket->tokens = burst;
	}
	if (bucket->tokens) {
		bucket->tokens--;
		taken = 1;
	} else {
		bucket->refused++;
	}
	bpf_spin_unlock(&bucket->lock);
	return taken;
}

SEC("xdp")
int limit(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct parsed parsed = {};
	struct source source;
	struct bucket *bucket;
	struct tcphdr *tcp;
	struct flow flow;
	__u16 port;

	if (!parse(data, end, &flow, &parsed) || flow.protocol != IPPROTO_TCP)
		return XDP_PASS;
	tcp = parsed.transport;
	if ((void *)(tcp + 1) > end)
		return XDP_DROP;
	if (!tcp->syn || tcp->ack)
		return XDP_PASS;
	port = bpf_ntohs(tcp->dest);
	if (bpf_map_lookup_elem(&free_ports, &port))
		return XDP_PASS;
	__builtin_memcpy(&source, flow.source, sizeof(source));
	bucket = bpf_map_lookup_elem(&buckets, &source);
	if (!bucket) {
		struct bucket fresh = {.tokens = burst, .filled = bpf_ktime_get_ns()};

		if (bpf_map_update_elem(&buckets, &source, &fresh, BPF_NOEXIST)) {
			__sync_fetch_and_add(&totals.full, 1);
			return XDP_DROP;
		}
		bucket = bpf_map_lookup_elem(&buckets, &source);
	}
	if (!bucket || !take(bucket, bpf_ktime_get_ns())) {
		__sync_fetch_and_add(&totals.refused, 1);
		return XDP_DROP;
	}
	__sync_fetch_and_add(&totals.opened, 1);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Apache-2.0";
