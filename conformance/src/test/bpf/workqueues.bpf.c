// SPDX-License-Identifier: Apache-2.0
/* Work queues in map values: a function that runs soon, and once for each start. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct bpf_wq {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

extern int bpf_wq_init(struct bpf_wq *wq, void *p__map, unsigned int flags) __ksym;
extern int bpf_wq_set_callback_impl(struct bpf_wq *wq, int (*callback)(void *, int *, void *),
				    unsigned int flags, void *aux) __ksym;
extern int bpf_wq_start(struct bpf_wq *wq, unsigned int flags) __ksym;

struct work {
	__u64 runs;
	struct bpf_wq queue;
	__u32 key_seen;
	__s32 answers[6];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct work);
} works SEC(".maps");

static int run(void *map, int *key, void *value)
{
	struct work *work = value;

	work->key_seen = *key;
	work->runs++;
	if (work->runs == 2)
		bpf_wq_start(&work->queue, 0);
	return 0;
}

/* The key is the packet's first byte. */
static __always_inline struct work *chosen(struct xdp_md *xdp)
{
	__u8 *data = (void *)(long)xdp->data;
	void *end = (void *)(long)xdp->data_end;
	__u32 key;

	if ((void *)(data + 1) > end)
		return 0;
	key = *data;
	return bpf_map_lookup_elem(&works, &key);
}

SEC("xdp")
int begin(struct xdp_md *xdp)
{
	struct work *work = chosen(xdp);

	if (!work)
		return XDP_ABORTED;
	work->answers[0] = bpf_wq_start(&work->queue, 0);
	work->answers[1] = bpf_wq_set_callback_impl(&work->queue, run, 0, 0);
	work->answers[2] = bpf_wq_init(&work->queue, &works, 1);
	work->answers[3] = bpf_wq_init(&work->queue, &works, 0);
	work->answers[4] = bpf_wq_init(&work->queue, &works, 0);
	work->answers[5] = bpf_wq_set_callback_impl(&work->queue, run, 0, 0);
	return bpf_wq_start(&work->queue, 0);
}

SEC("xdp")
int again(struct xdp_md *xdp)
{
	struct work *work = chosen(xdp);

	return work ? bpf_wq_start(&work->queue, 0) : XDP_ABORTED;
}

char _license[] SEC("license") = "GPL";
