package io.ebpf4j.spec;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.isa.Instruction;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a program is to be: linked instructions in which calls between functions are resolved, and
 * references to maps and kernel types that are resolved when it is loaded.
 *
 * @param name the C function's name
 * @param section the ELF section it came from, or empty
 * @param type the program type; UNSPEC where its section's name says nothing about it: no kernel
 *     loads it before it is set
 * @param expectedAttachType the attach type it is loaded for, or null for none
 * @param sleepable whether it is loaded with BPF_F_SLEEPABLE
 * @param frags whether it is loaded with BPF_F_XDP_HAS_FRAGS
 * @param strictAlignment whether it is loaded with BPF_F_STRICT_ALIGNMENT: every access aligned
 * @param attachTo what its section names behind the slash (a tracepoint, a function), or empty
 * @param license the object's license, empty where it has none
 * @param kernelVersion the object's {@code version}, 0 where it has none
 * @param instructions all slots: the program's own, then those of the functions it calls
 * @param references what the kernel that loads it puts into the instructions
 * @param coreRelocations what it adapts to the kernel's types
 * @param btf the object's types, or null where it has none
 * @param functions where each function begins and its BTF type, in slot order
 * @param lines source lines, in slot order
 * @param targetProgram the id of the loaded program whose function {@code attachTo} names, which
 *     this one replaces (EXT) or traces; 0 where it names something of the kernel's
 * @param mapsByIndex the maps that instructions may name by their number in this list
 *     (BPF_PSEUDO_MAP_IDX), as the load's {@code fd_array} has them
 */
public record ProgramSpec(
    String name,
    String section,
    ProgramType type,
    @Nullable AttachType expectedAttachType,
    boolean sleepable,
    boolean frags,
    boolean strictAlignment,
    String attachTo,
    String license,
    int kernelVersion,
    List<Instruction> instructions,
    List<Reference> references,
    List<CoreRelocation> coreRelocations,
    @Nullable Btf btf,
    List<FunctionInfo> functions,
    List<LineInfo> lines,
    int targetProgram,
    List<String> mapsByIndex) {

  /** Copies the lists. */
  public ProgramSpec {
    Objects.requireNonNull(name);
    Objects.requireNonNull(type);
    instructions = List.copyOf(instructions);
    references = List.copyOf(references);
    coreRelocations = List.copyOf(coreRelocations);
    functions = List.copyOf(functions);
    lines = List.copyOf(lines);
    mapsByIndex = List.copyOf(mapsByIndex);
  }

  /** A program that neither names maps by index nor another program's function. */
  public ProgramSpec(
      String name,
      String section,
      ProgramType type,
      @Nullable AttachType expectedAttachType,
      boolean sleepable,
      boolean frags,
      boolean strictAlignment,
      String attachTo,
      String license,
      int kernelVersion,
      List<Instruction> instructions,
      List<Reference> references,
      List<CoreRelocation> coreRelocations,
      @Nullable Btf btf,
      List<FunctionInfo> functions,
      List<LineInfo> lines) {
    this(
        name,
        section,
        type,
        expectedAttachType,
        sleepable,
        frags,
        strictAlignment,
        attachTo,
        license,
        kernelVersion,
        instructions,
        references,
        coreRelocations,
        btf,
        functions,
        lines,
        0,
        List.of());
  }

  /** A program of instructions alone, GPL. */
  public static ProgramSpec of(String name, ProgramType type, List<Instruction> instructions) {
    return new ProgramSpec(
        name,
        "",
        type,
        null,
        false,
        false,
        false,
        "",
        "GPL",
        0,
        instructions,
        List.of(),
        List.of(),
        null,
        List.of(),
        List.of());
  }

  /** This program with another name. */
  public ProgramSpec withName(String newName) {
    return new ProgramSpec(
        newName,
        section,
        type,
        expectedAttachType,
        sleepable,
        frags,
        strictAlignment,
        attachTo,
        license,
        kernelVersion,
        instructions,
        references,
        coreRelocations,
        btf,
        functions,
        lines,
        targetProgram,
        mapsByIndex);
  }

  /** This program with another type. */
  public ProgramSpec withType(ProgramType newType) {
    return new ProgramSpec(
        name,
        section,
        newType,
        expectedAttachType,
        sleepable,
        frags,
        strictAlignment,
        attachTo,
        license,
        kernelVersion,
        instructions,
        references,
        coreRelocations,
        btf,
        functions,
        lines,
        targetProgram,
        mapsByIndex);
  }

  /** This program with another expected attach type. */
  public ProgramSpec withExpectedAttachType(@Nullable AttachType newAttachType) {
    return new ProgramSpec(
        name,
        section,
        type,
        newAttachType,
        sleepable,
        frags,
        strictAlignment,
        attachTo,
        license,
        kernelVersion,
        instructions,
        references,
        coreRelocations,
        btf,
        functions,
        lines,
        targetProgram,
        mapsByIndex);
  }

  /** This program with another license. */
  public ProgramSpec withLicense(String newLicense) {
    return new ProgramSpec(
        name,
        section,
        type,
        expectedAttachType,
        sleepable,
        frags,
        strictAlignment,
        attachTo,
        newLicense,
        kernelVersion,
        instructions,
        references,
        coreRelocations,
        btf,
        functions,
        lines,
        targetProgram,
        mapsByIndex);
  }

  /** This program with other instructions in the same slots. */
  public ProgramSpec withInstructions(List<Instruction> newInstructions) {
    return new ProgramSpec(
        name,
        section,
        type,
        expectedAttachType,
        sleepable,
        frags,
        strictAlignment,
        attachTo,
        license,
        kernelVersion,
        newInstructions,
        references,
        coreRelocations,
        btf,
        functions,
        lines,
        targetProgram,
        mapsByIndex);
  }

  /** This program with other references. */
  public ProgramSpec withReferences(List<Reference> newReferences) {
    return new ProgramSpec(
        name,
        section,
        type,
        expectedAttachType,
        sleepable,
        frags,
        strictAlignment,
        attachTo,
        license,
        kernelVersion,
        instructions,
        newReferences,
        coreRelocations,
        btf,
        functions,
        lines,
        targetProgram,
        mapsByIndex);
  }

  /** This program with other CO-RE relocations. */
  public ProgramSpec withCoreRelocations(List<CoreRelocation> newRelocations) {
    return new ProgramSpec(
        name,
        section,
        type,
        expectedAttachType,
        sleepable,
        frags,
        strictAlignment,
        attachTo,
        license,
        kernelVersion,
        instructions,
        references,
        newRelocations,
        btf,
        functions,
        lines,
        targetProgram,
        mapsByIndex);
  }

  /** This program with other load flags. */
  public ProgramSpec withFlags(boolean newSleepable, boolean newFrags) {
    return new ProgramSpec(
        name,
        section,
        type,
        expectedAttachType,
        newSleepable,
        newFrags,
        strictAlignment,
        attachTo,
        license,
        kernelVersion,
        instructions,
        references,
        coreRelocations,
        btf,
        functions,
        lines,
        targetProgram,
        mapsByIndex);
  }

  /** This program with the alignment of its accesses demanded or not. */
  public ProgramSpec withStrictAlignment(boolean strict) {
    return new ProgramSpec(
        name,
        section,
        type,
        expectedAttachType,
        sleepable,
        frags,
        strict,
        attachTo,
        license,
        kernelVersion,
        instructions,
        references,
        coreRelocations,
        btf,
        functions,
        lines,
        targetProgram,
        mapsByIndex);
  }

  /** This program with types, and where its functions and source lines begin. */
  public ProgramSpec withDebugInformation(
      @Nullable Btf newBtf, List<FunctionInfo> newFunctions, List<LineInfo> newLines) {
    return new ProgramSpec(
        name,
        section,
        type,
        expectedAttachType,
        sleepable,
        frags,
        strictAlignment,
        attachTo,
        license,
        kernelVersion,
        instructions,
        references,
        coreRelocations,
        newBtf,
        newFunctions,
        newLines,
        targetProgram,
        mapsByIndex);
  }

  /** This program with another target: what stands behind the slash of a section's name. */
  public ProgramSpec withAttachTo(String newAttachTo) {
    return new ProgramSpec(
        name,
        section,
        type,
        expectedAttachType,
        sleepable,
        frags,
        strictAlignment,
        newAttachTo,
        license,
        kernelVersion,
        instructions,
        references,
        coreRelocations,
        btf,
        functions,
        lines,
        targetProgram,
        mapsByIndex);
  }

  /** This program for a function of another, by that program's id. */
  public ProgramSpec withTargetProgram(int programId) {
    return new ProgramSpec(
        name,
        section,
        type,
        expectedAttachType,
        sleepable,
        frags,
        strictAlignment,
        attachTo,
        license,
        kernelVersion,
        instructions,
        references,
        coreRelocations,
        btf,
        functions,
        lines,
        programId,
        mapsByIndex);
  }

  /** This program with maps that its instructions name by their number in this list. */
  public ProgramSpec withMapsByIndex(List<String> maps) {
    return new ProgramSpec(
        name,
        section,
        type,
        expectedAttachType,
        sleepable,
        frags,
        strictAlignment,
        attachTo,
        license,
        kernelVersion,
        instructions,
        references,
        coreRelocations,
        btf,
        functions,
        lines,
        targetProgram,
        maps);
  }

  /** Something in an instruction that only the kernel that loads the program can fill in. */
  public sealed interface Reference {
    /** The slot of the instruction. */
    int slot();

    /** A 64-bit immediate load of a map's handle. */
    record ToMap(int slot, String map) implements Reference {}

    /** A 64-bit immediate load of an address in the only element of a map: global data. */
    record ToMapValue(int slot, String map, int offset) implements Reference {}

    /**
     * A 64-bit immediate load of a kernel variable's address ({@code __ksym}), which is 0 where a
     * weak one is missing. {@code btfType} is its type in the object's BTF, 0 for an untyped one.
     */
    record ToKernelSymbol(int slot, String symbol, int btfType, boolean weak)
        implements Reference {}

    /** A call of a kernel function (kfunc). A missing weak one is an error only when reached. */
    record ToKernelFunction(int slot, String function, int btfType, boolean weak)
        implements Reference {}
  }

  /**
   * A CO-RE relocation record: the instruction's immediate or offset is to be what {@code access}
   * means in the kernel's types.
   *
   * @param slot the instruction
   * @param typeId the root type in the object's BTF
   * @param access the access string, such as {@code 0:1:2}
   * @param kind {@code enum bpf_core_relo_kind}: 0 to 12
   */
  public record CoreRelocation(int slot, int typeId, String access, int kind) {}

  /** A function that begins at a slot, with its BTF type (a FUNC). */
  public record FunctionInfo(int slot, int typeId) {}

  /**
   * Where in the source an instruction comes from.
   *
   * @param slot the first slot of the line
   * @param file the source file's name
   * @param text the source line as written, or empty
   * @param line from 1
   * @param column from 1
   */
  public record LineInfo(int slot, String file, String text, int line, int column) {}
}
