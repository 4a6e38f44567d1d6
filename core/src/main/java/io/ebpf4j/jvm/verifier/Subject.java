package io.ebpf4j.jvm.verifier;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.ProgramKind;
import io.ebpf4j.jvm.helper.HelperTable;
import io.ebpf4j.jvm.helper.KfuncTable;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.spec.ProgramSpec;
import java.util.List;
import java.util.Map;

/**
 * What is verified.
 *
 * @param spec the program as it was given
 * @param instructions its slots, with references resolved
 * @param maps what 64-bit immediate loads load, by slot
 * @param poisoned slots that no run may reach, and why
 * @param kind the program's type
 * @param context what R1 points at
 * @param helpers what it may call
 * @param kfuncs the kernel functions that it may call by BTF type
 * @param kernelTypes the kernel's own types
 * @param cpus how many CPUs there may be
 */
public record Subject(
    ProgramSpec spec,
    List<Instruction> instructions,
    Map<Integer, MapUse> maps,
    Map<Integer, String> poisoned,
    ProgramKind kind,
    ContextLayout context,
    HelperTable helpers,
    KfuncTable kfuncs,
    Btf kernelTypes,
    int cpus) {
  /** Copies the collections. */
  public Subject {
    instructions = List.copyOf(instructions);
    maps = Map.copyOf(maps);
    poisoned = Map.copyOf(poisoned);
  }

  /**
   * A map that an instruction names.
   *
   * @param offset bytes into the map's only value, or -1 where the map itself is meant
   */
  public record MapUse(JvmMap map, int offset) {
    /** Whether the map itself is meant. */
    public boolean isMap() {
      return offset < 0;
    }
  }
}
