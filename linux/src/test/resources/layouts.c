// SPDX-License-Identifier: Apache-2.0
/* Where the members lie that the module reads and writes by offset; read by layouts.sh. */
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/eventpoll.h>
#include <linux/perf_event.h>

#define FIELDS                                                                                     \
	SIZE(struct epoll_event)                                                                   \
	AT(struct epoll_event, events)                                                             \
	AT(struct perf_event_header, size)                                                         \
	SIZE(struct perf_event_header)                                                             \
	AT(struct perf_event_mmap_page, data_head)                                                 \
	AT(struct perf_event_mmap_page, data_tail)                                                 \
	AT(struct perf_event_mmap_page, data_offset)                                               \
	AT(struct perf_event_attr, type)                                                           \
	AT(struct perf_event_attr, size)                                                           \
	AT(struct perf_event_attr, config)                                                         \
	AT(struct perf_event_attr, sample_period)                                                  \
	AT(struct perf_event_attr, sample_type)                                                    \
	AT(struct perf_event_attr, wakeup_events)                                                  \
	AT(union bpf_attr, map_type)                                                               \
	AT(union bpf_attr, map_flags)                                                              \
	AT(union bpf_attr, inner_map_fd)                                                           \
	AT(union bpf_attr, numa_node)                                                              \
	AT(union bpf_attr, map_name)                                                               \
	AT(union bpf_attr, btf_fd)                                                                 \
	AT(union bpf_attr, btf_value_type_id)                                                      \
	AT(union bpf_attr, map_extra)                                                              \
	AT(union bpf_attr, key)                                                                    \
	AT(union bpf_attr, value)                                                                  \
	AT(union bpf_attr, flags)                                                                  \
	AT(union bpf_attr, batch.out_batch)                                                        \
	AT(union bpf_attr, batch.keys)                                                             \
	AT(union bpf_attr, batch.values)                                                           \
	AT(union bpf_attr, batch.count)                                                            \
	AT(union bpf_attr, batch.map_fd)                                                           \
	AT(union bpf_attr, batch.elem_flags)                                                       \
	AT(union bpf_attr, batch.flags)                                                            \
	AT(union bpf_attr, insns)                                                                  \
	AT(union bpf_attr, license)                                                                \
	AT(union bpf_attr, log_level)                                                              \
	AT(union bpf_attr, log_buf)                                                                \
	AT(union bpf_attr, kern_version)                                                           \
	AT(union bpf_attr, prog_flags)                                                             \
	AT(union bpf_attr, prog_name)                                                              \
	AT(union bpf_attr, expected_attach_type)                                                   \
	AT(union bpf_attr, prog_btf_fd)                                                            \
	AT(union bpf_attr, func_info)                                                              \
	AT(union bpf_attr, func_info_cnt)                                                          \
	AT(union bpf_attr, line_info)                                                              \
	AT(union bpf_attr, line_info_cnt)                                                          \
	AT(union bpf_attr, attach_btf_id)                                                          \
	AT(union bpf_attr, attach_prog_fd)                                                         \
	AT(union bpf_attr, fd_array)                                                               \
	AT(union bpf_attr, pathname)                                                               \
	AT(union bpf_attr, bpf_fd)                                                                 \
	AT(union bpf_attr, test.retval)                                                            \
	AT(union bpf_attr, test.data_size_in)                                                      \
	AT(union bpf_attr, test.data_in)                                                           \
	AT(union bpf_attr, test.data_out)                                                          \
	AT(union bpf_attr, test.repeat)                                                            \
	AT(union bpf_attr, test.duration)                                                          \
	AT(union bpf_attr, test.ctx_size_in)                                                       \
	AT(union bpf_attr, test.ctx_in)                                                            \
	AT(union bpf_attr, test.ctx_out)                                                           \
	AT(union bpf_attr, test.flags)                                                             \
	AT(union bpf_attr, test.cpu)                                                               \
	AT(union bpf_attr, test.batch_size)                                                        \
	AT(union bpf_attr, info.info)                                                              \
	AT(union bpf_attr, next_id)                                                                \
	AT(union bpf_attr, raw_tracepoint.name)                                                    \
	AT(union bpf_attr, raw_tracepoint.prog_fd)                                                 \
	AT(union bpf_attr, btf)                                                                    \
	AT(union bpf_attr, btf_log_buf)                                                            \
	AT(union bpf_attr, btf_size)                                                               \
	AT(union bpf_attr, btf_log_size)                                                           \
	AT(union bpf_attr, btf_log_level)                                                          \
	AT(union bpf_attr, link_create.target_fd)                                                  \
	AT(union bpf_attr, link_create.attach_type)                                                \
	AT(union bpf_attr, link_create.flags)                                                      \
	AT(union bpf_attr, link_create.target_btf_id)                                              \
	AT(union bpf_attr, link_create.iter_info)                                                  \
	AT(union bpf_attr, link_create.iter_info_len)                                              \
	AT(union bpf_attr, link_update.new_prog_fd)                                                \
	AT(union bpf_attr, link_update.flags)                                                      \
	AT(union bpf_attr, link_update.old_prog_fd)                                                \
	AT(union bpf_attr, query.prog_ids)                                                         \
	AT(union bpf_attr, query.prog_cnt)                                                         \
	AT(struct bpf_map_info, id)                                                                \
	AT(struct bpf_map_info, map_flags)                                                         \
	AT(struct bpf_map_info, name)                                                              \
	AT(struct bpf_map_info, btf_id)                                                            \
	AT(struct bpf_map_info, map_extra)                                                         \
	AT(struct bpf_prog_info, tag)                                                              \
	AT(struct bpf_prog_info, jited_prog_len)                                                   \
	AT(struct bpf_prog_info, xlated_prog_len)                                                  \
	AT(struct bpf_prog_info, load_time)                                                        \
	AT(struct bpf_prog_info, nr_map_ids)                                                       \
	AT(struct bpf_prog_info, map_ids)                                                          \
	AT(struct bpf_prog_info, name)                                                             \
	AT(struct bpf_prog_info, nr_jited_func_lens)                                               \
	AT(struct bpf_prog_info, btf_id)                                                           \
	AT(struct bpf_prog_info, run_time_ns)                                                      \
	AT(struct bpf_prog_info, recursion_misses)                                                 \
	AT(struct bpf_prog_info, verified_insns)                                                   \
	AT(struct bpf_btf_info, btf_size)                                                          \
	AT(struct bpf_btf_info, id)                                                                \
	AT(struct bpf_btf_info, name)                                                              \
	AT(struct bpf_btf_info, kernel_btf)                                                        \
	AT(struct bpf_link_info, prog_id)                                                          \
	AT(struct bpf_link_info, raw_tracepoint.tp_name)                                           \
	AT(struct bpf_link_info, tracing.target_btf_id)                                            \
	AT(struct bpf_link_info, cgroup.attach_type)                                               \
	AT(struct bpf_link_info, iter.target_name_len)                                             \
	AT(struct bpf_link_info, iter.map.map_id)                                                  \
	AT(struct bpf_link_info, xdp.ifindex)

#ifdef NAMES
#define SIZE(type) LAYOUT_OF type;
#define AT(type, member) LAYOUT_OF type.member;
FIELDS
#else
#define SIZE(type) sizeof(type),
#define AT(type, member) offsetof(type, member),
__attribute__((section(".layout"), used)) const unsigned long layout[] = {FIELDS};
#endif
