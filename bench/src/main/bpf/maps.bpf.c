// SPDX-License-Identifier: Apache-2.0
// 64 operations a run on maps of `entries` elements, which the programs fill as they come by.
// clang-19 -target bpf -mcpu=v3 -O2 -g -ffile-compilation-dir=. -c maps.bpf.c -o maps.bpf.o
// llvm-strip-19 -g maps.bpf.o
// ebpf4j bench maps.bpf.o --on=both --map=hash=1000000 --set=entries=1000000 --prog=hash_hit
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define OPERATIONS 64

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1000);
	__type(key, __u64);
	__type(value, __u64);
} hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1000);
	__type(key, __u64);
	__type(value, __u64);
} lru SEC(".maps");

struct prefix {
	__u32 bits;
	__u32 address;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1000);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, __u64);
} lpm SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} ring SEC(".maps");

const volatile __u32 entries = 1000;
static __u64 state = 1;

/* A number below `entries`. */
static __u64 draw(void)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return ((state >> 32) * entries) >> 32;
}

SEC("xdp")
int hash_hit(struct xdp_md *ctx)
{
	__u64 sum = 0;

	for (int i = 0; i < OPERATIONS; i++) {
		__u64 key = draw();
		__u64 *value = bpf_map_lookup_elem(&hash, &key);

		if (value)
			sum += *value;
		else
			bpf_map_update_elem(&hash, &key, &key, BPF_ANY);
	}
	return sum & 1;
}

SEC("xdp")
int hash_miss(struct xdp_md *ctx)
{
	__u64 found = 0;

	for (int i = 0; i < OPERATIONS; i++) {
		__u64 key = draw();

		if (!(i & 7))
			bpf_map_update_elem(&hash, &key, &key, BPF_NOEXIST);
		key += entries;
		found += bpf_map_lookup_elem(&hash, &key) != 0;
	}
	return found & 1;
}

SEC("xdp")
int hash_update(struct xdp_md *ctx)
{
	for (int i = 0; i < OPERATIONS; i++) {
		__u64 key = draw();

		bpf_map_update_elem(&hash, &key, &state, BPF_ANY);
	}
	return 1;
}

SEC("xdp")
int hash_delete_insert(struct xdp_md *ctx)
{
	for (int i = 0; i < OPERATIONS; i++) {
		__u64 key = draw();

		if (bpf_map_delete_elem(&hash, &key))
			bpf_map_update_elem(&hash, &key, &key, BPF_ANY);
	}
	return 1;
}

SEC("xdp")
int lru_evict(struct xdp_md *ctx)
{
	for (int i = 0; i < OPERATIONS; i++) {
		__u64 key = state++;

		bpf_map_update_elem(&lru, &key, &key, BPF_ANY);
	}
	return 1;
}

SEC("xdp")
int lpm_lookup(struct xdp_md *ctx)
{
	__u64 found = 0;

	for (int i = 0; i < OPERATIONS; i++) {
		struct prefix key = {.bits = 32, .address = draw() * 2654435761u};
		__u64 *value = bpf_map_lookup_elem(&lpm, &key);

		if (value) {
			found += *value;
		} else {
			__u64 one = 1;

			key.bits = 24 + (key.address & 7);
			bpf_map_update_elem(&lpm, &key, &one, BPF_ANY);
		}
	}
	return found & 1;
}

SEC("xdp")
int ring_output(struct xdp_md *ctx)
{
	for (int i = 0; i < OPERATIONS; i++) {
		__u64 *record = bpf_ringbuf_reserve(&ring, 16, 0);

		if (record) {
			record[0] = i;
			record[1] = state;
			bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		}
	}
	return 1;
}

SEC("xdp")
int ring_submit(struct xdp_md *ctx)
{
	for (int i = 0; i < OPERATIONS; i++) {
		__u64 *record = bpf_ringbuf_reserve(&ring, 16, 0);

		if (!record)
			return 0;
		record[0] = i;
		record[1] = state;
		bpf_ringbuf_submit(record, i == OPERATIONS - 1 ? 0 : BPF_RB_NO_WAKEUP);
	}
	return 1;
}

char _license[] SEC("license") = "GPL";
