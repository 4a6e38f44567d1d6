// SPDX-License-Identifier: Apache-2.0
/* Counts packets, drops those above a limit, and notes the time and a random number of the last one. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct traffic {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} verdicts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct traffic);
} seen SEC(".maps");

struct last {
	__u64 nanos;
	__u32 drawn;
	__u32 length;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct last);
} last SEC(".maps");

const volatile __u32 limit = 100;

SEC("xdp")
int police(struct xdp_md *ctx)
{
	__u32 length = ctx->data_end - ctx->data;
	__u32 verdict = length > limit ? XDP_DROP : XDP_PASS;
	__u32 zero = 0;
	struct traffic *traffic = bpf_map_lookup_elem(&seen, &zero);
	struct last *note = bpf_map_lookup_elem(&last, &zero);
	__u64 *count = bpf_map_lookup_elem(&verdicts, &verdict);

	if (traffic) {
		traffic->packets++;
		traffic->bytes += length;
	}
	if (note) {
		note->nanos = bpf_ktime_get_ns();
		note->drawn = bpf_get_prandom_u32();
		note->length = length;
	}
	if (count)
		__sync_fetch_and_add(count, 1);
	return verdict;
}

char _license[] SEC("license") = "Dual BSD/GPL";
