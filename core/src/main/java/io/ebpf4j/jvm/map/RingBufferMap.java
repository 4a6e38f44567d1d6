package io.ebpf4j.jvm.map;

import io.ebpf4j.BpfMap.Mapping;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * RINGBUF and USER_RINGBUF: pages in memory, as users map them. One with the reader's position, one
 * with the writers', then the records: each 8 bytes of header and its bytes, rounded up to 8. A
 * record that begins near the end goes on behind it, so that it is never cut in two.
 *
 * <p>In front of these lies a page of the kernel's own, with the address of the map's structure: a
 * record's header tells how many pages it lies behind that one.
 */
public final class RingBufferMap extends JvmMap {
  static final int HEADER_BYTES = 8;
  static final int BUSY = 1 << 31;
  static final int DISCARDED = 1 << 30;
  static final long PAGES_BEFORE_DATA = 3;

  private final Block pages;
  private final long data;
  private final long mask;
  private final RingWriter writer;
  private final RingConsumer consumer;

  private RingBufferMap(Machine machine, MapSpec spec, int id, Block struct, Block pages) {
    super(machine, spec, id, SpecialFields.NONE, struct);
    this.pages = pages;
    this.data = pages.address() + PAGES_BEFORE_DATA * PAGE_BYTES;
    this.mask = Integer.toUnsignedLong(spec.maxEntries()) - 1;
    Memory.putLong(pages.address(), address());
    this.writer = new RingWriter(pages.address(), mask, this::wake);
    this.consumer = new RingConsumer(this, mask);
  }

  static RingBufferMap create(Machine machine, MapSpec spec, int id) {
    long size = Integer.toUnsignedLong(spec.maxEntries());
    Block pages = Block.allocate(PAGES_BEFORE_DATA * PAGE_BYTES + 2 * size, PAGE_BYTES);
    MapTable table = machine.slots().get(MapTable.SLOT);
    Block struct = table.allocateStruct(spec, id);
    return table.add(new RingBufferMap(machine, spec, id, struct, pages));
  }

  /** The ring that a record lies in. */
  static RingBufferMap of(Cpu cpu, long record) {
    long header = record - HEADER_BYTES;
    long pagesBefore = Integer.toUnsignedLong(Memory.getInt(header + Integer.BYTES));
    long first = (header & -PAGE_BYTES) - pagesBefore * PAGE_BYTES;
    return (RingBufferMap) MapTable.get(cpu, Memory.getLong(first));
  }

  /** Where the reader's position lies. */
  static long consumerPosition(long pages) {
    return pages + PAGE_BYTES;
  }

  /** Where the writers' position lies. */
  static long producerPosition(long pages) {
    return pages + 2 * PAGE_BYTES;
  }

  /** What programs do with it. */
  RingWriter writer() {
    return writer;
  }

  /** What its reader does with it. */
  RingConsumer consumer() {
    return consumer;
  }

  /** The pages, dead once the map has gone. */
  MemorySegment pages() {
    return pages.segment();
  }

  private void wake() {
    consumer.wake();
  }

  @Override
  public List<ValueArea> valueAreas() {
    return List.of();
  }

  @Override
  public long lookup(Cpu cpu, long key) {
    return 0;
  }

  @Override
  public long update(Cpu cpu, long key, long value, long flags) {
    return -Errno.ENOTSUPP.number();
  }

  @Override
  public long delete(Cpu cpu, long key) {
    return -Errno.ENOTSUPP.number();
  }

  @Override
  protected boolean get(MemorySegment key, MemorySegment value, long flags) {
    throw noElements();
  }

  @Override
  protected void set(MemorySegment key, MemorySegment value, long flags) {
    throw noElements();
  }

  @Override
  protected boolean remove(MemorySegment key) {
    throw noElements();
  }

  @Override
  protected boolean next(@Nullable MemorySegment key, MemorySegment next) {
    throw noElements();
  }

  private RuntimeException noElements() {
    return refusal(
        Errno.ENOTSUPP, "%s has no elements but a stream of records".formatted(spec().type()));
  }

  @Override
  protected boolean hasBatch() {
    return false;
  }

  /** The user's pages begin with the reader's position; only one side's are the user's to write. */
  @Override
  Mapping map(long offset, long length, boolean writable, MapUser.Access access) {
    if (writable) {
      writableMappingOpened();
    }
    try {
      boolean position = offset == 0 && length <= PAGE_BYTES;
      boolean writes = spec().type() == MapType.RINGBUF ? position : offset != 0;
      if (writable && !writes) {
        throw refusal(Errno.EPERM, "users do not write into that part of its pages");
      }
      long size = pages.size() - PAGE_BYTES;
      if (offset > size || length > size - offset) {
        throw refusal(
            Errno.EINVAL,
            "%d bytes from %d on are past its end: it has %d bytes"
                .formatted(length, offset, size));
      }
      retain();
      return new MemoryMapping(
          this, pages.segment().asSlice(PAGE_BYTES + offset, length), writable);
    } catch (Throwable failure) {
      if (writable) {
        writableMappingClosed();
      }
      throw failure;
    }
  }

  @Override
  protected long valueBytes() {
    return pages.size();
  }

  @Override
  protected void freeValues() {
    pages.close();
  }

  /** The address of the first record. */
  long data() {
    return data;
  }
}
