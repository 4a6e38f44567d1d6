package io.ebpf4j.junit;

import io.ebpf4j.junit.packet.Layer;
import io.ebpf4j.junit.packet.Packet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.stream.Collectors;
import org.assertj.core.api.AbstractAssert;

/** Assertions on a packet; what the layers leave open is filled in before it is compared. */
public final class PacketAssert extends AbstractAssert<PacketAssert, Packet> {
  PacketAssert(Packet actual) {
    super(actual, PacketAssert.class);
  }

  /** Checks that the packets' bytes are the same, or tells the fields that differ. */
  @Override
  public PacketAssert isEqualTo(Object expected) {
    isNotNull();
    if (!(expected instanceof Packet packet)) {
      return super.isEqualTo(expected);
    }
    if (!Arrays.equals(actual.bytes(), packet.bytes())) {
      Packet is = actual.filled();
      Packet should = packet.filled();
      failWithActualExpectedAndMessage(is, should, "the packet differs:%n%s", diff(is, should));
    }
    return this;
  }

  /** Checks one field by its name: {@code hasField("IPv4", "TTL", "63")}. */
  public PacketAssert hasField(String protocol, String field, String expected) {
    isNotNull();
    Packet is = actual.filled();
    Layer layer =
        is.layers().stream().filter(l -> l.protocol().equals(protocol)).findFirst().orElse(null);
    if (layer == null) {
      failWithMessage("the packet has no %s layer; it has %s", protocol, protocols(is));
    } else if (!layer.fields().containsKey(field)) {
      failWithMessage("%s has no field '%s'; it has %s", protocol, field, layer.fields().keySet());
    } else if (!expected.equals(layer.fields().get(field))) {
      failWithActualExpectedAndMessage(
          layer.fields().get(field),
          expected,
          "%s %s is %s, not %s",
          protocol,
          field,
          layer.fields().get(field),
          expected);
    }
    return this;
  }

  /** Checks that all lengths and checksums are what they should be. */
  public PacketAssert isWellFormed() {
    isNotNull();
    Packet is = actual.filled();
    Packet should = WellFormed.of(is).filled();
    if (!Arrays.equals(is.bytes(), should.bytes())) {
      failWithMessage("the packet is malformed:%n%s", diff(is, should));
    }
    return this;
  }

  private static List<String> protocols(Packet packet) {
    return packet.layers().stream().map(Layer::protocol).toList();
  }

  /** A line for each field that differs, and for each layer that only one of them has. */
  private static String diff(Packet is, Packet should) {
    List<String> lines = new ArrayList<>();
    if (!protocols(is).equals(protocols(should))) {
      lines.add("  layers are %s, not %s".formatted(protocols(is), protocols(should)));
    }
    int common = Math.min(is.layers().size(), should.layers().size());
    for (int i = 0; i < common; i++) {
      Layer one = is.layers().get(i);
      Layer other = should.layers().get(i);
      if (one.protocol().equals(other.protocol())) {
        fields(lines, one, other);
      }
    }
    return lines.stream().collect(Collectors.joining(System.lineSeparator()));
  }

  private static void fields(List<String> lines, Layer one, Layer other) {
    Map<String, String> is = one.fields();
    Map<String, String> should = other.fields();
    SequencedSet<String> names = new LinkedHashSet<>(is.keySet());
    names.addAll(should.keySet());
    for (String name : names) {
      String value = is.getOrDefault(name, "missing");
      String wanted = should.getOrDefault(name, "missing");
      if (!value.equals(wanted)) {
        lines.add("  %s %s is %s, not %s".formatted(one.protocol(), name, value, wanted));
      }
    }
  }
}
