package io.ebpf4j.jvm.helper;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;

/** Helpers and kernel functions that make and use dynptrs of any type. */
public final class DynptrHelpers {
  private static final int CHUNK = 256;

  private DynptrHelpers() {}

  /** Makes a window over a map's value; E2BIG for more than 16 MiB, EINVAL with flags. */
  @Helper(
      id = 197,
      name = "dynptr_from_mem",
      arguments = {
        Argument.UNINITIALIZED_MEMORY,
        Argument.SIZE_OR_ZERO,
        Argument.ANYTHING,
        Argument.NEW_LOCAL_DYNPTR
      })
  public static long fromMemory(Cpu cpu, long data, long size, long flags, long dynptr) {
    if (size > Dynptr.MAX_SIZE) {
      Dynptr.setNull(dynptr);
      return -Errno.E2BIG.number();
    }
    if (flags != 0) {
      Dynptr.setNull(dynptr);
      return -Errno.EINVAL.number();
    }
    Dynptr.set(dynptr, data, Dynptr.Type.LOCAL, (int) size, false);
    return 0;
  }

  /** Copies bytes out of the window; E2BIG outside of it, EINVAL where it is over nothing. */
  @Helper(
      id = 201,
      name = "dynptr_read",
      arguments = {
        Argument.UNINITIALIZED_MEMORY,
        Argument.SIZE_OR_ZERO,
        Argument.DYNPTR,
        Argument.ANYTHING,
        Argument.ANYTHING
      })
  public static long read(Cpu cpu, long to, long size, long dynptr, long offset, long flags) {
    return Dynptr.read(cpu, dynptr, (int) offset, to, (int) size, flags);
  }

  /** Copies bytes into the window; E2BIG outside of it, EINVAL where it may not be written. */
  @Helper(
      id = 202,
      name = "dynptr_write",
      arguments = {
        Argument.DYNPTR,
        Argument.ANYTHING,
        Argument.MEMORY,
        Argument.SIZE_OR_ZERO,
        Argument.ANYTHING
      })
  public static long write(Cpu cpu, long dynptr, long offset, long from, long size, long flags) {
    return Dynptr.write(cpu, dynptr, (int) offset, from, (int) size, flags);
  }

  /** The address of bytes of a window over memory; 0 outside of it and for packets. */
  @Helper(
      id = 203,
      name = "dynptr_data",
      returns = Returns.DYNPTR_MEMORY_OR_NULL,
      arguments = {Argument.DYNPTR, Argument.ANYTHING, Argument.ALLOCATION_SIZE})
  public static long data(Cpu cpu, long dynptr, long offset, long size) {
    boolean ofMemory = !Dynptr.type(dynptr).isPacket() && !Dynptr.isReadOnly(dynptr);
    return ofMemory ? Dynptr.slice(cpu, dynptr, (int) offset, 0, (int) size) : 0;
  }

  /** Bytes to read: where they lie, or copied to the buffer; 0 outside of the window. */
  @Kfunc(
      value =
          "void *bpf_dynptr_slice(const struct bpf_dynptr *p, u32 offset, void *buffer__opt, u32"
              + " buffer__szk)",
      flags = KfuncFlag.RETURNS_NULL)
  public static long slice(Cpu cpu, long dynptr, long offset, long buffer, long size) {
    return Dynptr.slice(cpu, dynptr, (int) offset, buffer, (int) size);
  }

  /** Bytes to read and write, as above; 0 for a window that is read-only. */
  @Kfunc(
      value =
          "void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *p, u32 offset, void *buffer__opt,"
              + " u32 buffer__szk)",
      flags = KfuncFlag.RETURNS_NULL)
  public static long sliceToWrite(Cpu cpu, long dynptr, long offset, long buffer, long size) {
    return Dynptr.isReadOnly(dynptr)
        ? 0
        : Dynptr.slice(cpu, dynptr, (int) offset, buffer, (int) size);
  }

  /** Narrows the window; EINVAL where start is above end, ERANGE outside of it. */
  @Kfunc("int bpf_dynptr_adjust(const struct bpf_dynptr *p, u32 start, u32 end)")
  public static long adjust(Cpu cpu, long dynptr, long start, long end) {
    int from = (int) start;
    int to = (int) end;
    if (Dynptr.data(dynptr) == 0 || Integer.compareUnsigned(from, to) > 0) {
      return answer(Errno.EINVAL);
    }
    if (Integer.compareUnsigned(to, Dynptr.size(dynptr)) > 0) {
      return answer(Errno.ERANGE);
    }
    Dynptr.narrow(dynptr, from, to - from);
    return 0;
  }

  /** Whether it is a window over nothing. */
  @Kfunc("bool bpf_dynptr_is_null(const struct bpf_dynptr *p)")
  public static long isNull(Cpu cpu, long dynptr) {
    return Dynptr.data(dynptr) == 0 ? 1 : 0;
  }

  /** Whether nothing may be written through it. */
  @Kfunc("bool bpf_dynptr_is_rdonly(const struct bpf_dynptr *p)")
  public static long isReadOnly(Cpu cpu, long dynptr) {
    return Dynptr.data(dynptr) != 0 && Dynptr.isReadOnly(dynptr) ? 1 : 0;
  }

  /** Bytes of the window; EINVAL where it is over nothing. */
  @Kfunc("__u32 bpf_dynptr_size(const struct bpf_dynptr *p)")
  public static long size(Cpu cpu, long dynptr) {
    return Dynptr.data(dynptr) == 0 ? answer(Errno.EINVAL) : Dynptr.size(dynptr);
  }

  /** Makes another window as this one is; EINVAL where it is over nothing. */
  @Kfunc("int bpf_dynptr_clone(const struct bpf_dynptr *p, struct bpf_dynptr *clone__uninit)")
  public static long copyOf(Cpu cpu, long dynptr, long clone) {
    if (Dynptr.data(dynptr) == 0) {
      Dynptr.setNull(clone);
      return answer(Errno.EINVAL);
    }
    Dynptr.copy(dynptr, clone);
    return 0;
  }

  /** Copies bytes from window to window; E2BIG outside of one. */
  @Kfunc(
      "int bpf_dynptr_copy(struct bpf_dynptr *dst_ptr, u32 dst_off, struct bpf_dynptr *src_ptr,"
          + " u32 src_off, u32 size)")
  public static long copy(Cpu cpu, long to, long toOffset, long from, long fromOffset, long size) {
    int bytes = (int) size;
    long source = Dynptr.slice(cpu, from, (int) fromOffset, 0, bytes);
    long target = sliceToWrite(cpu, to, toOffset, 0, size);
    if (source != 0 && target != 0) {
      Memory.copy(source, target, bytes);
      return 0;
    }
    if (source != 0) {
      return Integer.toUnsignedLong((int) Dynptr.write(cpu, to, (int) toOffset, source, bytes, 0));
    }
    if (target != 0) {
      return Integer.toUnsignedLong(
          (int) Dynptr.read(cpu, from, (int) fromOffset, target, bytes, 0));
    }
    if (!Dynptr.holds(to, (int) toOffset, bytes) || !Dynptr.holds(from, (int) fromOffset, bytes)) {
      return answer(Errno.E2BIG);
    }
    return copyInPieces(cpu, to, (int) toOffset, from, (int) fromOffset, bytes);
  }

  /** Neither lies in one piece: byte by byte in chunks of the kernel's. */
  private static long copyInPieces(
      Cpu cpu, long to, int toOffset, long from, int fromOffset, int bytes) {
    for (int done = 0; done < bytes; ) {
      int part = Math.min(CHUNK, bytes - done);
      for (int i = 0; i < part; i++) {
        long source = Dynptr.slice(cpu, from, fromOffset + done + i, 0, 1);
        long result =
            source == 0
                ? -Errno.EINVAL.number()
                : Dynptr.write(cpu, to, toOffset + done + i, source, 1, 0);
        if (result != 0) {
          return Integer.toUnsignedLong((int) result);
        }
      }
      done += part;
    }
    return 0;
  }

  /** Fills bytes; EINVAL where it is read-only, E2BIG outside of it. */
  @Kfunc("int bpf_dynptr_memset(struct bpf_dynptr *p, u32 offset, u32 size, u8 val)")
  public static long fill(Cpu cpu, long dynptr, long offset, long size, long value) {
    int bytes = (int) size;
    long memory = sliceToWrite(cpu, dynptr, offset, 0, size);
    if (memory != 0) {
      Memory.fill(memory, bytes, (byte) value);
      return 0;
    }
    if (Dynptr.isReadOnly(dynptr)) {
      return answer(Errno.EINVAL);
    }
    if (!Dynptr.holds(dynptr, (int) offset, bytes)) {
      return answer(Errno.E2BIG);
    }
    for (int i = 0; i < bytes; i++) {
      long at = Dynptr.slice(cpu, dynptr, (int) offset + i, 0, 1);
      if (at == 0) {
        return answer(Errno.EINVAL);
      }
      Memory.putByte(at, (byte) value);
    }
    return 0;
  }

  /** An errno below 0, as an {@code int} that a kernel function gives. */
  private static long answer(Errno errno) {
    return Integer.toUnsignedLong(-errno.number());
  }
}
