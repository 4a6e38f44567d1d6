package io.ebpf4j.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** Memory that is shared with the kernel by mmap(2), until it is closed. */
record SharedMemory(MemorySegment segment, Arena arena) implements AutoCloseable {
  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final VarHandle POSITION = ValueLayout.JAVA_LONG.varHandle();

  /**
   * Maps a descriptor's memory.
   *
   * @throws io.ebpf4j.BpfException with what mmap(2) answered and what was refused
   */
  static SharedMemory map(int fd, long offset, long length, boolean writable, String refused) {
    long address = Bpf.mmap(fd, offset, length, writable ? PROT_READ | PROT_WRITE : PROT_READ);
    if (address < 0 && address > -4096) {
      throw Bpf.failure(address, refused);
    }
    Arena arena = Arena.ofShared();
    @SuppressWarnings("restricted") // The kernel has just given this range.
    MemorySegment memory =
        MemorySegment.ofAddress(address)
            .reinterpret(length, arena, unmapped -> Bpf.munmap(address, length));
    return new SharedMemory(writable ? memory : memory.asReadOnly(), arena);
  }

  /** A number that the kernel moves on; what it wrote before that is seen. */
  long acquire(long offset) {
    return (long) POSITION.getAcquire(segment, offset);
  }

  /** Moves a number on that the kernel reads; what was read before that is done. */
  void release(long offset, long value) {
    POSITION.setRelease(segment, offset, value);
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
