// SPDX-License-Identifier: Apache-2.0
/* Accounting by tenant, at a tc hook: a tenant is a VLAN, its table of services comes and goes while traffic runs. */
#include "packet.bpf.h"
#include <linux/pkt_cls.h>

struct service {
	__be16 port;
	__u8 protocol;
	__u8 zero;
};

struct usage {
	__u64 packets;
	__u64 bytes;
	__u64 limit; /* bytes, 0 for none */
};

struct table {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct service);
	__type(value, struct usage);
} template SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 128);
	__type(key, __u16);
	__array(values, struct table);
} tenants SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u16);
	__type(value, __u64);
} unknown SEC(".maps");

/* What the tenant's table has for the service, or for the rest. */
static __attribute__((noinline)) struct usage *find(void *table, struct service *service)
{
	struct service rest = {};
	struct usage *usage = 0;

	if (service)
		usage = bpf_map_lookup_elem(table, service);
	return usage ?: bpf_map_lookup_elem(table, &rest);
}

SEC("tc")
int account(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;
	struct service service = {};
	struct parsed parsed = {};
	struct usage *usage;
	struct flow flow;
	__u16 tenant;
	void *table;

	if (!parse(data, end, &flow, &parsed))
		return TC_ACT_UNSPEC;
	/* The outermost tag is beside the packet when hardware or the stack took it off. */
	tenant = skb->vlan_present ? skb->vlan_tci & 0xfff : flow.vlan;
	table = bpf_map_lookup_elem(&tenants, &tenant);
	if (!table) {
		__u64 one = 1, *packets = bpf_map_lookup_elem(&unknown, &tenant);

		if (packets)
			++*packets;
		else
			bpf_map_update_elem(&unknown, &tenant, &one, BPF_ANY);
		return TC_ACT_OK;
	}
	service.port = flow.ports.destination;
	service.protocol = flow.protocol;
	usage = find(table, &service);
	if (!usage)
		return TC_ACT_SHOT;
	if (usage->limit && usage->bytes + skb->len > usage->limit)
		return TC_ACT_SHOT;
	__sync_fetch_and_add(&usage->packets, 1);
	__sync_fetch_and_add(&usage->bytes, skb->len);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Apache-2.0";
