package io.ebpf4j.linux;

import io.ebpf4j.BpfException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * One call of bpf(2): its {@code union bpf_attr}, filled by offset as the UAPI header lays it out.
 * Used by one thread and closed after it.
 */
final class Bpf implements AutoCloseable {
  // Commands.
  static final int MAP_CREATE = 0;
  static final int MAP_LOOKUP_ELEM = 1;
  static final int MAP_UPDATE_ELEM = 2;
  static final int MAP_DELETE_ELEM = 3;
  static final int MAP_GET_NEXT_KEY = 4;
  static final int PROG_LOAD = 5;
  static final int OBJ_PIN = 6;
  static final int OBJ_GET = 7;
  static final int PROG_TEST_RUN = 10;
  static final int PROG_GET_NEXT_ID = 11;
  static final int MAP_GET_NEXT_ID = 12;
  static final int PROG_GET_FD_BY_ID = 13;
  static final int MAP_GET_FD_BY_ID = 14;
  static final int OBJ_GET_INFO_BY_FD = 15;
  static final int PROG_QUERY = 16;
  static final int RAW_TRACEPOINT_OPEN = 17;
  static final int BTF_LOAD = 18;
  static final int BTF_GET_FD_BY_ID = 19;
  static final int MAP_LOOKUP_AND_DELETE_ELEM = 21;
  static final int MAP_FREEZE = 22;
  static final int MAP_LOOKUP_BATCH = 24;
  static final int MAP_LOOKUP_AND_DELETE_BATCH = 25;
  static final int MAP_UPDATE_BATCH = 26;
  static final int MAP_DELETE_BATCH = 27;
  static final int LINK_CREATE = 28;
  static final int LINK_UPDATE = 29;
  static final int LINK_GET_FD_BY_ID = 30;
  static final int LINK_GET_NEXT_ID = 31;
  static final int ENABLE_STATS = 32;
  static final int ITER_CREATE = 33;
  static final int LINK_DETACH = 34;

  private static final int AT_FDCWD = -100;
  private static final int O_CLOEXEC = 0x80000;
  private static final int CLONE_NEWNET = 0x40000000;

  /** Bytes of the union that Linux 6.18 knows. */
  private static final int ATTR_BYTES = 152;

  /** BPF_OBJ_NAME_LEN, with the zero that ends a name. */
  private static final int NAME_BYTES = 16;

  private final Scratch scratch = Scratch.ofThread();
  private final long mark = scratch.mark();
  private @Nullable Arena large;
  private final MemorySegment attr = buffer(ATTR_BYTES);

  /** Sets four bytes. */
  Bpf u32(int offset, int value) {
    attr.set(ValueLayout.JAVA_INT, offset, value);
    return this;
  }

  /** Sets eight bytes. */
  Bpf u64(int offset, long value) {
    attr.set(ValueLayout.JAVA_LONG, offset, value);
    return this;
  }

  /** Four bytes that the kernel wrote. */
  int u32(int offset) {
    return attr.get(ValueLayout.JAVA_INT, offset);
  }

  /** Eight bytes that the kernel wrote. */
  long u64(int offset) {
    return attr.get(ValueLayout.JAVA_LONG, offset);
  }

  /** Sets a name of up to 16 bytes; a longer one is cut. */
  Bpf name(int offset, String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    MemorySegment.copy(
        bytes, 0, attr, ValueLayout.JAVA_BYTE, offset, Math.min(bytes.length, NAME_BYTES));
    return this;
  }

  /** Sets a pointer to a copy of the bytes; of a heap segment the kernel needs one. */
  Bpf in(int offset, MemorySegment bytes) {
    MemorySegment copy = room(bytes.byteSize());
    MemorySegment.copy(bytes, 0, copy, 0, bytes.byteSize());
    return pointer(offset, copy);
  }

  /** Sets a pointer to a zero-terminated string. */
  Bpf string(int offset, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    MemorySegment copy = room(bytes.length + 1L);
    MemorySegment.copy(bytes, 0, copy, ValueLayout.JAVA_BYTE, 0, bytes.length);
    copy.set(ValueLayout.JAVA_BYTE, bytes.length, (byte) 0);
    return pointer(offset, copy);
  }

  /** Sets a pointer to native memory that lives until the call. */
  Bpf pointer(int offset, MemorySegment memory) {
    return u64(offset, memory.address());
  }

  /** Zeroed native memory that lives until {@link #close}. */
  MemorySegment buffer(long bytes) {
    return room(bytes).fill((byte) 0);
  }

  /** Native memory that lives until {@link #close}, whatever it holds. */
  MemorySegment room(long bytes) {
    long some = Math.max(bytes, 1);
    if (scratch.fits(some)) {
      return scratch.take(some);
    }
    if (large == null) {
      large = Arena.ofConfined();
    }
    return large.allocate(some, 8);
  }

  /**
   * Makes the call.
   *
   * @return the result, or a negative errno
   */
  long call(int command) {
    return Syscall.call(SystemCall.BPF, command, attr.address(), ATTR_BYTES, 0, 0, 0);
  }

  /**
   * Makes the call and throws its failure, with a sentence for what was refused.
   *
   * @throws BpfException with what bpf(2) answered
   */
  int callOrThrow(int command, String refused) {
    long result = call(command);
    if (result < 0) {
      throw failure(result, refused + BpfCommandAge.hint(command, result));
    }
    return (int) result;
  }

  /** The exception for a negative errno. */
  static BpfException failure(long result, String refused) {
    return new BpfException(
        Syscall.errno(result), "Linux refused " + refused + Privileges.hint(result));
  }

  /** Closes a descriptor. */
  static void closeFd(int fd) {
    Syscall.call(SystemCall.CLOSE, fd, 0, 0, 0, 0, 0);
  }

  /**
   * Opens a directory or a file for reading.
   *
   * @throws BpfException ENOENT and others, with a sentence for what was refused
   */
  static int open(String path, String refused) {
    try (Bpf bpf = new Bpf()) {
      bpf.string(0, path);
      long name = bpf.attr.get(ValueLayout.JAVA_LONG, 0);
      long result = Syscall.call(SystemCall.OPENAT, AT_FDCWD, name, O_CLOEXEC, 0, 0, 0);
      if (result < 0) {
        throw failure(result, refused);
      }
      return (int) result;
    }
  }

  /**
   * Moves the calling thread, a platform thread, into a network namespace.
   *
   * @throws BpfException ENOENT, EPERM, EINVAL where it cannot be entered
   */
  static void enterNetworkNamespace(Path namespace) {
    String refused = "to enter the network namespace " + namespace;
    int fd = open(namespace.toString(), refused);
    try {
      long result = Syscall.call(SystemCall.SETNS, fd, CLONE_NEWNET, 0, 0, 0, 0);
      if (result < 0) {
        throw failure(result, refused);
      }
    } finally {
      closeFd(fd);
    }
  }

  /** Reads into native memory; the bytes read, or a negative errno. */
  static long read(int fd, MemorySegment into) {
    return Syscall.call(SystemCall.READ, fd, into.address(), into.byteSize(), 0, 0, 0);
  }

  /** Maps a descriptor's memory, shared; the address, or a negative errno. */
  static long mmap(int fd, long offset, long length, int protection) {
    return Syscall.call(SystemCall.MMAP, 0, length, protection, 1, fd, offset);
  }

  /** Unmaps. */
  static void munmap(long address, long length) {
    Syscall.call(SystemCall.MUNMAP, address, length, 0, 0, 0, 0);
  }

  @Override
  public void close() {
    scratch.release(mark);
    if (large != null) {
      large.close();
    }
  }
}
