// SPDX-License-Identifier: Apache-2.0
/* Programs that can tell one kernel from another, and one that cannot. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} times SEC(".maps");

__u64 seen;

/* The time goes into the verdict, the packet, a map and a variable. */
SEC("xdp")
int clock(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	__u32 key = 1;
	__u64 now = bpf_ktime_get_ns();
	__u64 *time = bpf_map_lookup_elem(&times, &key);

	if ((void *)(data + 14) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	if (time)
		*time = now;
	seen = now;
	*(__u64 *)(data + 6) = now;
	return now & 0x7fffffff;
}

/* Linux has no register for the CPU's number to be stale in: both say the same. */
SEC("xdp")
int cpu(struct xdp_md *ctx)
{
	__u32 key = 0;
	__u64 *time = bpf_map_lookup_elem(&times, &key);

	if (time)
		(*time)++;
	return bpf_get_smp_processor_id();
}

/* Linux's verifier refuses it. */
SEC("xdp")
int stray(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;

	return data[2000];
}

struct input {
	__u32 a;
	__u32 sum;
};

SEC("syscall")
int twice(struct input *input)
{
	input->sum = input->a * 2;
	return input->sum;
}

char _license[] SEC("license") = "GPL";
