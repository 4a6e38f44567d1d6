// SPDX-License-Identifier: Apache-2.0
/* A program that takes a socket out of a SOCKMAP. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} peers SEC(".maps");

SEC("tc")
int look(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct bpf_sock *socket = bpf_map_lookup_elem(&peers, &key);

	if (!socket)
		return 0;
	bpf_sk_release(socket);
	return 1;
}

char LICENSE[] SEC("license") = "Apache-2.0";
