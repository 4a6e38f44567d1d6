// SPDX-License-Identifier: Apache-2.0
/* Element operations as the packet says, on maps whose type and sizes the loader may change. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define CLOCK_MONOTONIC 1
#define SEEN 64

/* What to do, behind an Ethernet header. */
struct request {
	__u32 operation;
	__u32 key;
	__u64 value;
	__u64 flags;
} __attribute__((packed));

enum { LOOKUP, UPDATE, DELETE, ADD, HOLD };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} elements SEC(".maps");

/* The value that a lookup gave, or the keys and values that a walk came by. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 * SEEN);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

static void see(__u32 index, __u64 value)
{
	__u64 *place = bpf_map_lookup_elem(&seen, &index);

	if (place)
		*place = value;
}

static struct request *request(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct request *request = data + 14;

	return (void *)(request + 1) > end ? 0 : request;
}

SEC("xdp")
int operate(struct xdp_md *ctx)
{
	struct request *r = request(ctx);
	__u32 key;
	__u64 value;
	__u64 *found;

	if (!r)
		return -100;
	key = r->key;
	value = r->value;
	switch (r->operation) {
	case LOOKUP:
		found = bpf_map_lookup_elem(&elements, &key);
		if (!found)
			return 0;
		see(0, *found);
		return 1;
	case UPDATE:
		return bpf_map_update_elem(&elements, &key, &value, r->flags);
	case DELETE:
		return bpf_map_delete_elem(&elements, &key);
	case ADD:
		found = bpf_map_lookup_elem(&elements, &key);
		if (!found)
			return 0;
		__sync_fetch_and_add(found, value);
		return 1;
	case HOLD:
		/* A value that is looked up stays readable when its key is replaced and deleted. */
		found = bpf_map_lookup_elem(&elements, &key);
		if (!found)
			return 0;
		see(0, *found);
		bpf_map_update_elem(&elements, &key, &value, 0);
		see(1, *found);
		bpf_map_delete_elem(&elements, &key);
		see(2, *found);
		return 1;
	}
	return -101;
}

struct walk {
	__u32 visited;
	__u32 last;
	__u64 remove;
};

static long visit(void *map, __u32 *key, __u64 *value, struct walk *walk)
{
	__u32 at = walk->visited & (SEEN - 1);

	see(2 * at, *key);
	see(2 * at + 1, *value);
	walk->visited++;
	if (walk->remove)
		bpf_map_delete_elem(&elements, key);
	return walk->visited >= walk->last;
}

SEC("xdp")
int walk(struct xdp_md *ctx)
{
	struct request *r = request(ctx);
	struct walk walk = {};

	if (!r)
		return -100;
	walk.last = r->key;
	walk.remove = r->value;
	return bpf_for_each_map_elem(&elements, visit, &walk, r->flags);
}

SEC("xdp")
int lookup_on(struct xdp_md *ctx)
{
	struct request *r = request(ctx);
	__u64 *found;
	__u32 key;

	if (!r)
		return -100;
	key = r->key;
	found = bpf_map_lookup_percpu_elem(&elements, &key, r->value);
	if (!found)
		return 0;
	see(0, *found);
	return 1;
}

struct guarded {
	__u64 first;
	struct bpf_spin_lock lock;
	__u32 second;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct guarded);
} guards SEC(".maps");

SEC("tc")
int guard(struct __sk_buff *skb)
{
	__u32 key = skb->mark;
	struct guarded value = {.first = skb->cb[1], .second = skb->cb[2]};
	struct guarded *there = bpf_map_lookup_elem(&guards, &key);

	if (there) {
		bpf_spin_lock(&there->lock);
		there->first += 1;
		bpf_spin_unlock(&there->lock);
	}
	return bpf_map_update_elem(&guards, &key, &value, skb->cb[0]);
}

struct alarm {
	__u64 rings;
	struct bpf_timer timer;
	__u32 key_seen;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct alarm);
} alarms SEC(".maps");

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
	__u32 key = skb->mark;
	struct alarm fresh = {};
	struct alarm *alarm;

	if (bpf_map_update_elem(&alarms, &key, &fresh, 0))
		return 1;
	alarm = bpf_map_lookup_elem(&alarms, &key);
	if (!alarm)
		return 2;
	if (bpf_timer_init(&alarm->timer, &alarms, CLOCK_MONOTONIC))
		return 3;
	if (bpf_timer_set_callback(&alarm->timer, ring))
		return 4;
	return bpf_timer_start(&alarm->timer, skb->cb[0], 0) ? 5 : 0;
}

char _license[] SEC("license") = "GPL";
