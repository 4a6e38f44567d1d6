package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.Dynptr;
import io.ebpf4j.jvm.helper.Helper;
import io.ebpf4j.jvm.helper.Returns;
import io.ebpf4j.spec.Errno;

/** The helpers by which programs write into ring buffers. */
public final class RingBufferHelpers {
  private RingBufferHelpers() {}

  /** Writes a record. */
  @Helper(
      id = 130,
      name = "ringbuf_output",
      arguments = {Argument.MAP, Argument.MEMORY, Argument.SIZE_OR_ZERO, Argument.ANYTHING})
  public static long ringbufOutput(Cpu cpu, long map, long bytes, long size, long flags) {
    return MapTable.get(cpu, map) instanceof RingBufferMap ring
        ? ring.writer().output(bytes, size, flags)
        : -Errno.EINVAL.number();
  }

  /** Reserves a record; its bytes, or 0. */
  @Helper(
      id = 131,
      name = "ringbuf_reserve",
      returns = Returns.RECORD_OR_NULL,
      arguments = {Argument.MAP, Argument.ALLOCATION_SIZE, Argument.ANYTHING})
  public static long ringbufReserve(Cpu cpu, long map, long size, long flags) {
    return MapTable.get(cpu, map) instanceof RingBufferMap ring
        ? ring.writer().reserve(size, flags)
        : 0;
  }

  /** Makes a reserved record readable. */
  @Helper(
      id = 132,
      name = "ringbuf_submit",
      returns = Returns.VOID,
      arguments = {Argument.RELEASED_RECORD, Argument.ANYTHING})
  public static long ringbufSubmit(Cpu cpu, long record, long flags) {
    RingBufferMap.of(cpu, record).writer().commit(record, flags, 0);
    return 0;
  }

  /** Gives a reserved record up. */
  @Helper(
      id = 133,
      name = "ringbuf_discard",
      returns = Returns.VOID,
      arguments = {Argument.RELEASED_RECORD, Argument.ANYTHING})
  public static long ringbufDiscard(Cpu cpu, long record, long flags) {
    RingBufferMap.of(cpu, record).writer().commit(record, flags, RingBufferMap.DISCARDED);
    return 0;
  }

  /** What is in a ring, its size or its positions. */
  @Helper(
      id = 134,
      name = "ringbuf_query",
      arguments = {Argument.MAP, Argument.ANYTHING})
  public static long ringbufQuery(Cpu cpu, long map, long what) {
    return MapTable.get(cpu, map) instanceof RingBufferMap ring ? ring.writer().query(what) : 0;
  }

  /**
   * Reserves a record and makes a window over it, which must be submitted or discarded, also where
   * it is one over nothing: EINVAL with flags and where there is no room, E2BIG above 16 MiB.
   */
  @Helper(
      id = 198,
      name = "ringbuf_reserve_dynptr",
      arguments = {Argument.MAP, Argument.ANYTHING, Argument.ANYTHING, Argument.NEW_RINGBUF_DYNPTR})
  public static long ringbufReserveDynptr(Cpu cpu, long map, long size, long flags, long dynptr) {
    Dynptr.setNull(dynptr);
    int bytes = (int) size;
    if (flags != 0) {
      return -Errno.EINVAL.number();
    }
    if (Integer.compareUnsigned(bytes, Dynptr.MAX_SIZE) > 0) {
      return -Errno.E2BIG.number();
    }
    long record = ringbufReserve(cpu, map, bytes, 0);
    if (record == 0) {
      return -Errno.EINVAL.number();
    }
    Dynptr.set(dynptr, record, Dynptr.Type.RINGBUF, bytes, false);
    return 0;
  }

  /** Hands the record of a window to the reader. */
  @Helper(
      id = 199,
      name = "ringbuf_submit_dynptr",
      returns = Returns.VOID,
      arguments = {Argument.RELEASED_RINGBUF_DYNPTR, Argument.ANYTHING})
  public static long ringbufSubmitDynptr(Cpu cpu, long dynptr, long flags) {
    return end(cpu, dynptr, flags, 0);
  }

  /** Gives the record of a window up: the reader does not see it. */
  @Helper(
      id = 200,
      name = "ringbuf_discard_dynptr",
      returns = Returns.VOID,
      arguments = {Argument.RELEASED_RINGBUF_DYNPTR, Argument.ANYTHING})
  public static long ringbufDiscardDynptr(Cpu cpu, long dynptr, long flags) {
    return end(cpu, dynptr, flags, RingBufferMap.DISCARDED);
  }

  private static long end(Cpu cpu, long dynptr, long flags, int discarded) {
    long record = Dynptr.data(dynptr);
    if (record != 0) {
      RingBufferMap.of(cpu, record).writer().commit(record, flags, discarded);
      Dynptr.setNull(dynptr);
    }
    return 0;
  }
}
