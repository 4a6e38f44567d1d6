// Values of the running task, many times in one run.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct task_struct;

#define STORAGE(name) \
	struct { \
		__uint(type, BPF_MAP_TYPE_TASK_STORAGE); \
		__uint(map_flags, BPF_F_NO_PREALLOC); \
		__type(key, int); \
		__type(value, __u64); \
	} name SEC(".maps")

STORAGE(m0);
STORAGE(m1);
STORAGE(m2);
STORAGE(m3);
STORAGE(m4);
STORAGE(m5);
STORAGE(m6);
STORAGE(m7);
STORAGE(m8);
STORAGE(m9);
STORAGE(m10);
STORAGE(m11);
STORAGE(m12);
STORAGE(m13);
STORAGE(m14);
STORAGE(m15);
STORAGE(m16);
STORAGE(m17);
STORAGE(m18);
STORAGE(m19);
STORAGE(m20);
STORAGE(m21);
STORAGE(m22);
STORAGE(m23);

#define TURNS 1000

static __u64 *own(void *map, struct task_struct *task, __u64 flags)
{
	return bpf_task_storage_get(map, task, 0, flags);
}

SEC("raw_tp/x")
int empty(struct bpf_raw_tracepoint_args *ctx)
{
	return 0;
}

SEC("raw_tp/x")
int get(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 *value;

	for (int i = 0; i < TURNS; i++) {
		value = own(&m0, task, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (value)
			*value += 1;
	}
	return 0;
}

SEC("raw_tp/x")
int cycle(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 *value;

	for (int i = 0; i < TURNS; i++) {
		value = own(&m0, task, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (value)
			*value += 1;
		bpf_task_storage_delete(&m0, task);
	}
	return 0;
}

// Makes values in all maps.
SEC("raw_tp/x")
int fill(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();

#define FILL(n) own(&m##n, task, BPF_LOCAL_STORAGE_GET_F_CREATE)
	FILL(0); FILL(1); FILL(2); FILL(3); FILL(4); FILL(5); FILL(6); FILL(7);
	FILL(8); FILL(9); FILL(10); FILL(11); FILL(12); FILL(13); FILL(14); FILL(15);
	FILL(16); FILL(17); FILL(18); FILL(19); FILL(20); FILL(21); FILL(22); FILL(23);
	return 0;
}

// One of many maps: its entry of the cache is its own.
SEC("raw_tp/x")
int cached(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 *value;

	for (int i = 0; i < TURNS; i++) {
		value = own(&m12, task, 0);
		if (value)
			*value += 1;
	}
	return 0;
}

// Two maps that share an entry of the cache, by turns.
SEC("raw_tp/x")
int shared(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 *value;

	for (int i = 0; i < TURNS / 2; i++) {
		value = own(&m1, task, 0);
		if (value)
			*value += 1;
		value = own(&m17, task, 0);
		if (value)
			*value += 1;
	}
	return 0;
}

char _license[] SEC("license") = "GPL";
