package io.ebpf4j.linux;

import io.ebpf4j.Program;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The socket options that take a program's descriptor. */
enum SocketOption {
  ATTACH_BPF(50, "socket %d"),
  ATTACH_REUSEPORT_EBPF(52, "the group of socket %d"),
  DETACH_REUSEPORT_BPF(68, "the group of socket %d");

  private static final int SOL_SOCKET = 1;

  private final int number;
  private final String target;

  SocketOption(int number, String target) {
    this.number = number;
    this.target = target;
  }

  /** Detaches what is attached there. */
  void clear(int socket) {
    try (Bpf bpf = new Bpf()) {
      MemorySegment zero = bpf.buffer(Integer.BYTES);
      long result =
          Syscall.call(
              SystemCall.SETSOCKOPT, socket, SOL_SOCKET, number, zero.address(), Integer.BYTES, 0);
      if (result < 0) {
        throw Bpf.failure(result, "to detach from " + target.formatted(socket));
      }
    }
  }

  /** Attaches a program. */
  void set(Program program, int socket) {
    try (Bpf bpf = new Bpf()) {
      MemorySegment fd = bpf.buffer(Integer.BYTES);
      fd.set(ValueLayout.JAVA_INT, 0, program.fd());
      long result =
          Syscall.call(
              SystemCall.SETSOCKOPT, socket, SOL_SOCKET, number, fd.address(), Integer.BYTES, 0);
      if (result < 0) {
        throw Bpf.failure(
            result, "to attach %s to %s".formatted(program, target.formatted(socket)));
      }
    }
  }
}
