// SPDX-License-Identifier: Apache-2.0
/* Records of ring buffers, as the packet says. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct request {
	__u32 operation;
	__u32 size;
	__u64 value;
	__u64 flags;
} __attribute__((packed));

enum { OUTPUT, SUBMIT, DISCARD, QUERY, TWO_OUT_OF_ORDER, SMALL };

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} answer SEC(".maps");

static __u64 bytes[512];

SEC("xdp")
int operate(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct request *r = data + 14;
	__u64 *record, *other, *told;
	__u32 zero = 0;
	__u32 size;

	if ((void *)(r + 1) > end)
		return -100;
	switch (r->operation) {
	case OUTPUT:
		size = r->size;
		if (size > sizeof(bytes))
			return -101;
		bytes[0] = r->value;
		return bpf_ringbuf_output(&ring, bytes, size, r->flags);
	case SUBMIT:
		record = bpf_ringbuf_reserve(&ring, 16, 0);
		if (!record)
			return -1;
		record[0] = r->value;
		record[1] = ~r->value;
		bpf_ringbuf_submit(record, r->flags);
		return 0;
	case DISCARD:
		record = bpf_ringbuf_reserve(&ring, 1000, r->value);
		if (!record)
			return -1;
		bpf_ringbuf_discard(record, r->flags);
		return 0;
	case QUERY:
		told = bpf_map_lookup_elem(&answer, &zero);
		if (told)
			*told = bpf_ringbuf_query(&ring, r->flags);
		return 0;
	case TWO_OUT_OF_ORDER:
		record = bpf_ringbuf_reserve(&ring, 8, 0);
		if (!record)
			return -1;
		other = bpf_ringbuf_reserve(&ring, 24, 0);
		if (!other) {
			bpf_ringbuf_discard(record, 0);
			return -2;
		}
		record[0] = r->value;
		other[0] = other[1] = other[2] = r->value + 1;
		bpf_ringbuf_submit(other, r->flags);
		bpf_ringbuf_submit(record, r->flags);
		return 0;
	case SMALL:
		record = bpf_ringbuf_reserve(&ring, 3, 0);
		if (!record)
			return -1;
		((char *)record)[2] = r->value;
		((char *)record)[0] = 1;
		((char *)record)[1] = 2;
		bpf_ringbuf_submit(record, r->flags);
		return 0;
	}
	return -102;
}

char _license[] SEC("license") = "GPL";
