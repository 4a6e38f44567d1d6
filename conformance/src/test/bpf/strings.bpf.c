// SPDX-License-Identifier: Apache-2.0
/* What kernel functions say of two strings, a character and a number. */
#include <linux/bpf.h>
#include <stddef.h>
#include <bpf/bpf_helpers.h>

extern int bpf_strcmp(const char *s1, const char *s2) __ksym;
extern int bpf_strcasecmp(const char *s1, const char *s2) __ksym;
extern int bpf_strchr(const char *s, char c) __ksym;
extern int bpf_strnchr(const char *s, size_t count, char c) __ksym;
extern int bpf_strchrnul(const char *s, char c) __ksym;
extern int bpf_strrchr(const char *s, int c) __ksym;
extern int bpf_strlen(const char *s) __ksym;
extern int bpf_strnlen(const char *s, size_t count) __ksym;
extern int bpf_strspn(const char *s, const char *accept) __ksym;
extern int bpf_strcspn(const char *s, const char *reject) __ksym;
extern int bpf_strstr(const char *s1, const char *s2) __ksym;
extern int bpf_strnstr(const char *s1, const char *s2, size_t len) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

struct strings {
	char first[32];
	char second[32];
	__s32 character;
	__s32 count;
	__s32 answers[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct strings);
} all SEC(".maps");

SEC("xdp")
int ask(struct xdp_md *xdp)
{
	__u32 key = 0;
	struct strings *s = bpf_map_lookup_elem(&all, &key);

	if (!s)
		return XDP_ABORTED;
	bpf_rcu_read_lock();
	s->answers[0] = bpf_strcmp(s->first, s->second);
	s->answers[1] = bpf_strcasecmp(s->first, s->second);
	s->answers[2] = bpf_strchr(s->first, s->character);
	s->answers[3] = bpf_strnchr(s->first, s->count, s->character);
	s->answers[4] = bpf_strchrnul(s->first, s->character);
	s->answers[5] = bpf_strrchr(s->first, s->character);
	s->answers[6] = bpf_strlen(s->first);
	s->answers[7] = bpf_strnlen(s->first, s->count);
	s->answers[8] = bpf_strspn(s->first, s->second);
	s->answers[9] = bpf_strcspn(s->first, s->second);
	s->answers[10] = bpf_strstr(s->first, s->second);
	s->answers[11] = bpf_strnstr(s->first, s->second, s->count);
	s->answers[12] = bpf_strlen(0);
	s->answers[13] = bpf_strcmp(s->first, (char *)8);
	s->answers[14] = bpf_strstr(s->first, (void *)(__u64)s->count);
	bpf_rcu_read_unlock();
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
