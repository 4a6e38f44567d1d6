package io.ebpf4j.object;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfValue;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.ProgramSpec;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A compiled object as a set of specs, which its user may change before a kernel loads them: map
 * sizes, variables, programs left out. No kernel has seen anything of it yet. Not thread safe.
 */
public final class ObjectFile {
  private final ObjectContents contents;
  private final SequencedMap<String, MapSpec> maps;
  private final SequencedMap<String, ProgramSpec> programs;
  private final SequencedSet<String> omitted = new LinkedHashSet<>();

  private ObjectFile(ObjectContents contents) {
    this.contents = contents;
    this.maps = contents.maps();
    this.programs = contents.programs();
    programs.forEach((name, program) -> {
      if (program.section().startsWith("?")) {
        omitted.add(name);
      }
    });
  }

  /**
   * Reads an object.
   *
   * @throws IOException where the file cannot be read
   * @throws ObjectFormatException where it is no object that can be used
   */
  public static ObjectFile read(Path file) throws IOException {
    return parse(file.toString(), Files.readAllBytes(file));
  }

  /**
   * Reads an object from its bytes.
   *
   * @param name the file's name or path: messages begin with it, and the file's name up to its
   *     first dot becomes part of the names of the maps of global data
   * @throws ObjectFormatException where it is no object that can be used
   */
  public static ObjectFile parse(String name, byte[] bytes) {
    return new ObjectFile(ObjectReader.read(name, bytes));
  }

  /**
   * An object's types alone, as the compiler wrote them: {@link #btf} has the places of global
   * variables filled in.
   *
   * @param name the file's name or path, with which messages begin
   * @return empty where the object has none
   * @throws ObjectFormatException where it is no object, or its types are damaged
   */
  public static Optional<Btf> writtenTypes(String name, byte[] bytes) {
    return TypeReader.written(ElfFile.parse(name, bytes));
  }

  /** The file's name or path, as it was given. */
  public String name() {
    return contents.name();
  }

  /** The object's license, empty where it has none. */
  public String license() {
    return contents.license();
  }

  /** The object's {@code version}, 0 where it has none. */
  public int kernelVersion() {
    return contents.kernelVersion();
  }

  /** The object's types. */
  public Optional<Btf> btf() {
    return Optional.ofNullable(contents.btf());
  }

  /** What the kernel is to bring. */
  public List<Extern> externs() {
    return contents.externs();
  }

  /** The sections in file order. */
  public List<ObjectSection> sections() {
    return contents.sections();
  }

  /**
   * The maps in file order, by the name that programs use: the C variable's, or the section's for
   * global data ({@code .bss}). {@link MapSpec#name} is what the kernel is told, at most 15 bytes.
   */
  public SequencedMap<String, MapSpec> maps() {
    return Collections.unmodifiableSequencedMap(maps);
  }

  /**
   * A map by the name that programs use.
   *
   * @throws IllegalArgumentException where there is none
   */
  public MapSpec map(String name) {
    return existing(maps, name, "map");
  }

  /**
   * Puts another map in a map's place.
   *
   * @throws IllegalArgumentException where there is none of that name
   */
  public void replaceMap(String name, MapSpec spec) {
    existing(maps, name, "map");
    maps.put(name, spec);
  }

  /**
   * The programs in file order by function name, those left out too. One in a section whose name
   * says nothing is of type {@link io.ebpf4j.spec.ProgramType#UNSPEC}: it cannot be loaded unless
   * it is replaced by one with a type.
   */
  public SequencedMap<String, ProgramSpec> programs() {
    return Collections.unmodifiableSequencedMap(programs);
  }

  /**
   * A program by its function's name.
   *
   * @throws IllegalArgumentException where there is none
   */
  public ProgramSpec program(String name) {
    return existing(programs, name, "program");
  }

  /**
   * Puts another program in a program's place.
   *
   * @throws IllegalArgumentException where there is none of that name
   */
  public void replaceProgram(String name, ProgramSpec spec) {
    existing(programs, name, "program");
    programs.put(name, spec);
  }

  /**
   * The programs that are not loaded: those left out, and at first those whose section's name
   * begins with {@code ?}.
   */
  public SequencedSet<String> omittedPrograms() {
    return Collections.unmodifiableSequencedSet(omitted);
  }

  /**
   * Leaves a program out of the load.
   *
   * @throws IllegalArgumentException where there is none of that name
   */
  public void omit(String program) {
    existing(programs, program, "program");
    omitted.add(program);
  }

  /**
   * Takes a program that was left out into the load again.
   *
   * @throws IllegalArgumentException where there is none of that name
   */
  public void include(String program) {
    existing(programs, program, "program");
    omitted.remove(program);
  }

  /**
   * The numbers of the helpers that a program calls, with the functions linked to it.
   *
   * @throws IllegalArgumentException where there is no program of that name
   */
  public SortedSet<Integer> helpers(String program) {
    SortedSet<Integer> helpers = new TreeSet<>();
    boolean secondHalf = false;
    for (Instruction instruction : program(program).instructions()) {
      if (!secondHalf
          && instruction.opcode() == (Isa.BPF_JMP | Isa.BPF_CALL)
          && instruction.src() == 0) {
        helpers.add(instruction.imm());
      }
      secondHalf = !secondHalf && instruction.isWide();
    }
    return helpers;
  }

  /** The global variables, by section and place; none without BTF. */
  public List<Variable> variables() {
    return contents.variables();
  }

  /**
   * A global variable by its C name.
   *
   * @throws IllegalArgumentException where there is none
   */
  public Variable variable(String name) {
    return contents.variables().stream()
        .filter(variable -> variable.name().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "%s has no global variable %s; it has %s"
                    .formatted(
                        name(),
                        name,
                        listed(contents.variables().stream().map(Variable::name).toList()))));
  }

  /**
   * A variable's initial bytes, read-only and aligned for every type.
   *
   * @throws IllegalArgumentException where there is no such variable
   */
  public MemorySegment get(String variable) {
    Variable place = variable(variable);
    checkInside(place);
    MemorySegment section = map(place.section()).contents();
    // An array of longs lets the caller read numbers of every size from it.
    MemorySegment value = MemorySegment.ofArray(new long[place.size() / Long.BYTES + 1]);
    if (section != null) {
      long given = Math.clamp(section.byteSize() - place.offset(), 0, place.size());
      MemorySegment.copy(section, Math.min(place.offset(), section.byteSize()), value, 0, given);
    }
    return value.asSlice(0, place.size()).asReadOnly();
  }

  /**
   * Sets a variable's initial value.
   *
   * @param value what its type takes, as {@link BtfValue} says: a number, a boolean, text, a list,
   *     or a map by member name; members that are not given keep their values
   * @throws IllegalArgumentException where there is no such variable, or the value does not fit its
   *     type
   */
  public void set(String variable, Object value) {
    Variable place = variable(variable);
    byte[] section = sectionBytes(place);
    try {
      BtfValue.write(
          Objects.requireNonNull(contents.btf()), place.btfType(), value, section, place.offset());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "%s: variable %s: %s".formatted(name(), variable, e.getMessage()), e);
    }
    MapSpec map = map(place.section());
    maps.put(place.section(), map.withContents(MemorySegment.ofArray(section).asReadOnly()));
  }

  /**
   * Fills the {@code .kconfig} map, where the object has one, with what a kernel's configuration
   * says. Whoever loads the object calls this first.
   *
   * @throws ObjectFormatException where an option that is not weak is not set, or does not fit
   */
  public void configure(KernelConfiguration kernel) {
    MapSpec map = maps.get(ConfigurationMap.SECTION);
    if (map != null) {
      byte[] values = contents.configuration().contents(kernel);
      maps.put(
          ConfigurationMap.SECTION, map.withContents(MemorySegment.ofArray(values).asReadOnly()));
    }
  }

  /** The bytes of the section that a variable lies in; zeros where nothing says otherwise. */
  private byte[] sectionBytes(Variable place) {
    MapSpec map = map(place.section());
    MemorySegment contents = map.contents();
    checkInside(place);
    byte[] bytes = new byte[map.valueSize()];
    if (contents != null) {
      long given = Math.min(contents.byteSize(), bytes.length);
      MemorySegment.copy(contents, 0, MemorySegment.ofArray(bytes), 0, given);
    }
    return bytes;
  }

  private void checkInside(Variable place) {
    if (place.size() > map(place.section()).valueSize() - place.offset()) {
      throw new IllegalArgumentException(
          "%s: variable %s lies outside of map %s, which was made smaller"
              .formatted(name(), place.name(), place.section()));
    }
  }

  private <T> T existing(Map<String, T> all, String name, String what) {
    T found = all.get(name);
    if (found == null) {
      throw new IllegalArgumentException(
          "%s has no %s %s; it has %s".formatted(name(), what, name, listed(all.keySet())));
    }
    return found;
  }

  private static String listed(Collection<String> names) {
    return names.isEmpty() ? "none" : String.join(", ", names);
  }
}
