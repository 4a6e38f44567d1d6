package io.ebpf4j.jvm.trace;

import io.ebpf4j.BpfException;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.ContextLayout.Access;
import io.ebpf4j.jvm.context.ContextLayout.Field;
import io.ebpf4j.jvm.context.ContextLayout.Kind;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.Repetition;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Slot;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Raw memory of one CPU for contexts that are plain bytes, before them their number. A run inside
 * of a run gets other memory.
 */
final class ArgumentBlocks implements AutoCloseable {
  static final Slot<ArgumentBlocks> SLOT = Slot.of(ArgumentBlocks.class);

  /** The most bytes that a context may have. */
  static final int MAX_BYTES = 65535;

  private static final int CONTEXT_OFFSET = 8;

  /** Where in front of a context its bytes are counted. */
  static final int SIZE_OFFSET = -8;

  private final Deque<Block> free = new ArrayDeque<>();

  /** A context of up to that many bytes, all accessible in any aligned piece. */
  static ContextLayout layout(String struct, int maxBytes, boolean writable) {
    Field all = new Field("args", 0, maxBytes, Kind.SCALAR, Access.BYTES, writable, 0, maxBytes);
    return new ContextLayout(struct, maxBytes, maxBytes, SIZE_OFFSET, List.of(all));
  }

  /**
   * Refuses what no run over bare arguments takes.
   *
   * @throws BpfException EINVAL for packet data, room for it, a repeat, a context above {@code
   *     maxBytes} or below what the program was seen to access
   */
  static void check(LoadedProgram program, TestRun run, int maxBytes) {
    String type = program.spec().type().label();
    if (run.data().length > 0 || run.dataOutSize() > 0) {
      throw new BpfException(
          Errno.EINVAL, "a test run of type %s takes and gives no packet".formatted(type));
    }
    if (run.repeat() != 0) {
      throw new BpfException(
          Errno.EINVAL,
          "a test run of type %s has no repeat, not even %s"
              .formatted(type, Integer.toUnsignedString(run.repeat())));
    }
    byte[] context = run.context();
    int given = context == null ? 0 : context.length;
    if (given < program.contextEnd()) {
      throw new BpfException(
          Errno.EINVAL,
          "a context of %d bytes, but the program reads or writes its first %d"
              .formatted(given, program.contextEnd()));
    }
    if (context != null && context.length > maxBytes) {
      throw new BpfException(
          Errno.EINVAL,
          "a context of %d bytes: a test run of type %s takes %d at most"
              .formatted(context.length, type, maxBytes));
    }
  }

  /**
   * Runs a program over a context, of which there may be none, on the CPU that the thread is on.
   *
   * @param context what the program left in it is put back here
   * @return the low 32 bits of R0
   */
  int run(Cpu cpu, LoadedProgram program, byte[] context) {
    if (context.length == 0) {
      return Repetition.run(cpu, program, 0, 1).returnValue();
    }
    Block kept = free.poll();
    Block block = kept == null ? Block.allocate(CONTEXT_OFFSET + MAX_BYTES + 1L, 8) : kept;
    try {
      long address = block.address() + CONTEXT_OFFSET;
      Memory.putInt(address + SIZE_OFFSET, context.length);
      Memory.copy(context, 0, address, context.length);
      int value = Repetition.run(cpu, program, address, 1).returnValue();
      Memory.copy(address, context, 0, context.length);
      return value;
    } finally {
      free.push(block);
    }
  }

  @Override
  public void close() {
    free.forEach(Block::close);
    free.clear();
  }
}
