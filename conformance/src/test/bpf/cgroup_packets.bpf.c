// Packets and bytes of each socket of a control group, kept with the socket; a limit of packets.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct account {
	__u64 in_packets;
	__u64 in_bytes;
	__u64 out_packets;
	__u64 out_bytes;
	__u32 remote_ip4;
	__u32 remote_port;
	__u32 local_port;
	__u32 protocol;
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct account);
} accounts SEC(".maps");

// Packets that a socket may send; 0 for any number.
__u64 limit = 0;

static struct account *account(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	struct account *own;

	if (!sk)
		return 0;
	sk = bpf_sk_fullsock(sk);
	if (!sk)
		return 0;
	own = bpf_sk_storage_get(&accounts, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (own) {
		own->remote_ip4 = skb->remote_ip4;
		own->remote_port = skb->remote_port;
		own->local_port = skb->local_port;
		own->protocol = sk->protocol;
	}
	return own;
}

SEC("cgroup_skb/ingress")
int ingress(struct __sk_buff *skb)
{
	struct account *own = account(skb);

	if (own) {
		own->in_packets++;
		own->in_bytes += skb->len;
	}
	return 1;
}

SEC("cgroup_skb/egress")
int egress(struct __sk_buff *skb)
{
	struct account *own = account(skb);

	if (!own)
		return 1;
	if (limit && own->out_packets >= limit)
		return 0;
	own->out_packets++;
	own->out_bytes += skb->len;
	return 1;
}

__u64 cookie = 0;

SEC("cgroup_skb/egress")
int cookies(struct __sk_buff *skb)
{
	cookie = bpf_get_socket_cookie(skb);
	return 1;
}

SEC("cgroup_skb/ingress")
int refuse(struct __sk_buff *skb)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
