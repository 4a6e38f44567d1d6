// SPDX-License-Identifier: Apache-2.0
/* Records of a ring buffer, written through dynptrs. The packet says how large and what becomes of
 * them.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

typedef __u32 u32;

extern int bpf_dynptr_clone(const struct bpf_dynptr *p, struct bpf_dynptr *clone) __ksym;
extern int bpf_dynptr_adjust(const struct bpf_dynptr *p, u32 start, u32 end) __ksym;
extern __u32 bpf_dynptr_size(const struct bpf_dynptr *p) __ksym;
extern void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *p, u32 offset, void *buffer,
				   u32 size) __ksym;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __s64[8]);
} answers SEC(".maps");

struct asked {
	__u32 size;
	__u32 flags;
	__u32 discard;
	__u32 number;
};

SEC("xdp")
int record(struct xdp_md *xdp)
{
	struct asked *given = (void *)(long)xdp->data;
	void *end = (void *)(long)xdp->data_end;
	struct asked copy;
	struct asked *asked = &copy;
	struct bpf_dynptr window, clone;
	__u32 key = 0;
	__s64 *to = bpf_map_lookup_elem(&answers, &key);
	__u64 *data;

	if (!to || (void *)(given + 1) > end)
		return XDP_ABORTED;
	copy = *given;
	to[0] = bpf_ringbuf_reserve_dynptr(&ring, asked->size, asked->flags, &window);
	to[1] = (int)bpf_dynptr_size(&window);
	data = bpf_dynptr_data(&window, 0, 8);
	if (data)
		*data = asked->number;
	to[2] = data ? 1 : 0;
	to[3] = bpf_dynptr_write(&window, 8, asked, 4, 0);
	to[4] = bpf_dynptr_clone(&window, &clone);
	to[5] = bpf_dynptr_adjust(&clone, 4, 12);
	data = bpf_dynptr_slice_rdwr(&clone, 0, 0, 4);
	if (data)
		*(__u32 *)data = 0x01020304;
	to[6] = (int)bpf_dynptr_size(&clone);
	to[7] = bpf_dynptr_write(&window, 0, asked, 1, 1);
	if (asked->discard)
		bpf_ringbuf_discard_dynptr(&clone, 0);
	else
		bpf_ringbuf_submit_dynptr(&clone, 0);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
