// An honest program that counts events of each control group, and one that hoards without end.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

// Headers older than Linux 6.2 do not have these.
#define CGRP_STORAGE 32
static void *(*cgrp_storage_get)(void *map, void *cgroup, void *value, __u64 flags) = (void *)210;

struct cgroup;

struct css_set {
	struct cgroup *dfl_cgrp;
} __attribute__((preserve_access_index));

struct task_struct {
	struct css_set *cgroups;
} __attribute__((preserve_access_index));

struct hoard {
	char bytes[4096];
};

#define HOARD(name) \
	struct { \
		__uint(type, CGRP_STORAGE); \
		__uint(map_flags, BPF_F_NO_PREALLOC); \
		__type(key, int); \
		__type(value, struct hoard); \
	} name SEC(".maps")

struct {
	__uint(type, CGRP_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} events SEC(".maps");

HOARD(hoard1);
HOARD(hoard2);
HOARD(hoard3);
HOARD(hoard4);

__u64 hoarded = 0;
__u64 refused = 0;

SEC("tp_btf/work")
int account(__u64 *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 *count = cgrp_storage_get(&events, task->cgroups->dfl_cgrp, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

static void take(void *map, struct cgroup *group)
{
	if (cgrp_storage_get(map, group, 0, BPF_LOCAL_STORAGE_GET_F_CREATE))
		__sync_fetch_and_add(&hoarded, 1);
	else
		__sync_fetch_and_add(&refused, 1);
}

SEC("tp_btf/work")
int hoard(__u64 *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct cgroup *group = task->cgroups->dfl_cgrp;

	take(&hoard1, group);
	take(&hoard2, group);
	take(&hoard3, group);
	take(&hoard4, group);
	return 0;
}

char _license[] SEC("license") = "GPL";
