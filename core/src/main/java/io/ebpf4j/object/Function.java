package io.ebpf4j.object;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.spec.ProgramSpec.CoreRelocation;
import io.ebpf4j.spec.ProgramSpec.LineInfo;
import io.ebpf4j.spec.ProgramSpec.Reference;
import java.util.List;

/**
 * A C function as the compiler wrote it: a program or a subprogram. All slots in it count from its
 * own first instruction.
 *
 * @param name the symbol's name
 * @param section the number of its section
 * @param sectionName the name of its section
 * @param start its first slot in the section
 * @param local whether it is {@code static}
 * @param instructions its slots; calls and addresses of functions are not yet filled in
 * @param calls the functions it calls or takes the address of, by slot
 * @param references what the kernel that loads it fills in, by slot
 * @param coreRelocations what is adapted to the kernel's types, by slot
 * @param btfType its FUNC in the object's BTF, 0 where that is not known
 * @param lines its source lines, by slot
 */
record Function(
    String name,
    int section,
    String sectionName,
    int start,
    boolean local,
    List<Instruction> instructions,
    List<Call> calls,
    List<Reference> references,
    List<CoreRelocation> coreRelocations,
    int btfType,
    List<LineInfo> lines) {

  /** A call of the function that begins at a slot of a section, or a load of its address. */
  record Call(int slot, int section, int targetStart) {}

  int size() {
    return instructions.size();
  }
}
