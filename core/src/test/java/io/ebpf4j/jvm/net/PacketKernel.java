package io.ebpf4j.jvm.net;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.ebpf4j.BpfException;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.context.ProgramKind;
import io.ebpf4j.jvm.cpu.Clock;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** As much of a kernel as packets need: two CPUs, the packet side, and some scratch memory. */
final class PacketKernel implements AutoCloseable {
  final Machine machine = new Machine(2, Clock.fixed(0), 1);
  final Net net = new Net(machine);
  final Block scratch = Block.allocate(1 << 16, 8);

  TestRun.Result run(ProgramType type, TestRun run, JavaProgram.Body body) {
    return run(new JavaProgram(type, body), run);
  }

  TestRun.Result run(JavaProgram program, TestRun run) {
    return kind(program.spec().type()).testRun(program, machine, run);
  }

  ProgramKind kind(ProgramType type) {
    return net.kinds().stream().filter(kind -> kind.type() == type).findFirst().orElseThrow();
  }

  /** A packet in which every byte differs from its neighbours. */
  static byte[] packet(int length) {
    byte[] packet = new byte[length];
    for (int i = 0; i < length; i++) {
      packet[i] = (byte) (i * 7 + 1);
    }
    return packet;
  }

  /** An Ethernet frame to somebody else with that EtherType. */
  static byte[] frame(int etherType, int length) {
    byte[] frame = new byte[Math.max(length, 14)];
    frame[0] = 2;
    frame[5] = 1;
    frame[6] = 2;
    frame[11] = 2;
    frame[12] = (byte) (etherType >> 8);
    frame[13] = (byte) etherType;
    System.arraycopy(packet(frame.length), 0, frame, 14, frame.length - 14);
    return Arrays.copyOf(frame, length);
  }

  static byte[] ints(int... values) {
    byte[] bytes = new byte[values.length * Integer.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().put(values);
    return bytes;
  }

  static void refuses(Errno errno, ThrowingCallable call) {
    assertThatExceptionOfType(BpfException.class)
        .isThrownBy(call)
        .extracting(BpfException::errno)
        .isEqualTo(errno);
  }

  @Override
  public void close() {
    net.close();
    machine.close();
    scratch.close();
  }
}
