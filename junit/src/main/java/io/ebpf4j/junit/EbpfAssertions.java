package io.ebpf4j.junit;

import io.ebpf4j.BpfMap;
import io.ebpf4j.TestRun;
import io.ebpf4j.TypedMap;
import io.ebpf4j.junit.packet.Packet;

/**
 * Assertions on what a program did, in AssertJ's manner. They may be imported statically together
 * with AssertJ's own {@code assertThat}.
 */
public final class EbpfAssertions {
  private EbpfAssertions() {}

  /** About a verdict and the packet that came out. */
  public static RunAssert assertThat(TestRun.Result actual) {
    return new RunAssert(actual);
  }

  /** About a packet. */
  public static PacketAssert assertThat(Packet actual) {
    return new PacketAssert(actual);
  }

  /** About a frame. */
  public static PacketAssert assertThatPacket(byte[] actual) {
    return new PacketAssert(Packet.parse(actual));
  }

  /** About a map, as bytes. */
  public static MapAssert assertThat(BpfMap actual) {
    return new MapAssert(actual);
  }

  /** About a map of Java objects. */
  public static <K, V> TypedMapAssert<K, V> assertThat(TypedMap<K, V> actual) {
    return new TypedMapAssert<>(actual);
  }
}
