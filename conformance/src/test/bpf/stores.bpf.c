// SPDX-License-Identifier: Apache-2.0
/* Queues, stacks, Bloom filters and tries of prefixes, as the packet says. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct request {
	__u32 operation;
	__u32 bits;
	__u64 value;
	__u64 flags;
} __attribute__((packed));

struct prefix {
	__u32 bits;
	__u8 bytes[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 2);
	__type(value, __u64);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 2);
	__type(value, __u64);
} stack SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 100);
	__type(value, __u64);
} filter SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 3);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, __u64);
} prefixes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} answer SEC(".maps");

enum { PUSH, POP, PEEK };
enum { UPDATE, LOOKUP, DELETE };

static void tell(__u64 value)
{
	__u32 zero = 0;
	__u64 *place = bpf_map_lookup_elem(&answer, &zero);

	if (place)
		*place = value;
}

#define REQUEST(ctx)                                                  \
	({                                                            \
		void *data = (void *)(long)(ctx)->data;               \
		void *end = (void *)(long)(ctx)->data_end;            \
		struct request *request = data + 14;                  \
		if ((void *)(request + 1) > end)                      \
			return -100;                                  \
		request;                                              \
	})

#define STORE(name)                                                   \
	SEC("xdp")                                                    \
	int on_##name(struct xdp_md *ctx)                             \
	{                                                             \
		struct request *r = REQUEST(ctx);                     \
		__u64 value = r->value;                               \
		int result;                                           \
		switch (r->operation) {                               \
		case PUSH:                                            \
			return bpf_map_push_elem(&name, &value, r->flags); \
		case POP:                                             \
			result = bpf_map_pop_elem(&name, &value);     \
			break;                                        \
		default:                                              \
			result = bpf_map_peek_elem(&name, &value);    \
		}                                                     \
		tell(value);                                          \
		return result;                                        \
	}

STORE(queue)
STORE(stack)

SEC("xdp")
int on_filter(struct xdp_md *ctx)
{
	struct request *r = REQUEST(ctx);
	__u64 value = r->value;

	if (r->operation == PUSH)
		return bpf_map_push_elem(&filter, &value, r->flags);
	return bpf_map_peek_elem(&filter, &value);
}

SEC("xdp")
int on_prefixes(struct xdp_md *ctx)
{
	struct request *r = REQUEST(ctx);
	struct prefix key = {.bits = r->bits};
	__u64 value = r->value;
	__u64 *found;

	__builtin_memcpy(key.bytes, &value, 4);
	switch (r->operation) {
	case UPDATE:
		return bpf_map_update_elem(&prefixes, &key, &value, r->flags);
	case DELETE:
		return bpf_map_delete_elem(&prefixes, &key);
	}
	found = bpf_map_lookup_elem(&prefixes, &key);
	if (!found)
		return 0;
	tell(*found);
	return 1;
}

char _license[] SEC("license") = "GPL";
