// SPDX-License-Identifier: Apache-2.0
/* Open-coded iterators over numbers. The packet's bytes say from where to where. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct bpf_iter_num {
	__u64 __opaque[1];
} __attribute__((aligned(8)));

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __weak __ksym;
extern int bpf_no_such_function(int number) __weak __ksym;

struct range {
	__s32 start;
	__s32 end;
	__s32 stop;
};

struct answer {
	__s32 begun;
	__u32 count;
	__s64 sum;
	__s32 last;
	__u32 destroyed;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct answer);
} answers SEC(".maps");

static __always_inline struct answer *first_answer(void)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&answers, &key);
}

static __always_inline struct range *range_of(struct xdp_md *xdp)
{
	void *data = (void *)(long)xdp->data;
	void *end = (void *)(long)xdp->data_end;

	return data + sizeof(struct range) > end ? 0 : data;
}

/* Adds up the numbers of the range, and stops at one of them. */
SEC("xdp")
int sum(struct xdp_md *xdp)
{
	struct range *range = range_of(xdp);
	struct answer *answer = first_answer();
	struct bpf_iter_num it;
	int *number;

	if (!range || !answer)
		return XDP_ABORTED;
	answer->begun = bpf_iter_num_new(&it, range->start, range->end);
	while ((number = bpf_iter_num_next(&it))) {
		answer->count++;
		answer->sum += *number;
		answer->last = *number;
		if (*number == range->stop)
			break;
	}
	bpf_iter_num_destroy(&it);
	return XDP_PASS;
}

/* Multiplies by counting: a loop in a loop, the inner one in a function of its own. */
static __noinline int count(int until)
{
	struct bpf_iter_num it;
	int found = 0;

	bpf_iter_num_new(&it, 0, until);
	while (bpf_iter_num_next(&it))
		found++;
	bpf_iter_num_destroy(&it);
	return found;
}

SEC("xdp")
int product(struct xdp_md *xdp)
{
	struct range *range = range_of(xdp);
	struct answer *answer = first_answer();
	struct bpf_iter_num it;

	if (!range || !answer)
		return XDP_ABORTED;
	bpf_iter_num_new(&it, 0, range->start);
	while (bpf_iter_num_next(&it))
		answer->sum += count(range->end);
	bpf_iter_num_destroy(&it);
	return XDP_PASS;
}

/* A next after the end stays at the end. */
SEC("xdp")
int past_the_end(struct xdp_md *xdp)
{
	struct bpf_iter_num it;
	int more = 0;

	bpf_iter_num_new(&it, 0, 1);
	more += bpf_iter_num_next(&it) ? 1 : 0;
	more += bpf_iter_num_next(&it) ? 2 : 0;
	more += bpf_iter_num_next(&it) ? 4 : 0;
	bpf_iter_num_destroy(&it);
	return more;
}

/* What the kernel has and what it has not. */
SEC("xdp")
int exists(struct xdp_md *xdp)
{
	int found = 0;

	if (bpf_iter_num_destroy)
		found |= 1;
	if (bpf_no_such_function)
		found |= 2 + bpf_no_such_function(5);
	return found;
}

/* A sum over an array, with the index that the iterator gives. */
SEC("xdp")
int bytes(struct xdp_md *xdp)
{
	__u8 all[64];
	struct bpf_iter_num it;
	int *at;
	int found = 0;

	__builtin_memset(all, 3, sizeof(all));
	bpf_iter_num_new(&it, 0, sizeof(all));
	while ((at = bpf_iter_num_next(&it))) {
		__u32 index = *at;

		if (index < sizeof(all))
			found += all[index];
	}
	bpf_iter_num_destroy(&it);
	return found;
}

char _license[] SEC("license") = "GPL";
