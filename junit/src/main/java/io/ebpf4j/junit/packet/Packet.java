package io.ebpf4j.junit.packet;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A packet: its layers from the outside in. Types, lengths and checksums that the layers leave open
 * are filled in when {@link #bytes} is asked for.
 *
 * <pre>{@code
 * Packet.of(
 *         Ethernet.header(),
 *         Ipv4.between("10.0.0.1", "10.0.0.2").withTtl(3),
 *         Tcp.syn(40000, 80),
 *         Payload.of("hello"))
 *     .bytes()
 * }</pre>
 *
 * @param layers from the outside in
 */
public record Packet(List<Layer> layers) {
  /** Copies the list. */
  public Packet {
    layers = List.copyOf(layers);
  }

  /** A packet of those layers. */
  public static Packet of(Layer... layers) {
    return new Packet(List.of(layers));
  }

  /** Reads an Ethernet frame. What is cut short or unknown becomes {@link Payload}. */
  public static Packet parse(byte[] frame) {
    return new Dissection(ByteBuffer.wrap(frame.clone())).packet();
  }

  /** The packet as it is on the wire. */
  public byte[] bytes() {
    byte[] inner = new byte[0];
    for (int i = layers.size() - 1; i >= 0; i--) {
      Layer next = i + 1 < layers.size() ? layers.get(i + 1) : null;
      inner = layers.get(i).encode(inner, new Place(ipBefore(i), next));
    }
    return inner;
  }

  /** This packet with all that was left open filled in. */
  public Packet filled() {
    return parse(bytes());
  }

  /** The outermost layer of a protocol. */
  public <L extends Layer> Optional<L> layer(Class<L> protocol) {
    return layers.stream().filter(protocol::isInstance).map(protocol::cast).findFirst();
  }

  /** This packet with more inside. */
  public Packet with(Layer... inner) {
    List<Layer> all = new ArrayList<>(layers);
    all.addAll(Arrays.asList(inner));
    return new Packet(all);
  }

  /** This packet with another layer in the place of its outermost one of the same protocol. */
  public Packet replacing(Layer layer) {
    List<Layer> all = new ArrayList<>(layers);
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i).getClass() == layer.getClass()) {
        all.set(i, layer);
        return new Packet(all);
      }
    }
    throw new IllegalArgumentException(
        "the packet has no %s layer to replace; it has %s"
            .formatted(layer.protocol(), layers.stream().map(Layer::protocol).toList()));
  }

  /** A line for each layer, with all fields. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (Layer layer : layers) {
      text.append(layer.protocol()).append(' ').append(layer.fields()).append('\n');
    }
    return text.toString();
  }

  private @Nullable Layer ipBefore(int index) {
    for (int i = index - 1; i >= 0; i--) {
      if (layers.get(i) instanceof Ipv4 || layers.get(i) instanceof Ipv6) {
        return layers.get(i);
      }
    }
    return null;
  }
}
