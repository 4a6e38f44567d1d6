package io.ebpf4j.junit.packet;

import java.util.LinkedHashMap;
import java.util.SequencedMap;

/** Collects a header's fields, as a diff shows them. */
final class Fields {
  private final SequencedMap<String, String> fields = new LinkedHashMap<>();

  Fields add(String name, Object value) {
    fields.put(name, String.valueOf(value));
    return this;
  }

  /** A number in decimal. */
  Fields number(String name, int value) {
    return add(name, value == Layer.AUTO ? "auto" : Integer.toString(value));
  }

  /** A number in hexadecimal, 4 digits at least. */
  Fields hex(String name, int value) {
    return add(name, value == Layer.AUTO ? "auto" : "0x%04x".formatted(value));
  }

  SequencedMap<String, String> map() {
    return fields;
  }
}
