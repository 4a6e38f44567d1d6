package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.spec.AttachType;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/**
 * The programs that are attached to one control group, by attach type, in the order in which they
 * came. Those of a group run before those of the groups above it. Thread safe.
 */
public final class CgroupPrograms {
  private static final LoadedProgram[] NONE = {};

  private volatile Map<AttachType, LoadedProgram[]> programs = Map.of();

  CgroupPrograms() {}

  /** Those of a type; the caller is on a CPU, in whose RCU view they stay loaded. */
  public LoadedProgram[] of(AttachType type) {
    return programs.getOrDefault(type, NONE);
  }

  /** Adds a program behind the others. */
  public synchronized void add(AttachType type, LoadedProgram program) {
    LoadedProgram[] before = of(type);
    LoadedProgram[] after = Arrays.copyOf(before, before.length + 1);
    after[before.length] = program;
    set(type, after);
  }

  /** Puts another program in the place of one. */
  public synchronized void replace(AttachType type, LoadedProgram program, LoadedProgram next) {
    LoadedProgram[] after = of(type).clone();
    after[Arrays.asList(after).indexOf(program)] = next;
    set(type, after);
  }

  /** Removes a program. */
  public synchronized void remove(AttachType type, LoadedProgram program) {
    LoadedProgram[] before = of(type);
    int at = Arrays.asList(before).indexOf(program);
    LoadedProgram[] after = new LoadedProgram[before.length - 1];
    System.arraycopy(before, 0, after, 0, at);
    System.arraycopy(before, at + 1, after, at, after.length - at);
    set(type, after);
  }

  private void set(AttachType type, LoadedProgram[] now) {
    Map<AttachType, LoadedProgram[]> all = new EnumMap<>(AttachType.class);
    all.putAll(programs);
    all.put(type, now);
    programs = all;
  }
}
