package io.ebpf4j.jvm.socket;

import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.ContextLayout.Field;
import io.ebpf4j.jvm.context.ContextLayout.Pointee;
import io.ebpf4j.jvm.context.SocketLayouts;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import java.util.List;

/** {@code struct sk_reuseport_md}: what a program sees that chooses a socket of a group. */
final class ReuseportContext {
  static final int DATA_OFFSET = 56;
  static final int DATA_END_OFFSET = 64;
  static final int MAC_HEADER_OFFSET = 72;
  static final int NETWORK_HEADER_OFFSET = 80;
  static final int SK_OFFSET = 88;
  static final int MIGRATING_SK_OFFSET = 96;
  static final int LEN_OFFSET = 104;
  static final int ETH_PROTOCOL_OFFSET = 108;
  static final int IP_PROTOCOL_OFFSET = 112;
  static final int BIND_INANY_OFFSET = 116;
  static final int HASH_OFFSET = 120;
  private static final int BLOCK_BYTES = 128;

  /** Where an int has the bytes of a socket's structure. */
  private static final int SOCKET_BYTES_OFFSET = 124;

  static final ContextLayout LAYOUT =
      new ContextLayout(
          SocketLayouts.SK_REUSEPORT.struct(),
          SocketLayouts.SK_REUSEPORT.visibleSize(),
          BLOCK_BYTES,
          ContextLayout.WHOLE,
          SocketLayouts.SK_REUSEPORT.fields().stream().map(ReuseportContext::placed).toList(),
          List.of(
              new Pointee("the group's socket", SK_OFFSET, SOCKET_BYTES_OFFSET, false),
              new Pointee(
                  "the connection's socket", MIGRATING_SK_OFFSET, SOCKET_BYTES_OFFSET, false)));

  private ReuseportContext() {}

  /** A new block for runs of programs. */
  static Block allocate() {
    Block block = Block.allocate(BLOCK_BYTES, Long.BYTES);
    Memory.putInt(block.address() + SOCKET_BYTES_OFFSET, InetSocket.STRUCT_BYTES);
    return block;
  }

  private static Field placed(Field field) {
    int realOffset =
        switch (field.name()) {
          case "data" -> DATA_OFFSET;
          case "data_end" -> DATA_END_OFFSET;
          case "len" -> LEN_OFFSET;
          case "eth_protocol" -> ETH_PROTOCOL_OFFSET;
          case "ip_protocol" -> IP_PROTOCOL_OFFSET;
          case "bind_inany" -> BIND_INANY_OFFSET;
          case "hash" -> HASH_OFFSET;
          case "sk" -> SK_OFFSET;
          case "migrating_sk" -> MIGRATING_SK_OFFSET;
          default -> throw new IllegalStateException("no such field: " + field.name());
        };
    return new Field(
        field.name(),
        field.offset(),
        field.size(),
        field.kind(),
        field.access(),
        false,
        realOffset,
        field.size());
  }
}
