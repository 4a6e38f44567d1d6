// SPDX-License-Identifier: Apache-2.0
// Every kind of CO-RE relocation, against types of which every Linux kernel has the named ones.
#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef int pid_t;

struct list_head {
	struct list_head *next, *prev;
};

struct task_struct {
	pid_t pid;
	pid_t tgid;
	char comm[16];
	struct list_head tasks;
	unsigned int flags;
	int static_prio;
};

// A field's old name and new name.
struct task_struct___flavoured {
	long state;
	unsigned int __state;
} __attribute__((preserve_access_index));

struct task_struct___absent {
	int no_such_field;
};

// Members of anonymous structs and unions are found by name alone.
struct sk_buff {
	unsigned int len;
	unsigned int data_len;
	__u16 protocol;
	__u8 pkt_type : 3;
	__u8 ip_summed : 2;
	unsigned char *data;
};

struct bpf_map {
	unsigned int max_entries;
	char name[16];
};

struct no_such_struct {
	int field;
};

struct rb_node {
	unsigned long __rb_parent_color;
	struct rb_node *rb_right;
	struct rb_node *rb_left;
};

#pragma clang attribute pop

enum bpf_map_type___mine {
	BPF_MAP_TYPE_RINGBUF___mine = 1,
	BPF_MAP_TYPE_NO_SUCH = 2,
};

enum no_such_enum {
	NO_SUCH_VALUE = 3,
};

typedef struct {
	int counter;
} atomic_t;

unsigned long out[32];

SEC("raw_tp/sys_enter")
int fields(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct task_struct___flavoured *flavoured = (void *)task;
	struct task_struct___absent *absent = (void *)task;
	struct sk_buff *skb = (void *)task;
	struct bpf_map *map = (void *)task;
	int i = 0;

	out[i++] = bpf_core_field_offset(task->pid);
	out[i++] = bpf_core_field_offset(task->tasks.prev);
	out[i++] = bpf_core_field_offset(task->comm[3]);
	out[i++] = bpf_core_field_offset(skb->protocol);
	out[i++] = bpf_core_field_size(task->comm);
	out[i++] = bpf_core_field_size(task->tasks);
	out[i++] = bpf_core_field_exists(flavoured->state);
	out[i++] = bpf_core_field_exists(flavoured->__state);
	out[i++] = bpf_core_field_exists(absent->no_such_field);
	out[i++] = bpf_core_field_exists(map->max_entries);
	out[i++] = BPF_CORE_READ_BITFIELD_PROBED(skb, pkt_type);
	out[i++] = BPF_CORE_READ_BITFIELD_PROBED(skb, ip_summed);
	out[i++] = bpf_core_field_offset(map->name);
	out[i++] = BPF_CORE_READ(task, static_prio);
	if (bpf_core_field_exists(absent->no_such_field))
		out[i++] = bpf_core_field_offset(absent->no_such_field);
	return 0;
}

SEC("raw_tp/sys_enter")
int types(void *ctx)
{
	int i = 0;

	out[i++] = bpf_core_type_exists(struct task_struct);
	out[i++] = bpf_core_type_exists(struct no_such_struct);
	out[i++] = bpf_core_type_exists(atomic_t);
	out[i++] = bpf_core_type_size(struct task_struct);
	out[i++] = bpf_core_type_size(struct no_such_struct);
	out[i++] = bpf_core_type_size(struct rb_node);
	out[i++] = bpf_core_type_id_local(struct rb_node);
	out[i++] = bpf_core_type_id_kernel(struct rb_node);
	out[i++] = bpf_core_type_id_kernel(struct no_such_struct);
	out[i++] = bpf_core_type_matches(struct rb_node);
	out[i++] = bpf_core_type_matches(struct task_struct);
	out[i++] = bpf_core_type_matches(struct no_such_struct);
	out[i++] = bpf_core_enum_value_exists(enum bpf_map_type___mine, BPF_MAP_TYPE_RINGBUF___mine);
	out[i++] = bpf_core_enum_value_exists(enum bpf_map_type___mine, BPF_MAP_TYPE_NO_SUCH);
	out[i++] = bpf_core_enum_value_exists(enum no_such_enum, NO_SUCH_VALUE);
	out[i++] = bpf_core_enum_value(enum bpf_map_type___mine, BPF_MAP_TYPE_RINGBUF___mine);
	if (bpf_core_enum_value_exists(enum no_such_enum, NO_SUCH_VALUE))
		out[i++] = bpf_core_enum_value(enum no_such_enum, NO_SUCH_VALUE);
	return 0;
}

// Loads that the kernel's types move, and a store.
SEC("tp_btf/sched_switch")
int loads(unsigned long long *ctx)
{
	struct task_struct *task = (void *)ctx[1];

	out[0] = task->pid;
	out[1] = task->tasks.prev != 0;
	out[2] = task->comm[3];
	return 0;
}

char _license[] SEC("license") = "GPL";
