package io.ebpf4j.jvm.helper;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Slot;
import io.ebpf4j.jvm.memory.Memory;
import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * What an iterator writes into: Linux's {@code struct seq_file}, of which a program knows the
 * address alone. It holds what one read(2) of the iterator gives, less than 8 pages; where more is
 * written it is overflowed and takes nothing until it is cut. Used by one thread.
 */
public final class SequenceFile {
  /** Bytes of the buffer; one always stays free. */
  public static final int BYTES = 8 * 4096;

  private static final Slot<Current> CURRENT = Slot.of(Current.class);

  private final byte[] bytes = new byte[BYTES];
  private final long address;
  private int length;

  /** What a CPU's innermost iterator writes into. */
  private static final class Current {
    @Nullable SequenceFile file;
  }

  /**
   * An empty one.
   *
   * @param address what programs get as its address
   */
  public SequenceFile(long address) {
    this.address = address;
  }

  /** Whether the iterator that runs on a CPU has its file at that address. */
  public static boolean isCurrent(Cpu cpu, long address) {
    SequenceFile file = current(cpu).file;
    return file != null && file.address == address;
  }

  /** Makes it what a CPU's iterator writes into, and gives what was that before. */
  public @Nullable SequenceFile enter(Cpu cpu) {
    return exchange(cpu, this);
  }

  /** Puts back what {@link #enter} gave. */
  public static void leave(Cpu cpu, @Nullable SequenceFile previous) {
    exchange(cpu, previous);
  }

  /** Bytes written, {@link #BYTES} where it is overflowed. */
  public int length() {
    return length;
  }

  /** Whether more was written than there is room for. */
  public boolean overflowed() {
    return length == BYTES;
  }

  /** Forgets all but the first bytes, and an overflow. */
  public void truncate(int newLength) {
    length = newLength;
  }

  /** Writes what it holds. */
  public void writeTo(ByteArrayOutputStream out) {
    out.write(bytes, 0, length);
  }

  /** The file of the iterator that runs on a CPU. */
  static SequenceFile of(Cpu cpu) {
    SequenceFile file = current(cpu).file;
    if (file == null) {
      throw new IllegalStateException("no iterator runs on CPU " + cpu.number());
    }
    return file;
  }

  /** Bytes that there is room for, the last of which stays free. */
  int room() {
    return BYTES - length;
  }

  /** Appends the text, and says whether it fitted. */
  boolean append(TextBuffer text) {
    if (text.length() >= room()) {
      length = BYTES;
      return false;
    }
    text.copyTo(bytes, length);
    length += (int) text.length();
    return true;
  }

  /** Appends raw memory, and says whether it fitted. */
  boolean append(long source, long count) {
    if (count >= room()) {
      length = BYTES;
      return false;
    }
    Memory.copy(source, bytes, length, (int) count);
    length += (int) count;
    return true;
  }

  private static @Nullable SequenceFile exchange(Cpu cpu, @Nullable SequenceFile next) {
    Current current = current(cpu);
    SequenceFile previous = current.file;
    current.file = next;
    return previous;
  }

  private static Current current(Cpu cpu) {
    return cpu.slots().getOrSet(CURRENT, Current::new);
  }
}
