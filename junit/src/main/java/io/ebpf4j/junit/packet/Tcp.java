package io.ebpf4j.junit.packet;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.EnumSet;
import java.util.SequencedMap;
import java.util.Set;

/**
 * A TCP header, RFC 9293.
 *
 * @param sourcePort 16 bits
 * @param destinationPort 16 bits
 * @param sequence 32 bits
 * @param acknowledgment 32 bits
 * @param flags the control bits
 * @param window 16 bits
 * @param checksum of header, payload and addresses
 * @param urgentPointer 16 bits
 * @param options behind the fixed header
 */
public record Tcp(
    int sourcePort,
    int destinationPort,
    int sequence,
    int acknowledgment,
    Set<Flag> flags,
    int window,
    int checksum,
    int urgentPointer,
    TcpOptions options)
    implements Layer {
  static final int BYTES = 20;

  /** A control bit, the lowest first. */
  public enum Flag {
    FIN,
    SYN,
    RST,
    PSH,
    ACK,
    URG,
    ECE,
    CWR
  }

  /** Copies the flags. */
  public Tcp {
    flags =
        Collections.unmodifiableSet(
            flags.isEmpty() ? EnumSet.noneOf(Flag.class) : EnumSet.copyOf(flags));
  }

  /** From port to port, without flags. */
  public static Tcp ports(int source, int destination) {
    return new Tcp(source, destination, 0, 0, Set.of(), 65535, AUTO, 0, TcpOptions.NONE);
  }

  /** From port to port, opening a connection. */
  public static Tcp syn(int source, int destination) {
    return ports(source, destination).withFlags(Flag.SYN);
  }

  /** With those flags and no others. */
  public Tcp withFlags(Flag... newFlags) {
    return new Tcp(
        sourcePort,
        destinationPort,
        sequence,
        acknowledgment,
        Set.of(newFlags),
        window,
        checksum,
        urgentPointer,
        options);
  }

  /** With a sequence number. */
  public Tcp withSequence(int newSequence) {
    return new Tcp(
        sourcePort,
        destinationPort,
        newSequence,
        acknowledgment,
        flags,
        window,
        checksum,
        urgentPointer,
        options);
  }

  /** With an acknowledgment number. */
  public Tcp withAcknowledgment(int newAcknowledgment) {
    return new Tcp(
        sourcePort,
        destinationPort,
        sequence,
        newAcknowledgment,
        flags,
        window,
        checksum,
        urgentPointer,
        options);
  }

  /** With a window. */
  public Tcp withWindow(int newWindow) {
    return new Tcp(
        sourcePort,
        destinationPort,
        sequence,
        acknowledgment,
        flags,
        newWindow,
        checksum,
        urgentPointer,
        options);
  }

  /** With a checksum, right or wrong. */
  public Tcp withChecksum(int newChecksum) {
    return new Tcp(
        sourcePort,
        destinationPort,
        sequence,
        acknowledgment,
        flags,
        window,
        newChecksum,
        urgentPointer,
        options);
  }

  /** With an urgent pointer. */
  public Tcp withUrgentPointer(int newUrgentPointer) {
    return new Tcp(
        sourcePort,
        destinationPort,
        sequence,
        acknowledgment,
        flags,
        window,
        checksum,
        newUrgentPointer,
        options);
  }

  /** With options. */
  public Tcp withOptions(TcpOptions newOptions) {
    return new Tcp(
        sourcePort,
        destinationPort,
        sequence,
        acknowledgment,
        flags,
        window,
        checksum,
        urgentPointer,
        newOptions);
  }

  @Override
  public String protocol() {
    return "TCP";
  }

  @Override
  public SequencedMap<String, String> fields() {
    return new Fields()
        .number("source port", sourcePort)
        .number("destination port", destinationPort)
        .add("sequence number", Integer.toUnsignedString(sequence))
        .add("acknowledgment number", Integer.toUnsignedString(acknowledgment))
        .add("flags", flags)
        .number("window", window)
        .hex("checksum", checksum)
        .number("urgent pointer", urgentPointer)
        .add("options", options)
        .map();
  }

  @Override
  public byte[] encode(byte[] payload, Place place) {
    byte[] padded = options.bytes().padded(4).toArray();
    int header = BYTES + padded.length;
    int bits = flags.stream().mapToInt(flag -> 1 << flag.ordinal()).sum();
    ByteBuffer bytes =
        ByteBuffer.allocate(header + payload.length)
            .putShort((short) sourcePort)
            .putShort((short) destinationPort)
            .putInt(sequence)
            .putInt(acknowledgment)
            .putShort((short) (header / 4 << 12 | bits))
            .putShort((short) window)
            .putShort((short) (checksum == AUTO ? 0 : checksum))
            .putShort((short) urgentPointer)
            .put(padded)
            .put(payload);
    if (checksum == AUTO) {
      bytes.putShort(16, (short) place.checksum(bytes.array(), 6));
    }
    return bytes.array();
  }

  /** Whether such a header stands there, all of it, with nothing in its reserved bits. */
  static boolean isThere(ByteBuffer from) {
    if (from.remaining() < BYTES) {
      return false;
    }
    int bits = from.getShort(from.position() + 12) & 0xffff;
    int length = bits >>> 12 << 2;
    return (bits & 0xf00) == 0 && length >= BYTES && length <= from.remaining();
  }

  static Tcp decode(ByteBuffer from) {
    int sourcePort = from.getShort() & 0xffff;
    int destinationPort = from.getShort() & 0xffff;
    int sequence = from.getInt();
    int acknowledgment = from.getInt();
    int bits = from.getShort() & 0xffff;
    Set<Flag> flags = EnumSet.noneOf(Flag.class);
    for (Flag flag : Flag.values()) {
      if ((bits & 1 << flag.ordinal()) != 0) {
        flags.add(flag);
      }
    }
    int window = from.getShort() & 0xffff;
    int checksum = from.getShort() & 0xffff;
    int urgentPointer = from.getShort() & 0xffff;
    byte[] behind = new byte[(bits >>> 12 << 2) - BYTES];
    from.get(behind);
    return new Tcp(
        sourcePort,
        destinationPort,
        sequence,
        acknowledgment,
        flags,
        window,
        checksum,
        urgentPointer,
        new TcpOptions(Bytes.of(behind)));
  }
}
