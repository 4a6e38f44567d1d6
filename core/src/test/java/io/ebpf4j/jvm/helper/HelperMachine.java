package io.ebpf4j.jvm.helper;

import io.ebpf4j.jvm.cpu.Activation;
import io.ebpf4j.jvm.cpu.Clock;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A CPU on which a program seems to run, some memory of it, and the lines that it printed. */
final class HelperMachine implements AutoCloseable {
  private static final int BYTES = 2048;

  final List<String> printed = new ArrayList<>();
  final Cpu cpu;
  final Block memory = Block.allocate(BYTES, 8);
  private final Machine machine;

  HelperMachine(Clock clock) {
    machine = new Machine(2, clock, 1);
    machine.trace(printed::add);
    cpu = machine.cpus().get(1);
    cpu.enter();
    cpu.activate(
        new Activation() {
          @Override
          public long call(Cpu on, long function, long r1, long r2, long r3, long r4, long r5) {
            throw new UnsupportedOperationException("no function is called");
          }

          @Override
          public long tailCall(long context, long map, long index) {
            throw new UnsupportedOperationException("no program is called");
          }

          @Override
          public boolean readable(long address, long bytes) {
            return address >= memory.address() && address + bytes <= memory.address() + BYTES;
          }

          @Override
          public BoundFunction bind(long function) {
            throw new UnsupportedOperationException("no function is bound");
          }
        });
  }

  /** Puts bytes and a zero at an offset of the memory and gives their address. */
  long put(int offset, byte[] bytes) {
    Memory.copy(bytes, 0, memory.address() + offset, bytes.length);
    Memory.putByte(memory.address() + offset + bytes.length, (byte) 0);
    return memory.address() + offset;
  }

  /** The bytes at an offset of the memory. */
  byte[] get(int offset, int count) {
    byte[] bytes = new byte[count];
    Memory.copy(memory.address() + offset, bytes, 0, count);
    return bytes;
  }

  /** The columns of the lines of a resource beside the tests, comments left out. */
  static List<String[]> observed(String resource) throws IOException {
    try (InputStream in = HelperMachine.class.getResourceAsStream(resource)) {
      String text = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
      return Arrays.stream(text.split("\n"))
          .filter(line -> !line.startsWith("#"))
          .map(line -> line.split("\t", -1))
          .toList();
    }
  }

  @Override
  public void close() {
    cpu.activate(null);
    cpu.exit();
    machine.close();
    memory.close();
  }
}
