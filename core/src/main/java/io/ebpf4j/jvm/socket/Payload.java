package io.ebpf4j.jvm.socket;

import io.ebpf4j.jvm.memory.Memory;
import java.lang.foreign.MemorySegment;

/** The bytes of a datagram, on the heap or not. */
sealed interface Payload {
  int length();

  /** Copies them to raw memory. */
  void copyTo(long address);

  /** Bytes on the heap. */
  @SuppressWarnings("ArrayRecordComponent") // Bytes that are handed on, never compared.
  record Bytes(byte[] bytes) implements Payload {
    static final Bytes NONE = new Bytes(new byte[0]);

    @Override
    public int length() {
      return bytes.length;
    }

    @Override
    public void copyTo(long address) {
      Memory.copy(bytes, 0, address, bytes.length);
    }
  }

  /** The first bytes of some memory; filled again and again by one thread. */
  final class Start implements Payload {
    private final MemorySegment memory;
    private int length;

    Start(MemorySegment memory) {
      this.memory = memory;
    }

    Start of(int bytes) {
      length = bytes;
      return this;
    }

    @Override
    public int length() {
      return length;
    }

    @Override
    public void copyTo(long address) {
      Memory.copy(memory, 0, address, length);
    }
  }
}
