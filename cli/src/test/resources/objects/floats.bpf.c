// SPDX-License-Identifier: Apache-2.0
/* Floating variables, which a program can hold and not compute with. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct weight {
	float ratio;
	double scale;
};

const volatile double threshold = 2.5;
float ratio;
struct weight weight;

SEC("xdp")
int weigh(struct xdp_md *ctx)
{
	return *(const volatile __u64 *)&threshold ? XDP_PASS : XDP_DROP;
}

/* A syscall program that reads past its context where that is short. */
SEC("syscall")
int fourth(__u64 *context)
{
	return context[3];
}

char _license[] SEC("license") = "GPL";
