package io.ebpf4j.junit.packet;

import java.util.Arrays;
import java.util.SequencedMap;

/**
 * What no protocol here explains.
 *
 * @param bytes as they are
 */
public record Payload(Bytes bytes) implements Layer {
  /** Those bytes. */
  public static Payload of(byte... bytes) {
    return new Payload(Bytes.of(bytes));
  }

  /** Text in UTF-8. */
  public static Payload of(String text) {
    return new Payload(Bytes.ofText(text));
  }

  /** That many zeros. */
  public static Payload zeros(int length) {
    return new Payload(Bytes.zeros(length));
  }

  @Override
  public String protocol() {
    return "payload";
  }

  @Override
  public SequencedMap<String, String> fields() {
    return new Fields().add("bytes", bytes).map();
  }

  @Override
  public byte[] encode(byte[] payload, Place place) {
    byte[] own = bytes.toArray();
    byte[] all = Arrays.copyOf(own, own.length + payload.length);
    System.arraycopy(payload, 0, all, own.length, payload.length);
    return all;
  }
}
