package io.ebpf4j;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/**
 * An object's live maps and programs, as a kernel made them. Closing it closes them all; what is
 * pinned stays.
 */
public final class BpfObject implements AutoCloseable {
  private final String name;
  private final SequencedMap<String, BpfMap> maps;
  private final SequencedMap<String, Program> programs;

  BpfObject(
      String name, SequencedMap<String, BpfMap> maps, SequencedMap<String, Program> programs) {
    this.name = name;
    this.maps = new LinkedHashMap<>(maps);
    this.programs = new LinkedHashMap<>(programs);
  }

  /** The object file's name. */
  public String name() {
    return name;
  }

  /**
   * The maps in the order of the file, by their name in the object: a variable's name, or for
   * global data a section's ({@code .bss}).
   */
  public SequencedMap<String, BpfMap> maps() {
    return Collections.unmodifiableSequencedMap(maps);
  }

  /**
   * The map with that name.
   *
   * @throws IllegalArgumentException where the object has none
   */
  public BpfMap map(String mapName) {
    return named(maps, "map", mapName);
  }

  /** The programs in the order of the file, by name. */
  public SequencedMap<String, Program> programs() {
    return Collections.unmodifiableSequencedMap(programs);
  }

  /**
   * The program with that name.
   *
   * @throws IllegalArgumentException where the object has none
   */
  public Program program(String programName) {
    return named(programs, "program", programName);
  }

  @Override
  public void close() {
    programs.values().forEach(Program::close);
    maps.values().forEach(BpfMap::close);
  }

  private <T> T named(SequencedMap<String, T> things, String kind, String wanted) {
    T thing = things.get(wanted);
    if (thing == null) {
      throw new IllegalArgumentException(
          "%s has no %s '%s'; it has %s".formatted(name, kind, wanted, things.keySet()));
    }
    return thing;
  }
}
