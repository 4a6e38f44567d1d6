// SPDX-License-Identifier: Apache-2.0
/* Programs that see a socket buffer or no packet at all. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int classify(struct __sk_buff *skb)
{
	return skb->len > 100 ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

SEC("socket")
int keep(struct __sk_buff *skb)
{
	return skb->len > 100 ? 20 : 0;
}

struct input {
	__u32 a;
	__u32 b;
};

SEC("syscall")
int add(struct input *input)
{
	return input->a + input->b;
}

char _license[] SEC("license") = "GPL";
