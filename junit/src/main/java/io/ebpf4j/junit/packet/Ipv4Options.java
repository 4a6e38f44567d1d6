package io.ebpf4j.junit.packet;

/**
 * IPv4 options, RFC 791, in the order in which they are added. The header pads them with zeros to a
 * multiple of 4 bytes.
 *
 * @param bytes as they stand in the header, 40 at most
 */
public record Ipv4Options(Bytes bytes) {
  /** No options. */
  public static final Ipv4Options NONE = new Ipv4Options(Bytes.NONE);

  /** Asks every router to look at the packet, RFC 2113. */
  public Ipv4Options routerAlert() {
    return option(148, Bytes.of((byte) 0, (byte) 0));
  }

  /** Room for the addresses of that many routers, 1 to 9. */
  public Ipv4Options recordRoute(int routers) {
    byte[] data = new byte[1 + 4 * routers];
    data[0] = 4;
    return option(7, Bytes.of(data));
  }

  /** Any option that has a length. */
  public Ipv4Options option(int type, Bytes data) {
    return new Ipv4Options(Options.with(bytes, type, data));
  }

  /** One byte of nothing, for alignment. */
  public Ipv4Options noOperation() {
    return new Ipv4Options(bytes.then((byte) Options.NO_OPERATION));
  }

  @Override
  public String toString() {
    return Options.described(bytes, Ipv4Options::word);
  }

  private static String word(int type, byte[] data) {
    return switch (type) {
      case 7 -> "record route " + Bytes.of(data);
      case 148 -> "router alert";
      default -> Options.unknown(type, data);
    };
  }
}
