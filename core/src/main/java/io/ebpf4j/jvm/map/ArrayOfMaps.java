package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.handle.Counted;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * ARRAY_OF_MAPS: inner maps of the same shape as a template. Beside the objects it keeps the
 * addresses of their structures in raw memory, so that a program's lookup is an array access and a
 * load. An update returns when no program uses the old inner map any more.
 */
public final class ArrayOfMaps extends FdArray<JvmMap> {
  /** Flags that belong to a map's descriptor, not to the map. */
  private static final int DESCRIPTOR_FLAGS = MapFlags.RDONLY | MapFlags.WRONLY;

  private final MapSpec template;
  private final SpecialFields templateFields;
  private final Block addresses;

  private ArrayOfMaps(
      Machine machine,
      MapSpec spec,
      int id,
      Block struct,
      ArrayLayout layout,
      AtomicReferenceArray<@Nullable JvmMap> entries,
      JvmMap template,
      Block addresses) {
    super(machine, spec, id, struct, layout, entries);
    this.template = template.spec();
    this.templateFields = template.specialFields();
    this.addresses = addresses;
  }

  static ArrayOfMaps create(Machine machine, MapSpec spec, int id, JvmMap template) {
    ArrayLayout layout = ArrayLayout.of(spec);
    AtomicReferenceArray<@Nullable JvmMap> entries = allocate(layout);
    Block addresses = Block.allocate(layout.bytes(), Long.BYTES);
    Block struct = ArrayElements.allocateStruct(machine, spec, id, layout);
    return machine
        .slots()
        .get(MapTable.SLOT)
        .add(new ArrayOfMaps(machine, spec, id, struct, layout, entries, template, addresses));
  }

  /** What inner maps must be like. */
  public MapSpec template() {
    return template;
  }

  @Override
  public MapShape inner() {
    return new MapShape.Template(template, templateFields);
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
    Counted object =
        heldObject(fd).orElseThrow(() -> refusal(Errno.EBADF, "there is no descriptor " + fd));
    JvmMap inner =
        ofType(object, JvmMap.class)
            .orElseThrow(() -> refusal(Errno.EINVAL, "descriptor %d is no map".formatted(fd)));
    String difference = difference(inner);
    if (difference != null) {
      inner.release();
      throw refusal(
          Errno.EINVAL,
          "%s differs from the template of the inner maps in its %s".formatted(inner, difference));
    }
    return inner;
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

  private @Nullable String difference(JvmMap inner) {
    MapSpec spec = inner.spec();
    if (spec.type() != template.type()) {
      return "type";
    }
    if (spec.keySize() != template.keySize()) {
      return "key size";
    }
    if (spec.valueSize() != template.valueSize()) {
      return "value size";
    }
    if ((spec.flags() & ~DESCRIPTOR_FLAGS) != (template.flags() & ~DESCRIPTOR_FLAGS)) {
      return "flags";
    }
    if (!inner.specialFields().fields().equals(templateFields.fields())) {
      return "special fields";
    }
    boolean anyCount = spec.type() != MapType.ARRAY || (template.flags() & MapFlags.INNER_MAP) != 0;
    return anyCount || spec.maxEntries() == template.maxEntries() ? null : "max_entries";
  }
}
