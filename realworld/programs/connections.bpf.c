// SPDX-License-Identifier: Apache-2.0
/* A table of connections: only what belongs to one passes from outside; a syscall program sweeps out what has ended. */
#include "packet.bpf.h"

struct bpf_map;

enum state { NEW, SYN_SENT, ESTABLISHED, CLOSING, CLOSED, STATES };

struct connection {
	__u32 state;
	__u32 ends; /* bit 0: FIN of the opener, bit 1: of the other */
	__u64 packets[2];
	__u32 last_sequence[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct flow);
	__type(value, struct connection);
} connections SEC(".maps");

/* How often the table went from state to state. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, STATES * STATES);
	__type(key, __u32);
	__type(value, __u64);
} transitions SEC(".maps");

struct {
	__u64 strangers;
	__u64 full;
	__u64 resets;
	__u64 swept;
} totals;

static void go(struct connection *connection, __u32 state)
{
	__u32 key = connection->state * STATES + state;
	__u64 *count = bpf_map_lookup_elem(&transitions, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
	connection->state = state;
}

static void reverse(struct flow *flow, struct flow *back)
{
	*back = *flow;
	__builtin_memcpy(back->source, flow->destination, 16);
	__builtin_memcpy(back->destination, flow->source, 16);
	back->ports.source = flow->ports.destination;
	back->ports.destination = flow->ports.source;
}

static __attribute__((noinline)) int step(struct connection *connection, __u32 way, __u32 flags, __u32 sequence)
{
	if (!connection)
		return XDP_ABORTED;
	way &= 1;
	connection->packets[way]++;
	if (flags & 4) { /* RST */
		__sync_fetch_and_add(&totals.resets, 1);
		go(connection, CLOSED);
		return XDP_PASS;
	}
	connection->last_sequence[way] = sequence;
	switch (connection->state) {
	case SYN_SENT:
		if (way && (flags & 0x12) == 0x12)
			go(connection, ESTABLISHED);
		break;
	case ESTABLISHED:
	case CLOSING:
		if (flags & 1) {
			connection->ends |= 1 << way;
			go(connection, connection->ends == 3 ? CLOSED : CLOSING);
		}
		break;
	case CLOSED:
		return XDP_DROP;
	}
	return XDP_PASS;
}

SEC("xdp")
int track(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct connection *connection;
	struct parsed parsed = {};
	struct flow flow, back;
	struct tcphdr *tcp;
	__u32 flags;

	if (!parse(data, end, &flow, &parsed) || flow.protocol != IPPROTO_TCP)
		return XDP_PASS;
	tcp = parsed.transport;
	if ((void *)(tcp + 1) > end)
		return XDP_DROP;
	flags = ((__u8 *)tcp)[13];
	connection = bpf_map_lookup_elem(&connections, &flow);
	if (connection)
		return step(connection, 0, flags, bpf_ntohl(tcp->seq));
	reverse(&flow, &back);
	connection = bpf_map_lookup_elem(&connections, &back);
	if (connection)
		return step(connection, 1, flags, bpf_ntohl(tcp->seq));
	if ((flags & 0x17) == 2) {
		struct connection opened = {.state = SYN_SENT, .packets = {1, 0}, .last_sequence = {bpf_ntohl(tcp->seq), 0}};

		if (!bpf_map_update_elem(&connections, &flow, &opened, BPF_NOEXIST))
			return XDP_PASS;
		__sync_fetch_and_add(&totals.full, 1);
		return XDP_DROP;
	}
	__sync_fetch_and_add(&totals.strangers, 1);
	return XDP_DROP;
}

static long sweep_one(struct bpf_map *map, struct flow *key, struct connection *connection, void *context)
{
	struct flow copy = *key;

	if (connection->state != CLOSED)
		return 0;
	if (!bpf_map_delete_elem(map, &copy))
		++*(__u64 *)context;
	return 0;
}

SEC("syscall")
int sweep(void *ctx)
{
	__u64 swept = 0;
	long walked = bpf_for_each_map_elem(&connections, sweep_one, &swept, 0);

	__sync_fetch_and_add(&totals.swept, swept);
	return walked;
}

char LICENSE[] SEC("license") = "Apache-2.0";
