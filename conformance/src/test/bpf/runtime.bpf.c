// SPDX-License-Identifier: Apache-2.0
/* Timers, inner maps, and functions that Linux verifies on their own. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define CLOCK_MONOTONIC 1

struct alarm {
	__u64 rings;
	struct bpf_timer timer;
	__u32 key_seen;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct alarm);
} alarms SEC(".maps");

struct counters {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} first SEC(".maps"), second SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 3);
	__type(key, __u32);
	__array(values, struct counters);
} groups SEC(".maps") = {
	.values = {[0] = &first, [2] = &second},
};

static int ring(void *map, __u32 *key, struct alarm *alarm)
{
	alarm->key_seen = *key;
	if (++alarm->rings < 3)
		bpf_timer_start(&alarm->timer, 1000, 0);
	return 0;
}

SEC("tc")
int set_alarm(struct __sk_buff *skb)
{
	__u32 key = 1;
	struct alarm *alarm = bpf_map_lookup_elem(&alarms, &key);

	if (!alarm)
		return 1;
	if (bpf_timer_init(&alarm->timer, &alarms, CLOCK_MONOTONIC))
		return 2;
	if (bpf_timer_set_callback(&alarm->timer, ring))
		return 3;
	return bpf_timer_start(&alarm->timer, 1000, 0) ? 4 : 0;
}

static int count_in(__u32 group, __u32 key)
{
	void *counters = bpf_map_lookup_elem(&groups, &group);
	__u64 *counter;

	if (!counters)
		return -1;
	counter = bpf_map_lookup_elem(counters, &key);
	if (!counter)
		return -2;
	*counter += group + 1;
	return *counter;
}

/* Group and counter are the first two bytes behind the Ethernet header. */
SEC("tc")
int count_group(struct __sk_buff *skb)
{
	__u8 place[2];

	if (bpf_skb_load_bytes(skb, 14, place, sizeof(place)))
		return -3;
	return count_in(place[0], place[1]);
}

__noinline int spend_global(int a)
{
	volatile int sum = a;

#pragma clang loop unroll(disable)
	for (int i = 0; i < 50; i++)
		sum += i;
	return sum;
}

static __noinline int spend_static(int a)
{
	volatile int sum = a;

#pragma clang loop unroll(disable)
	for (int i = 0; i < 50; i++)
		sum += i;
	return sum;
}

SEC("tc")
int spends_globally(struct __sk_buff *skb)
{
	int sum = 0;

#pragma clang loop unroll(disable)
	for (int i = 0; i < 20; i++)
		sum += spend_global(i);
	return sum;
}

SEC("tc")
int spends_statically(struct __sk_buff *skb)
{
	int sum = 0;

#pragma clang loop unroll(disable)
	for (int i = 0; i < 20; i++)
		sum += spend_static(i);
	return sum;
}

char _license[] SEC("license") = "GPL";
