// SPDX-License-Identifier: Apache-2.0
/* Dynptrs over a map's value and over packets: what they answer, one answer after the other. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

typedef __u32 u32;
typedef __u64 u64;
typedef __u8 u8;

extern int bpf_dynptr_from_skb(struct __sk_buff *s, u64 flags, struct bpf_dynptr *p) __ksym;
extern int bpf_dynptr_from_xdp(struct xdp_md *x, u64 flags, struct bpf_dynptr *p) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *p, u32 offset, void *buffer, u32 size) __ksym;
extern void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *p, u32 offset, void *buffer,
				   u32 size) __ksym;
extern int bpf_dynptr_adjust(const struct bpf_dynptr *p, u32 start, u32 end) __ksym;
extern _Bool bpf_dynptr_is_null(const struct bpf_dynptr *p) __ksym;
extern _Bool bpf_dynptr_is_rdonly(const struct bpf_dynptr *p) __ksym;
extern __u32 bpf_dynptr_size(const struct bpf_dynptr *p) __ksym;
extern int bpf_dynptr_clone(const struct bpf_dynptr *p, struct bpf_dynptr *clone) __ksym;
extern int bpf_dynptr_copy(struct bpf_dynptr *to, u32 to_offset, struct bpf_dynptr *from,
			   u32 from_offset, u32 size) __ksym;
extern int bpf_dynptr_memset(struct bpf_dynptr *p, u32 offset, u32 size, u8 value) __ksym;

#define ANSWERS 64

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __s64[ANSWERS]);
} answers SEC(".maps");

struct block {
	__u8 bytes[256];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct block);
} blocks SEC(".maps");

struct asked {
	__u32 offset;
	__u32 size;
	__u32 other;
	__u32 flags;
};

static __always_inline __s64 *answer(void)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&answers, &key);
}

/* All that can be asked of a window; the numbers come from what is given. */
static __always_inline int ask(struct bpf_dynptr *window, struct asked *asked, __s64 *to)
{
	struct bpf_dynptr other;
	__u8 room[16] = {};
	__u8 *slice;
	__u32 key = 1;
	struct block *block = bpf_map_lookup_elem(&blocks, &key);

	if (!block)
		return 1;
	to[1] = bpf_dynptr_size(window);
	to[2] = bpf_dynptr_is_null(window);
	to[3] = bpf_dynptr_is_rdonly(window);
	to[4] = bpf_dynptr_read(room, sizeof(room), window, asked->offset, 0);
	to[5] = *(__s64 *)room;
	to[6] = bpf_dynptr_read(room, asked->size & 15, window, asked->offset, asked->flags);
	to[7] = *(__s64 *)room;
	slice = bpf_dynptr_slice(window, asked->offset, room, sizeof(room));
	to[8] = slice ? slice[0] | slice[15] << 8 : -1;
	slice = bpf_dynptr_slice(window, asked->offset, 0, sizeof(room));
	to[9] = slice ? slice[0] | slice[15] << 8 : -1;
	slice = bpf_dynptr_data(window, asked->offset, 8);
	to[10] = slice ? slice[0] | slice[7] << 8 : -1;
	to[11] = bpf_dynptr_write(window, asked->other, room, 7, asked->flags);
	to[12] = bpf_dynptr_memset(window, asked->other, asked->size, 0x5a);
	to[13] = bpf_dynptr_clone(window, &other);
	to[14] = bpf_dynptr_adjust(&other, asked->offset, asked->other);
	to[15] = bpf_dynptr_size(&other);
	to[16] = bpf_dynptr_read(room, 4, &other, 1, 0);
	to[17] = *(__s64 *)room;
	to[18] = bpf_dynptr_adjust(&other, asked->size, asked->size + 1);
	to[19] = bpf_dynptr_size(&other);
	to[20] = bpf_dynptr_copy(window, asked->other, &other, 0, asked->size & 3);
	to[21] = bpf_dynptr_size(window);
	to[22] = bpf_dynptr_from_mem(block->bytes, sizeof(block->bytes), 0, &other);
	to[23] = bpf_dynptr_copy(&other, 3, window, asked->offset, asked->size);
	to[24] = bpf_dynptr_copy(window, asked->other, &other, 0, asked->size);
	to[25] = bpf_dynptr_memset(&other, 250, 7, 1);
	to[26] = bpf_dynptr_from_mem(block->bytes, 8, 1, &other);
	to[27] = bpf_dynptr_is_null(&other);
	to[28] = (int)bpf_dynptr_size(&other);
	to[29] = bpf_dynptr_read(room, 0, &other, 0, 0);
	to[30] = bpf_dynptr_clone(&other, window);
	to[31] = bpf_dynptr_is_null(window);
	return 0;
}

/* The first bytes of the packet say what is asked. */
static __always_inline int take(void *data, void *end, struct asked *asked)
{
	if (data + sizeof(*asked) > end)
		return 1;
	__builtin_memcpy(asked, data, sizeof(*asked));
	return 0;
}

SEC("xdp")
int memory(struct xdp_md *xdp)
{
	struct bpf_dynptr window;
	struct asked asked;
	__u32 key = 0;
	struct block *block = bpf_map_lookup_elem(&blocks, &key);
	__s64 *to = answer();

	if (!block || !to
	    || take((void *)(long)xdp->data, (void *)(long)xdp->data_end, &asked))
		return XDP_ABORTED;
	to[0] = bpf_dynptr_from_mem(block->bytes, 128, 0, &window);
	return ask(&window, &asked, to);
}

SEC("xdp.frags")
int frame(struct xdp_md *xdp)
{
	struct bpf_dynptr window;
	struct asked asked;
	__s64 *to = answer();

	if (!to || take((void *)(long)xdp->data, (void *)(long)xdp->data_end, &asked))
		return XDP_ABORTED;
	to[0] = bpf_dynptr_from_xdp(xdp, 0, &window);
	return ask(&window, &asked, to);
}

SEC("tc")
int buffer(struct __sk_buff *skb)
{
	struct bpf_dynptr window;
	struct asked asked;
	__s64 *to = answer();

	if (!to || take((void *)(long)skb->data, (void *)(long)skb->data_end, &asked))
		return -1;
	to[0] = bpf_dynptr_from_skb(skb, 0, &window);
	return ask(&window, &asked, to);
}

SEC("socket")
int filter(struct __sk_buff *skb)
{
	struct bpf_dynptr window;
	struct asked asked;
	__s64 *to = answer();

	if (!to || bpf_skb_load_bytes(skb, 0, &asked, sizeof(asked)))
		return -1;
	to[0] = bpf_dynptr_from_skb(skb, 0, &window);
	return ask(&window, &asked, to);
}

/* Turns the Ethernet addresses around by way of a slice, and marks a byte far behind. */
SEC("xdp.frags")
int rewrite(struct xdp_md *xdp)
{
	struct bpf_dynptr window;
	__u8 room[16];
	__u8 *bytes;

	if (bpf_dynptr_from_xdp(xdp, 0, &window))
		return XDP_ABORTED;
	bytes = bpf_dynptr_slice_rdwr(&window, 0, room, 12);
	if (!bytes)
		return XDP_DROP;
	for (int i = 0; i < 6; i++) {
		__u8 byte = bytes[i];

		bytes[i] = bytes[i + 6];
		bytes[i + 6] = byte;
	}
	if (bytes == room)
		bpf_dynptr_write(&window, 0, room, 12, 0);
	bytes = bpf_dynptr_slice_rdwr(&window, 4090, room, 16);
	if (bytes) {
		bytes[0] = 0xaa;
		bytes[15] = 0xbb;
		if (bytes == room)
			bpf_dynptr_write(&window, 4090, room, 16, 0);
	}
	return XDP_TX;
}

char _license[] SEC("license") = "GPL";
