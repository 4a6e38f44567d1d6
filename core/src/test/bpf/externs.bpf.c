// SPDX-License-Identifier: Apache-2.0
// What only the kernel can bring: its configuration, its variables, its functions.
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

extern int LINUX_KERNEL_VERSION __kconfig;
extern bool LINUX_HAS_BPF_COOKIE __kconfig __weak;
extern enum libbpf_tristate CONFIG_BPF_SYSCALL __kconfig;
extern bool CONFIG_BPF_JIT __kconfig;
extern char CONFIG_NET __kconfig;
extern unsigned long CONFIG_HZ __kconfig;
extern char CONFIG_DEFAULT_HOSTNAME[16] __kconfig __weak;
extern int CONFIG_NOT_THERE __kconfig __weak;

extern const void bpf_prog_put __ksym;
extern const int missing_variable __ksym __weak;
extern const void not_there_at_all __ksym __weak;

struct task_struct;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern void bpf_not_there(int argument) __ksym __weak;

unsigned long out[8];

SEC("raw_tp/sys_enter")
int externs(void *ctx)
{
	out[0] = LINUX_KERNEL_VERSION;
	out[1] = CONFIG_BPF_SYSCALL + CONFIG_BPF_JIT + CONFIG_NET + LINUX_HAS_BPF_COOKIE;
	out[2] = CONFIG_HZ;
	out[3] = CONFIG_DEFAULT_HOSTNAME[1];
	out[4] = CONFIG_NOT_THERE;
	out[5] = (unsigned long)&bpf_prog_put;
	out[6] = (unsigned long)&missing_variable;
	out[7] = (unsigned long)&not_there_at_all;
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	if (bpf_not_there)
		bpf_not_there(1);
	return 0;
}

char _license[] SEC("license") = "GPL";
