"""Small traffic sources that record.sh runs inside its network namespaces; Linux, as root.

  traffic.py offload-off DEVICE        let the kernel compute checksums, as they are on a wire
  traffic.py names ADDRESS             a name server on UDP port 53
  traffic.py query ADDRESS NAME ...    ask it for the A and AAAA records of each name
  traffic.py tag DEVICE TAP ID [ID]    a TAP device whose frames travel on DEVICE with VLAN tags
  traffic.py join GROUP ADDRESS        be in a multicast group for a moment
"""

import fcntl
import os
import select
import socket
import struct
import sys
import time

ETHTOOL_SRXCSUM, ETHTOOL_STXCSUM, ETHTOOL_SGRO = 0x15, 0x17, 0x2C
SIOCETHTOOL = 0x8946
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
SOL_PACKET, PACKET_AUXDATA, TP_STATUS_VLAN_VALID = 263, 8, 0x10
PACKET_OUTGOING = 4
SHORTEST_FRAME = 60


def offload_off(device):
    import array

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for command in (ETHTOOL_STXCSUM, ETHTOOL_SGRO):
            value = array.array("I", [command, 0])
            request = struct.pack("16sP8x", device.encode(), value.buffer_info()[0])
            fcntl.ioctl(control, SIOCETHTOOL, request)


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def encode_name(name):
    labels = name.split(".")
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def names(address):
    with socket.socket(family_of(address), socket.SOCK_DGRAM) as server:
        server.bind((address, 53))
        while True:
            query, client = server.recvfrom(512)
            question = query[12:]
            name_end = question.index(0) + 1
            kind = struct.unpack_from("!H", question, name_end)[0]
            if question.startswith(b"\x07missing"):
                answer, count, code = b"", 0, 3
            else:
                raw = (
                    socket.inet_pton(socket.AF_INET6, "2001:db8::53")
                    if kind == 28
                    else socket.inet_pton(socket.AF_INET, "198.51.100.53")
                )
                answer = struct.pack("!HHHIH", 0xC00C, kind, 1, 300, len(raw)) + raw
                count, code = 1, 0
            header = query[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, count, 0, 0)
            server.sendto(header + question + answer, client)


def query(address, asked):
    with socket.socket(family_of(address), socket.SOCK_DGRAM) as client:
        client.settimeout(2)
        for number, name in enumerate(asked):
            for kind in (1, 28):
                header = struct.pack("!HHHHHH", 0x1000 + 2 * number + (kind == 28), 0x0100, 1, 0, 0, 0)
                client.sendto(header + encode_name(name) + struct.pack("!HH", kind, 1), (address, 53))
                client.recv(512)


def tag(device, tap, identifiers):
    """Two tags are an outer 802.1ad and an inner 802.1Q tag. Short frames are padded, as hardware does."""
    kinds = [0x8100] if len(identifiers) == 1 else [0x88A8, 0x8100]
    tags = b"".join(struct.pack("!HH", kind, identifier) for kind, identifier in zip(kinds, identifiers))
    inside = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(inside, TUNSETIFF, struct.pack("16sH22x", tap.encode(), IFF_TAP | IFF_NO_PI))
    outside = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
    outside.bind((device, 0))
    outside.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    while True:
        ready, _, _ = select.select([inside, outside], [], [])
        if inside in ready:
            frame = os.read(inside, 65536)
            outside.send((frame[:12] + tags + frame[12:]).ljust(SHORTEST_FRAME, b"\0"))
        if outside in ready:
            frame, extra, _, sender = outside.recvmsg(65536, 256)
            if sender[2] == PACKET_OUTGOING:
                continue
            for level, kind, data in extra:
                if level == SOL_PACKET and kind == PACKET_AUXDATA:
                    status, _, _, _, _, control, protocol = struct.unpack_from("=IIIHHHH", data)
                    if status & TP_STATUS_VLAN_VALID:
                        frame = frame[:12] + struct.pack("!HH", protocol, control) + frame[12:]
            if frame[12 : 12 + len(tags)] == tags:
                os.write(inside, frame[:12] + frame[12 + len(tags) :])


def join(group, address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as member:
        request = socket.inet_aton(group) + socket.inet_aton(address)
        member.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
        time.sleep(1)


def main(arguments):
    match arguments:
        case ["offload-off", device]:
            offload_off(device)
        case ["names", address]:
            names(address)
        case ["query", address, *asked]:
            query(address, asked)
        case ["tag", device, tap, *identifiers]:
            tag(device, tap, [int(identifier) for identifier in identifiers])
        case ["join", group, address]:
            join(group, address)
        case _:
            sys.exit(__doc__)


main(sys.argv[1:])
