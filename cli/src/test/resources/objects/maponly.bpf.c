// SPDX-License-Identifier: Apache-2.0
// An object without programs: a map alone.
#include <linux/bpf.h>

#define SEC(name) __attribute__((section(name), used))

struct {
  int (*type)[BPF_MAP_TYPE_ARRAY];
  unsigned int *key;
  unsigned long long *value;
  int (*max_entries)[4];
} counts SEC(".maps");
