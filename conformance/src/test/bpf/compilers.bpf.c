// SPDX-License-Identifier: Apache-2.0
/* A little of everything, to be written by every compiler: functions, globals, maps, tail calls. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct reading {
	__u32 count;
	__s16 lowest;
	__u8 last;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct reading);
} readings SEC(".maps");

int after(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(__u32));
	__array(values, int(void *));
} stages SEC(".maps") = {
	.values = {[1] = (void *)&after},
};

int runs;
__u64 sum = 40;
static volatile __u16 hidden = 3;
const volatile __s32 factor = -3;
const volatile char letters[8] = "abcdefg";

static __attribute__((noinline)) __s64 weigh(__s64 value, __u32 by)
{
	return value * factor + letters[by & 7] + hidden;
}

__attribute__((noinline)) int shuffle(__u32 a, __u32 b)
{
	__u32 mixed = (a << 7 | a >> 25) ^ b;

	return mixed / 3 + mixed % 5;
}

SEC("xdp")
int before(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	__u32 total = 0, key;
	struct reading *reading;

	if ((void *)(data + 32) > end)
		return XDP_ABORTED;
#pragma GCC unroll 1
	for (int i = 0; i < 32; i++) {
		__s8 octet = data[i];

		total = shuffle(total, octet);
		sum += weigh(octet, i);
	}
	key = total & 3;
	reading = bpf_map_lookup_elem(&readings, &key);
	if (reading) {
		reading->count += total;
		reading->lowest = (__s16)(reading->lowest - data[1]) >> 1;
		reading->last = data[31];
	}
	runs++;
	bpf_tail_call(ctx, &stages, 1);
	return XDP_DROP;
}

SEC("xdp")
int after(struct xdp_md *ctx)
{
	runs += 100;
	return sum % 1000 + 5;
}

char _license[] SEC("license") = "GPL";
