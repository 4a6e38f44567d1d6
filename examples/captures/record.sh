#!/bin/bash
# Records mixed.pcap: two network namespaces, a cable (veth) between them, real tools on both ends.
# Needs root, iproute2, tcpdump, ping, curl, python3 and /dev/net/tun. Usage: record.sh [OUTPUT]
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
output=${1:-$here/mixed.pcap}
near=ebpf4j-near-$$
far=ebpf4j-far-$$
work=$(mktemp -d)

in_near() { ip netns exec "$near" "$@"; }
in_far() { ip netns exec "$far" "$@"; }
traffic() { python3 "$here/traffic.py" "$@"; }

clean_up() {
  for namespace in "$near" "$far"; do
    ip netns pids "$namespace" 2>/dev/null | xargs --no-run-if-empty kill || true
    ip netns del "$namespace" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap clean_up EXIT

ip netns add "$near"
ip netns add "$far"
ip -n "$near" link add eth0 address 00:00:5e:00:53:01 type veth \
  peer name eth0 address 00:00:5e:00:53:02 netns "$far"

# The far end is a bridge, so that there are frames with a length instead of a type (spanning tree).
ip -n "$far" link add br0 address 00:00:5e:00:53:02 type bridge stp_state 1 forward_delay 0
ip -n "$far" link set eth0 master br0

in_near python3 "$here/traffic.py" offload-off eth0
in_far python3 "$here/traffic.py" offload-off eth0
in_far python3 "$here/traffic.py" offload-off br0

ip -n "$near" link set eth0 up
in_near tcpdump -Z root -i eth0 --immediate-mode -U -q -w "$work/mixed.pcap" 2>"$work/tcpdump.log" &
for _ in $(seq 50); do grep -q listening "$work/tcpdump.log" && break; sleep 0.1; done

ip -n "$near" addr add 192.0.2.1/24 dev eth0
ip -n "$near" addr add 2001:db8::1/64 dev eth0 nodad
ip -n "$far" addr add 192.0.2.2/24 dev br0
ip -n "$far" addr add 2001:db8::2/64 dev br0 nodad
for namespace in "$near" "$far"; do ip -n "$namespace" link set lo up; done
ip -n "$far" link set br0 up
ip -n "$far" link set eth0 up
sleep 2.5

mkdir "$work/site"
printf 'a small page\n' >"$work/site/small.txt"
seq 1 7000 >"$work/site/large.txt"
in_far python3 -m http.server --bind :: --directory "$work/site" 8080 >/dev/null 2>&1 &
in_far python3 "$here/traffic.py" names 192.0.2.2 &
in_far python3 "$here/traffic.py" names 2001:db8::2 &
in_near python3 "$here/traffic.py" tag eth0 tagged 10 &
in_far python3 "$here/traffic.py" tag eth0 tagged 10 &
in_near python3 "$here/traffic.py" tag eth0 double 20 30 &
in_far python3 "$here/traffic.py" tag eth0 double 20 30 &
sleep 1

ping_quietly() { in_near ping -q -i 0.02 -W 1 "$@" >/dev/null || true; }
fetch() { in_near curl -s -o /dev/null --max-time 5 "$@" || true; }

ping_quietly -c 8 192.0.2.2
ping_quietly -c 8 2001:db8::2
ping_quietly -c 3 -s 0 192.0.2.2
ping_quietly -c 2 -R 192.0.2.2
ping_quietly -c 3 -s 4000 192.0.2.2
ping_quietly -c 3 -s 4000 2001:db8::2
ping_quietly -c 2 192.0.2.99
in_near python3 "$here/traffic.py" query 192.0.2.2 www.example.com mail.example.org missing.example.net
in_near python3 "$here/traffic.py" query 2001:db8::2 www.example.com missing.example.net
fetch http://192.0.2.2:8080/small.txt
fetch http://192.0.2.2:8080/large.txt
fetch 'http://[2001:db8::2]:8080/small.txt'
fetch 'http://[2001:db8::2]:8080/large.txt'
fetch http://192.0.2.2:8080/missing.txt
fetch http://192.0.2.2:9/
fetch 'http://[2001:db8::2]:9/'
in_near python3 "$here/traffic.py" query 192.0.2.1 nobody.example.com 2>/dev/null || true
in_near bash -c 'echo nobody >/dev/udp/192.0.2.2/9999; echo nobody >/dev/udp/2001:db8::2/9999'
in_near python3 "$here/traffic.py" join 233.252.0.1 192.0.2.1

ip -n "$near" link set tagged address 00:00:5e:00:53:11 mtu 1500 up
ip -n "$far" link set tagged address 00:00:5e:00:53:12 mtu 1500 up
ip -n "$near" addr add 198.51.100.1/25 dev tagged
ip -n "$far" addr add 198.51.100.2/25 dev tagged
ip -n "$near" addr add 2001:db8:10::1/64 dev tagged nodad
ip -n "$far" addr add 2001:db8:10::2/64 dev tagged nodad
ip -n "$near" link set double address 00:00:5e:00:53:21 mtu 1500 up
ip -n "$far" link set double address 00:00:5e:00:53:22 mtu 1500 up
ip -n "$near" addr add 198.51.100.129/25 dev double
ip -n "$far" addr add 198.51.100.130/25 dev double
ping_quietly -c 5 198.51.100.2
ping_quietly -c 5 2001:db8:10::2
ping_quietly -c 5 198.51.100.130
in_near bash -c 'for text in a bb ccc; do echo $text >/dev/udp/198.51.100.2/9999; done'
fetch http://198.51.100.2:8080/small.txt
fetch http://198.51.100.130:8080/small.txt

ip -n "$near" link set eth0 mtu 9000
ip -n "$far" link set eth0 mtu 9000
ip -n "$far" link set br0 mtu 9000
ping_quietly -c 2 -s 3000 192.0.2.2
ping_quietly -c 2 -s 3000 2001:db8::2
ping_quietly -c 1 -s 8000 192.0.2.2
fetch http://192.0.2.2:8080/large.txt
sleep 2.2

for namespace in "$near" "$far"; do ip netns pids "$namespace" | xargs --no-run-if-empty kill || true; done
{ wait; } 2>/dev/null || true
mv "$work/mixed.pcap" "$output"
tcpdump -nr "$output" 2>/dev/null | wc -l
