package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.MapSpec;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * ARRAY_OF_MAPS: inner maps of the same shape as a template. Beside the objects it keeps the
 * addresses of their structures in raw memory, so that a program's lookup is an array access and a
 * load. An update returns when no program uses the old inner map any more.
 */
public final class ArrayOfMaps extends FdArray<JvmMap> {
  private final InnerTemplate template;
  private final Block addresses;

  private ArrayOfMaps(
      Machine machine,
      MapSpec spec,
      int id,
      Block struct,
      ArrayLayout layout,
      AtomicReferenceArray<@Nullable JvmMap> entries,
      InnerTemplate template,
      Block addresses) {
    super(machine, spec, id, struct, layout, entries);
    this.template = template;
    this.addresses = addresses;
  }

  static ArrayOfMaps create(Machine machine, MapSpec spec, int id, InnerTemplate template) {
    ArrayLayout layout = ArrayLayout.of(spec);
    AtomicReferenceArray<@Nullable JvmMap> entries = allocate(layout);
    Block addresses = Block.allocate(layout.bytes(), Long.BYTES);
    Block struct = ArrayElements.allocateStruct(machine, spec, id, layout);
    return machine
        .slots()
        .get(MapTable.SLOT)
        .add(new ArrayOfMaps(machine, spec, id, struct, layout, entries, template, addresses));
  }

  @Override
  public MapShape inner() {
    return template;
  }

  @Override
  public long lookup(Cpu cpu, long key) {
    long index = ArrayLayout.index(key);
    return index < layout.count()
        ? Memory.getLongAcquire(addresses.address() + (index & layout.mask()) * Long.BYTES)
        : 0;
  }

  @Override
  JvmMap hold(int fd) {
    return template.hold(this, fd);
  }

  @Override
  void changed(int index, @Nullable JvmMap inner) {
    Memory.putLongRelease(
        addresses.address() + (long) index * Long.BYTES, inner == null ? 0 : inner.address());
  }

  @Override
  void awaitReaders() {
    if (!machine().rcu().isInside()) {
      machine().rcu().synchronize();
    }
  }

  @Override
  int userValue(JvmMap inner) {
    return inner.id();
  }

  @Override
  protected boolean hasBatch() {
    return true;
  }

  @Override
  protected long valueBytes() {
    return super.valueBytes() + addresses.size();
  }

  @Override
  protected void freeValues() {
    addresses.close();
  }
}
