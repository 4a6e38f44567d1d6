package io.ebpf4j.junit.packet;

import java.util.SequencedMap;

/**
 * A protocol's header, or the payload. A field that is {@link #AUTO} gets its value from what the
 * layer stands in and before: type, length, checksum. The {@code with} methods give changed copies,
 * and whoever sets such a field gets it as it is, right or wrong.
 */
public sealed interface Layer
    permits Arp,
        Ethernet,
        Icmp,
        Icmpv6,
        Ipv4,
        Ipv6,
        Ipv6Extension,
        Ipv6Fragment,
        Payload,
        Tcp,
        Udp,
        Vlan {
  /** To be filled in. */
  int AUTO = -1;

  /** The protocol's name. */
  String protocol();

  /** The fields in the order of the header, by the names that the protocol's RFC gives them. */
  SequencedMap<String, String> fields();

  /**
   * The layer and all in it.
   *
   * @param payload what is in it
   * @param place where it stands
   */
  byte[] encode(byte[] payload, Place place);
}
