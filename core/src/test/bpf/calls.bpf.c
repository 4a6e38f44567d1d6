// SPDX-License-Identifier: Apache-2.0
// Functions that call each other in every way that clang can write.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

int total;

static __noinline int add_static(int a, int b)
{
	return a + b + total;
}

__noinline int add_global(int a)
{
	total += a;
	return add_static(a, 3);
}

__weak int add_weak(int a)
{
	return add_global(a) + 1;
}

__hidden __noinline int add_hidden(int a)
{
	total ^= a;
	return total;
}

__noinline int never_called(int a)
{
	return a * total;
}

static long callback(__u32 index, void *context)
{
	total += index;
	return 0;
}

SEC("xdp")
int first(struct xdp_md *ctx)
{
	return add_weak(ctx->ingress_ifindex) + add_static(1, ctx->rx_queue_index);
}

SEC("xdp")
int second(struct xdp_md *ctx)
{
	bpf_loop(4, callback, 0, 0);
	return add_hidden(ctx->rx_queue_index);
}

SEC("?tc")
int optional(struct __sk_buff *skb)
{
	return add_global(skb->len);
}

SEC("socket")
int alone(struct __sk_buff *skb)
{
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
