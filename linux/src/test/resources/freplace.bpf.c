// SPDX-License-Identifier: Apache-2.0
/* A program with a function that another program replaces. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__noinline int stage(struct xdp_md *ctx)
{
	volatile int verdict = XDP_PASS;

	return verdict;
}

SEC("xdp")
int run_stage(struct xdp_md *ctx)
{
	return stage(ctx);
}

SEC("freplace/stage")
int drop_stage(struct xdp_md *ctx)
{
	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
