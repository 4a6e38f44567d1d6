// SPDX-License-Identifier: Apache-2.0
/* Every so many packets of a flow's hash are copied to a ring buffer: the flow, the length, the first bytes. */
#include "packet.bpf.h"

#define MOST_BYTES 64

struct sample {
	struct flow flow;
	__u32 length;
	__u32 captured;
	__u64 number;
	__u8 bytes[MOST_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
} samples SEC(".maps");

/* Notes of what was no flow, of a length that differs. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} notes SEC(".maps");

const volatile __u32 one_in = 4;

struct {
	__u64 seen;
	__u64 sampled;
	__u64 lost;
	__u64 aborted;
} totals;

SEC("xdp")
int sample(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct parsed parsed = {};
	struct sample *sample;
	__u32 captured, length = end - data;
	struct flow flow;

	__sync_fetch_and_add(&totals.seen, 1);
	if (!parse(data, end, &flow, &parsed)) {
		__u32 note[3] = {parsed.type, length, parsed.vlan};

		bpf_ringbuf_output(&notes, note, parsed.vlan ? 12 : 8, BPF_RB_NO_WAKEUP);
		return XDP_PASS;
	}
	if (one_in && flow_hash(&flow) % one_in)
		return XDP_PASS;
	sample = bpf_ringbuf_reserve(&samples, sizeof(*sample), 0);
	if (!sample) {
		__sync_fetch_and_add(&totals.lost, 1);
		return XDP_PASS;
	}
	captured = length;
	if (captured > MOST_BYTES)
		captured = MOST_BYTES;
	/* Or the compiler keeps the bound in another register than the length that the helper gets. */
	asm volatile("" : "+r"(captured));
	__builtin_memset(sample, 0, sizeof(*sample));
	if (captured < sizeof(struct ethhdr) || captured > MOST_BYTES ||
	    bpf_xdp_load_bytes(ctx, 0, sample->bytes, captured)) {
		bpf_ringbuf_discard(sample, BPF_RB_NO_WAKEUP);
		__sync_fetch_and_add(&totals.aborted, 1);
		return XDP_PASS;
	}
	sample->flow = flow;
	sample->length = length;
	sample->captured = captured;
	sample->number = __sync_fetch_and_add(&totals.sampled, 1);
	bpf_ringbuf_submit(sample, 0);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Apache-2.0";
