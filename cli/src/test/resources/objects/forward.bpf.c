// SPDX-License-Identifier: Apache-2.0
/* TCP goes to port 0, UDP to port 3, ICMP back, other IPv4 packets to no port; all else passes. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} protocols SEC(".maps");

SEC("xdp")
int forward(struct xdp_md *ctx)
{
	unsigned char *packet = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	__u64 *count;
	__u32 protocol;

	if ((void *)(packet + 34) > end || packet[12] != 8 || packet[13])
		return XDP_PASS;
	protocol = packet[23];
	count = bpf_map_lookup_elem(&protocols, &protocol);
	if (count)
		__sync_fetch_and_add(count, 1);
	switch (protocol) {
	case 1:
		return XDP_TX;
	case 6:
		return bpf_redirect_map(&ports, 0, XDP_DROP);
	case 17:
		return bpf_redirect_map(&ports, 3, XDP_DROP);
	default:
		return bpf_redirect_map(&ports, 1, XDP_ABORTED);
	}
}

char LICENSE[] SEC("license") = "Apache-2.0";
