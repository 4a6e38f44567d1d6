// SPDX-License-Identifier: Apache-2.0
/* A program with code from a header in it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "inlined.h"

SEC("xdp")
int scramble(struct xdp_md *ctx)
{
	return scrambled(ctx->rx_queue_index) & 1 ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
