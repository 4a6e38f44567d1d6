package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A map of a type that this kernel does not run: programs that name it are verified, and nothing
 * can be done with it.
 */
public final class JudgedMap extends JvmMap {
  private JudgedMap(Machine machine, MapSpec spec, int id, Block struct) {
    super(machine, spec, id, SpecialFields.NONE, struct);
  }

  /** Makes maps of a type, of whatever sizes. */
  public record Kind(MapType type) implements MapKind {
    @Override
    public JvmMap create(Machine machine, MapSpec spec, int id) {
      MapTable table = machine.slots().get(MapTable.SLOT);
      return table.add(new JudgedMap(machine, spec, id, table.allocateStruct(spec, id)));
    }
  }

  private RuntimeException unbuilt() {
    return refusal(
        Errno.ENOTSUPP,
        "programs with a map of type %s are verified here, and the map does not work"
            .formatted(spec().type()));
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
  protected long valueBytes() {
    return 0;
  }

  @Override
  protected boolean get(MemorySegment key, MemorySegment value, long flags) {
    throw unbuilt();
  }

  @Override
  protected void set(MemorySegment key, MemorySegment value, long flags) {
    throw unbuilt();
  }

  @Override
  protected boolean remove(MemorySegment key) {
    throw unbuilt();
  }

  @Override
  protected boolean next(@Nullable MemorySegment key, MemorySegment next) {
    throw unbuilt();
  }

  @Override
  protected boolean hasBatch() {
    return false;
  }

  @Override
  protected void freeValues() {}
}
