// SPDX-License-Identifier: Apache-2.0
/* What the tests of the command's options change and look at. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

enum color { RED, GREEN = 5 };

struct point {
	__u16 x;
	__u16 y;
};

struct setting {
	__u64 limit;
	enum color color;
	char label[8];
	struct point at;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct setting);
} settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} steps SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 3);
} untyped SEC(".maps");

const volatile int verdict = XDP_PASS;
const volatile struct setting preset = { 7, GREEN, "seven", { 1, 2 } };
__u8 first_byte;
__u64 runs;

SEC("xdp")
int decide(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	__u32 key = 1, zero = 0;
	struct setting *setting = bpf_map_lookup_elem(&settings, &key);
	__u32 *step = bpf_map_lookup_elem(&steps, &zero);

	bpf_map_lookup_elem(&untyped, &zero);
	runs++;
	if ((void *)(data + 14) > end)
		return XDP_ABORTED;
	first_byte = data[0];
	if (step)
		*step += 1 + preset.at.x;
	if (setting)
		setting->limit += preset.limit;
	data[13] = 0xee;
	return data[0] == 0xff ? 77 : verdict;
}

SEC("xdp")
int talk(struct xdp_md *ctx)
{
	bpf_printk("length %d", ctx->data_end - ctx->data);
	return XDP_PASS;
}

SEC("xdp")
int stray(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;

	return data[200];
}

char _license[] SEC("license") = "GPL";
