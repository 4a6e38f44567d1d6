// The time between the two tracepoints of a request, by thread and as a histogram.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct task_struct;

struct times {
	__u64 begun;
	__u64 requests;
	__u64 nanos;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct times);
} threads SEC(".maps");

// Requests that took from 2^key to 2^(key+1) nanoseconds.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} histogram SEC(".maps");

SEC("raw_tp/request_begin")
int begin(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct times *own = bpf_task_storage_get(&threads, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (own)
		own->begun = bpf_ktime_get_ns();
	return 0;
}

SEC("raw_tp/request_end")
int end(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct times *own = bpf_task_storage_get(&threads, task, 0, 0);
	__u64 took, *count;
	__u32 slot = 0;

	if (!own || !own->begun)
		return 0;
	took = bpf_ktime_get_ns() - own->begun;
	own->begun = 0;
	own->requests++;
	own->nanos += took;
	if (took >> 32) { slot += 32; took >>= 32; }
	if (took >> 16) { slot += 16; took >>= 16; }
	if (took >> 8) { slot += 8; took >>= 8; }
	if (took >> 4) { slot += 4; took >>= 4; }
	if (took >> 2) { slot += 2; took >>= 2; }
	if (took >> 1) slot++;
	count = bpf_map_lookup_elem(&histogram, &slot);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

char _license[] SEC("license") = "GPL";
