package io.ebpf4j.junit.packet;

import java.nio.ByteBuffer;
import java.util.SequencedMap;

/**
 * A VLAN tag, IEEE 802.1Q: what follows the EtherType that announces it.
 *
 * @param outer whether it is a service provider's tag, 802.1ad, which another one follows
 * @param priority 0 to 7
 * @param dropEligible whether it may be dropped first
 * @param id 0 to 4095
 * @param type EtherType of what follows, 16 bits
 */
public record Vlan(boolean outer, int priority, boolean dropEligible, int id, int type)
    implements Layer {
  static final int BYTES = 4;

  /** A tag with that id. */
  public static Vlan tag(int id) {
    return new Vlan(false, 0, false, id, AUTO);
  }

  /** A service provider's tag, the outer one of QinQ. */
  public static Vlan outerTag(int id) {
    return new Vlan(true, 0, false, id, AUTO);
  }

  /** With a priority. */
  public Vlan withPriority(int newPriority) {
    return new Vlan(outer, newPriority, dropEligible, id, type);
  }

  /** One that may be dropped first. */
  public Vlan withDropEligible() {
    return new Vlan(outer, priority, true, id, type);
  }

  /** With the EtherType of what follows. */
  public Vlan withType(int newType) {
    return new Vlan(outer, priority, dropEligible, id, newType);
  }

  @Override
  public String protocol() {
    return outer ? "VLAN (802.1ad)" : "VLAN";
  }

  @Override
  public SequencedMap<String, String> fields() {
    return new Fields()
        .number("priority", priority)
        .add("drop eligible", dropEligible)
        .number("id", id)
        .hex("type", type)
        .map();
  }

  @Override
  public byte[] encode(byte[] payload, Place place) {
    return ByteBuffer.allocate(BYTES + payload.length)
        .putShort((short) (priority << 13 | (dropEligible ? 1 << 12 : 0) | id))
        .putShort((short) (type == AUTO ? place.etherType() : type))
        .put(payload)
        .array();
  }

  static Vlan decode(ByteBuffer from, boolean outer) {
    int control = from.getShort() & 0xffff;
    return new Vlan(
        outer,
        control >>> 13,
        (control >>> 12 & 1) != 0,
        control & 0xfff,
        from.getShort() & 0xffff);
  }
}
