package io.ebpf4j.pcap;

/** The link-layer header types that captures number their packets' first header with. */
final class LinkType {
  static final int ETHERNET = 1;

  private LinkType() {}

  /** Why packets of that link type are not read, and what to do. */
  static String refusal(int linkType) {
    return "the packets are of link type "
        + describe(linkType)
        + ", and only Ethernet (1) is read: record on an Ethernet interface, not on \"any\" or a"
        + " tunnel";
  }

  private static String describe(int linkType) {
    String name =
        switch (linkType) {
          case 0 -> "NULL";
          case 9 -> "PPP";
          case 12, 14, 101 -> "RAW";
          case 105 -> "IEEE802_11";
          case 108 -> "LOOP";
          case 113 -> "LINUX_SLL";
          case 127 -> "IEEE802_11_RADIOTAP";
          case 187 -> "BLUETOOTH_HCI_H4";
          case 189 -> "USB_LINUX";
          case 195 -> "IEEE802_15_4_WITHFCS";
          case 220 -> "USB_LINUX_MMAPPED";
          case 228 -> "IPV4";
          case 229 -> "IPV6";
          case 253 -> "NETLINK";
          case 276 -> "LINUX_SLL2";
          default -> "";
        };
    return name.isEmpty() ? Integer.toString(linkType) : name + " (" + linkType + ")";
  }
}
