// SPDX-License-Identifier: Apache-2.0
/* Prints a line whose format and arguments come from a map. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define FORMAT_BYTES 256
#define ARGUMENTS 12

struct request {
	__u32 format_bytes;
	__u32 count;
	/* Which arguments are the address of the text. */
	__u32 texts;
	__u32 unused;
	char format[FORMAT_BYTES];
	__u64 arguments[ARGUMENTS];
	char text[64];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct request);
} requests SEC(".maps");

SEC("xdp")
int print(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct request *request = bpf_map_lookup_elem(&requests, &zero);
	__u32 format_bytes, bytes;

	if (!request)
		return 0;
	for (int i = 0; i < ARGUMENTS; i++)
		if (request->texts >> i & 1)
			request->arguments[i] = (__u64)request->text;
	format_bytes = request->format_bytes;
	bytes = request->count * 8;
	if (format_bytes == 0 || format_bytes > FORMAT_BYTES || bytes > sizeof(request->arguments))
		return 0;
	return bpf_trace_vprintk(request->format, format_bytes, request->arguments, bytes);
}

char _license[] SEC("license") = "GPL";
