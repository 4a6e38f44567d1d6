// What a tracepoint of two arguments tells: sys_enter on Linux, one of that name in the JVM.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct task_struct;

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} events SEC(".maps");

const volatile __u32 wanted_tgid = 0;
const volatile __s64 wanted_id = 0;
__u64 typed = 0;
__u64 raw = 0;
__s64 last = 0;

static int wanted(__s64 id)
{
	return bpf_get_current_pid_tgid() >> 32 == wanted_tgid && id == wanted_id;
}

SEC("tp_btf/sys_enter")
int on_typed(__u64 *ctx)
{
	__s64 id = ctx[1];
	struct task_struct *task;
	__u64 *own;

	if (!wanted(id))
		return 0;
	__sync_fetch_and_add(&typed, 1);
	last = id;
	task = bpf_get_current_task_btf();
	own = bpf_task_storage_get(&events, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (own)
		*own += 1;
	return 0;
}

SEC("raw_tp/sys_enter")
int on_raw(struct bpf_raw_tracepoint_args *ctx)
{
	if (wanted(ctx->args[1]))
		__sync_fetch_and_add(&raw, 1);
	return 0;
}

SEC("raw_tp/sys_enter")
int too_far(struct bpf_raw_tracepoint_args *ctx)
{
	return ctx->args[2] != 0;
}

char _license[] SEC("license") = "GPL";
