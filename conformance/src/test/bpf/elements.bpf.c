// SPDX-License-Identifier: Apache-2.0
// Iterators over the elements of arrays, against the kernel types that they name.
// clang-19 -target bpf -mcpu=v3 -O2 -g -fdebug-compilation-dir=. -c elements.bpf.c -o ../resources/elements.bpf.o
// llvm-strip-19 -g ../resources/elements.bpf.o
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct seq_file;

struct bpf_map {
	__u32 id;
	__u32 max_entries;
	__u32 value_size;
};

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
};

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key;
	void *value;
};

#pragma clang attribute pop

#define PRINT(seq, format, args) \
	((long (*)(struct seq_file *, const char *, __u32, const void *, __u32))126)( \
		seq, format, sizeof(format), args, sizeof(args))
#define WRITE(seq, data, size) \
	((long (*)(struct seq_file *, const void *, __u32))127)(seq, data, size)

#define CPUS_SEEN 2

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 5);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u32);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, char[1000]);
} pages SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} programs SEC(".maps");

__u64 sum;
__u64 overflows;
__u64 runs;

static const char line[] = "%llu: %u = %llu of %u\n";
static const char end[] = "end %llu: sum %llu\n";

SEC("iter/bpf_map_elem")
int print(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	__u32 *key = ctx->key;
	__u64 *value = ctx->value;

	if (!key || !value) {
		__u64 args[] = { ctx->meta->seq_num, sum };
		PRINT(seq, end, args);
		return 0;
	}
	sum += *value;
	__u64 args[] = { ctx->meta->seq_num, *key, *value, ctx->map->max_entries };
	PRINT(seq, line, args);
	*value *= 2;
	return 0;
}

SEC("iter/bpf_map_elem")
int print_cpus(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	__u32 *key = ctx->key;
	__u32 *value = ctx->value;

	if (!key || !value) {
		__u64 args[] = { ctx->meta->seq_num, sum };
		PRINT(seq, end, args);
		return 0;
	}
	for (int cpu = 0; cpu < CPUS_SEEN; cpu++) {
		__u32 *one = value + 2 * cpu;
		sum += *one;
		WRITE(seq, one, sizeof(*one));
		*one = 0;
	}
	return 0;
}

SEC("iter/bpf_map_elem")
int write_pages(struct bpf_iter__bpf_map_elem *ctx)
{
	char *value = ctx->value;

	runs++;
	if (value && WRITE(ctx->meta->seq, value, 1000) < 0)
		overflows++;
	return 0;
}

SEC("iter/bpf_map_elem")
int write_too_much(struct bpf_iter__bpf_map_elem *ctx)
{
	char *value = ctx->value;

	for (int i = 0; value && i < 40; i++)
		WRITE(ctx->meta->seq, value, 1000);
	return 0;
}

SEC("iter/bpf_map_elem")
int retry(struct bpf_iter__bpf_map_elem *ctx)
{
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
