package io.ebpf4j.realworld;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HexFormat;

/** The bytes of a C struct, field by field: little-endian but for addresses and ports. */
final class Struct {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  static Struct of() {
    return new Struct();
  }

  static byte[] u16(int value) {
    return of().half(value).bytes();
  }

  static byte[] u32(int value) {
    return of().word(value).bytes();
  }

  Struct octet(int value) {
    bytes.write(value);
    return this;
  }

  Struct half(int value) {
    return octet(value).octet(value >> 8);
  }

  Struct word(int value) {
    return half(value).half(value >> 16);
  }

  Struct quad(long value) {
    return word((int) value).word((int) (value >> 32));
  }

  Struct port(int value) {
    return octet(value >> 8).octet(value);
  }

  /** 4 or 16 bytes. */
  Struct address(String literal) {
    bytes.writeBytes(addressBytes(literal));
    return this;
  }

  Struct mac(String colons) {
    bytes.writeBytes(HexFormat.ofDelimiter(":").parseHex(colons));
    return this;
  }

  Struct zeros(int count) {
    bytes.writeBytes(new byte[count]);
    return this;
  }

  Struct text(String characters) {
    characters.chars().forEach(bytes::write);
    return this;
  }

  byte[] bytes() {
    return bytes.toByteArray();
  }

  static byte[] addressBytes(String literal) {
    try {
      return InetAddress.getByName(literal).getAddress();
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(literal + " is no address", e);
    }
  }
}
