// SPDX-License-Identifier: Apache-2.0
// The programs whose speed is compared with Linux: one idea each.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 256);
} total SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __type(key, __u32);
  __type(value, __u64);
  __uint(max_entries, 256);
} per_cpu SEC(".maps");

SEC("xdp")
int empty(struct xdp_md *ctx) {
  return XDP_PASS;
}

static __always_inline int protocol(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data;
  void *end = (void *)(long)ctx->data_end;
  struct ethhdr *eth = data;
  if ((void *)(eth + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
    return -1;
  struct iphdr *ip = (void *)(eth + 1);
  if ((void *)(ip + 1) > end)
    return -1;
  return ip->protocol;
}

SEC("xdp")
int count_both(struct xdp_md *ctx) {
  int found = protocol(ctx);
  if (found < 0)
    return XDP_DROP;
  __u32 key = found;
  __u64 *value = bpf_map_lookup_elem(&total, &key);
  if (value)
    __sync_fetch_and_add(value, 1);
  value = bpf_map_lookup_elem(&per_cpu, &key);
  if (value)
    *value += 1;
  return XDP_PASS;
}

SEC("xdp")
int count_per_cpu(struct xdp_md *ctx) {
  int found = protocol(ctx);
  if (found < 0)
    return XDP_DROP;
  __u32 key = found;
  __u64 *value = bpf_map_lookup_elem(&per_cpu, &key);
  if (value)
    *value += 1;
  return XDP_PASS;
}

SEC("xdp")
int byte_hash(struct xdp_md *ctx) {
  __u8 *data = (void *)(long)ctx->data;
  __u8 *end = (void *)(long)ctx->data_end;
  __u32 hash = 2166136261u;
  for (int i = 0; i < 6000; i++) {
    __u8 *at = data + (i & 31);
    if (at + 1 > end)
      break;
    hash = (hash ^ *at) * 16777619u;
  }
  return hash & 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int lookups(struct xdp_md *ctx) {
  __u64 sum = 0;
  __u32 key = ctx->rx_queue_index;
  for (int i = 0; i < 64; i++) {
    key = (key * 5 + 1) & 255;
    __u64 *value = bpf_map_lookup_elem(&total, &key);
    if (value)
      sum += *value;
  }
  return sum == 1 ? XDP_DROP : XDP_PASS;
}

static long turn(__u32 index, __u64 *sum) {
  *sum += index ^ (*sum << 1);
  return 0;
}

SEC("xdp")
int loop(struct xdp_md *ctx) {
  __u64 sum = ctx->rx_queue_index;
  bpf_loop(1000, turn, &sum, 0);
  return sum == 1 ? XDP_DROP : XDP_PASS;
}

static __noinline __u32 fourth(__u32 a, __u32 b) {
  return a * 3 + b;
}

static __noinline __u32 third(__u32 a, __u32 b) {
  return fourth(a + 1, b) ^ b;
}

static __noinline __u32 second(__u32 a, __u32 b) {
  return third(a ^ b, a) + 7;
}

static __noinline __u32 first(__u32 a, __u32 b) {
  return second(b, a) * 5;
}

SEC("xdp")
int calls(struct xdp_md *ctx) {
  return first(ctx->rx_queue_index, ctx->ingress_ifindex) == 1 ? XDP_DROP : XDP_PASS;
}

int link1(struct xdp_md *ctx);
int link2(struct xdp_md *ctx);
int link3(struct xdp_md *ctx);
int link4(struct xdp_md *ctx);
int link5(struct xdp_md *ctx);
int link6(struct xdp_md *ctx);
int link7(struct xdp_md *ctx);
int link8(struct xdp_md *ctx);
int link9(struct xdp_md *ctx);
int link10(struct xdp_md *ctx);

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 11);
  __type(key, __u32);
  __array(values, int(struct xdp_md *ctx));
} chain SEC(".maps") = {
    .values =
        {
            [1] = &link1,
            [2] = &link2,
            [3] = &link3,
            [4] = &link4,
            [5] = &link5,
            [6] = &link6,
            [7] = &link7,
            [8] = &link8,
            [9] = &link9,
            [10] = &link10,
        },
};

// Each goes on to the next, to the tenth.
#define LINK(n, next)                       \
  SEC("xdp")                                \
  int link##n(struct xdp_md *ctx) {         \
    bpf_tail_call(ctx, &chain, next);       \
    return XDP_DROP;                        \
  }

LINK(0, 1)
LINK(1, 2)
LINK(2, 3)
LINK(3, 4)
LINK(4, 5)
LINK(5, 6)
LINK(6, 7)
LINK(7, 8)
LINK(8, 9)
LINK(9, 10)

SEC("xdp")
int link10(struct xdp_md *ctx) {
  return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
