// A counter and the last number of each task, by the calling thread of a test run.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

// Headers older than Linux 6.2 do not have these.
#define CGRP_STORAGE 32
static void *(*cgrp_storage_get)(void *map, void *cgroup, void *value, __u64 flags) = (void *)210;

struct cgroup {
	int level;
} __attribute__((preserve_access_index));

struct css_set {
	struct cgroup *dfl_cgrp;
} __attribute__((preserve_access_index));

struct task_struct {
	int pid;
	int tgid;
	char comm[16];
	struct css_set *cgroups;
} __attribute__((preserve_access_index));

struct counter {
	__u64 runs;
	__u64 last;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct counter);
} counters SEC(".maps");

struct {
	__uint(type, CGRP_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} groups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, int);
	__type(value, __u64);
} seen SEC(".maps");

static void see(int key, __u64 value)
{
	bpf_map_update_elem(&seen, &key, &value, BPF_ANY);
}

// Argument 0 is what to do: 0 look, 1 create, 2 create with a start of 100, 3 delete, 4 NULL task.
SEC("raw_tp/sys_enter")
int count(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct counter start = {.runs = 100};
	struct counter *own;

	switch (ctx->args[0]) {
	case 0:
		own = bpf_task_storage_get(&counters, task, 0, 0);
		break;
	case 1:
		own = bpf_task_storage_get(&counters, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		break;
	case 2:
		own = bpf_task_storage_get(&counters, task, &start, BPF_LOCAL_STORAGE_GET_F_CREATE);
		break;
	case 3:
		return bpf_task_storage_delete(&counters, task);
	case 4:
		return bpf_task_storage_get(&counters, 0, 0, BPF_LOCAL_STORAGE_GET_F_CREATE) ? 1 : 0;
	case 5:
		return bpf_task_storage_delete(&counters, 0);
	default:
		own = bpf_task_storage_get(&counters, task, 0, 2);
	}
	if (!own)
		return -1;
	own->runs++;
	own->last = ctx->args[1];
	return own->runs;
}

// What the current task is said to be, twice: by helpers and by its structure.
SEC("raw_tp/sys_enter")
int who(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	char name[24] = "...";

	see(0, bpf_get_current_pid_tgid());
	see(1, (__u64)task->tgid << 32 | (__u32)task->pid);
	see(2, bpf_get_current_uid_gid());
	see(3, bpf_get_current_comm(name, sizeof(name)));
	see(4, *(__u64 *)name);
	see(5, *(__u64 *)(name + 8));
	see(6, *(__u64 *)(name + 16));
	see(7, *(__u64 *)task->comm);
	see(8, (long)task == bpf_get_current_task());
	see(9, bpf_get_current_comm(name, 3));
	see(10, *(__u64 *)name);
	see(11, bpf_get_current_cgroup_id() == bpf_get_current_ancestor_cgroup_id(task->cgroups->dfl_cgrp->level));
	see(12, bpf_get_current_ancestor_cgroup_id(100));
	return 0;
}

// A counter of each control group that runs come from.
SEC("tp_btf/sys_enter")
int grouped(__u64 *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 *runs = cgrp_storage_get(&groups, task->cgroups->dfl_cgrp, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!runs)
		return 0;
	__sync_fetch_and_add(runs, 1);
	return 0;
}

char _license[] SEC("license") = "GPL";
