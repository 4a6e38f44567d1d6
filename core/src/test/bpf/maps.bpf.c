// SPDX-License-Identifier: Apache-2.0
// Maps declared in every way that bpf_helpers.h has.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#ifndef __ulong
#define __ulong(name, val) enum { __unique_##name##__LINE__ = val } name
#endif

struct pair {
	__u32 left;
	__u64 right;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct pair);
	__type(value, __u16);
	__uint(max_entries, 100);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE);
	__uint(numa_node, 0);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} a_hash_with_a_long_name SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(value_size, 8);
	__uint(max_entries, 64);
	__ulong(map_extra, 3);
} bloom SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(int));
	__uint(value_size, sizeof(int));
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__type(value, __u32);
	__uint(max_entries, 3);
} queue SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 2);
} inner_one SEC(".maps"), inner_two SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__type(key, __u32);
	__uint(max_entries, 5);
	__array(values, struct inner);
} outer SEC(".maps") = {
	.values = {[0] = &inner_one, [3] = &inner_two},
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__type(key, __u32);
	__uint(max_entries, 2);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_HASH);
		__type(key, __u64);
		__type(value, struct pair);
		__uint(max_entries, 9);
	});
} outer_hash SEC(".maps");

int tail_one(struct __sk_buff *skb);
int tail_two(struct __sk_buff *skb);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(max_entries, 8);
	__array(values, int(void *));
} tails SEC(".maps") = {
	.values = {[1] = (void *)&tail_one, [7] = (void *)&tail_two},
};

SEC("socket")
int tail_one(struct __sk_buff *skb)
{
	return 1;
}

SEC("socket")
int tail_two(struct __sk_buff *skb)
{
	return 2;
}

SEC("socket")
int entry(struct __sk_buff *skb)
{
	struct pair key = {};
	__u32 zero = 0, value = 1;

	bpf_map_lookup_elem(&a_hash_with_a_long_name, &key);
	bpf_map_push_elem(&queue, &value, 0);
	bpf_map_peek_elem(&bloom, &key);
	bpf_map_lookup_elem(&outer, &zero);
	bpf_map_lookup_elem(&outer_hash, &zero);
	bpf_tail_call(skb, &tails, 1);
	return 0;
}

char _license[] SEC("license") = "GPL";
