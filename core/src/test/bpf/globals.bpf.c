// SPDX-License-Identifier: Apache-2.0
// Global variables in every kind of section, and one plain map.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct point {
	int x;
	short y;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 4);
} counts SEC(".maps");

int zero;
__u64 big_zero;
static volatile int hidden_zero;
int seven = 7;
static volatile int hidden_eight = 8;
struct point origin = {.x = -1, .y = 2};
const volatile __u32 limit = 1000;
const volatile char greeting[8] = "hello";
__u64 custom_data SEC(".data.custom") = 0x1122334455667788;
const volatile __u64 custom_constant SEC(".rodata.custom") = 5;
__u32 array[4] = {1, 2, 3, 4};

SEC("xdp")
int count(struct xdp_md *ctx)
{
	static volatile int calls;
	__u32 key = ctx->rx_queue_index;
	__u64 *value = bpf_map_lookup_elem(&counts, &key);

	if (value)
		*value += 1;
	zero += seven;
	big_zero += custom_data + custom_constant;
	custom_data += origin.x + origin.y;
	hidden_zero += hidden_eight;
	calls++;
	bpf_printk("limit %d", limit);
	return array[key & 3] + greeting[0];
}

char _license[] SEC("license") = "GPL";
__u32 _version SEC("version") = 0x61200;
