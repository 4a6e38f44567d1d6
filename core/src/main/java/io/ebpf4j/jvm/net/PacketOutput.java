package io.ebpf4j.jvm.net;

import io.ebpf4j.BpfException;
import io.ebpf4j.TestRun;
import io.ebpf4j.spec.Errno;
import java.util.function.Supplier;

/** What a test run hands back of the packet. */
final class PacketOutput {
  private PacketOutput() {}

  /**
   * The packet, or nothing where the user left no room at all.
   *
   * @throws BpfException ENOSPC where the room is too small
   */
  static byte[] of(TestRun run, int length, Supplier<byte[]> packet) {
    if (run.dataOutSize() == 0) {
      return new byte[0];
    }
    if (run.dataOutSize() > 0 && run.dataOutSize() < length) {
      throw new BpfException(
          Errno.ENOSPC,
          "the packet has %d bytes after the run, there is room for %d"
              .formatted(length, run.dataOutSize()));
    }
    return packet.get();
  }
}
