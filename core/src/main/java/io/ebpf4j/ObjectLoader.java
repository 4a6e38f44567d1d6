package io.ebpf4j;

import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.object.ProgramSection;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Objects;
import java.util.SequencedMap;

/**
 * Turns an object file into live maps and programs, all or nothing: maps are made or taken over,
 * filled and frozen; then programs are loaded; then maps of programs and maps get their initial
 * entries. What was made is undone in reverse where a later step fails.
 */
final class ObjectLoader {
  private final Kernel kernel;
  private final ObjectFile file;
  private final LoadOptions options;
  private final SequencedMap<String, BpfMap> maps = new LinkedHashMap<>();
  private final SequencedMap<String, Program> programs = new LinkedHashMap<>();
  private final Deque<Runnable> undo = new ArrayDeque<>();

  ObjectLoader(Kernel kernel, ObjectFile file, LoadOptions options) {
    this.kernel = kernel;
    this.file = file;
    this.options = options;
  }

  BpfObject load() {
    file.configure(kernel.configuration());
    try {
      options.reusedMaps().keySet().forEach(this::mustHaveMap);
      file.maps().forEach(this::addMap);
      file.programs().forEach(this::addProgram);
      file.maps().forEach(this::enterValues);
    } catch (Throwable failure) {
      undo.forEach(Runnable::run);
      throw failure;
    }
    return new BpfObject(file.name(), maps, programs);
  }

  private void mustHaveMap(String name) {
    if (!file.maps().containsKey(name)) {
      throw new IllegalArgumentException(
          "%s has no map '%s' to reuse one for; it has %s"
              .formatted(file.name(), name, file.maps().keySet()));
    }
  }

  private void addMap(String name, MapSpec declared) {
    boolean perCpu = declared.type() == MapType.PERF_EVENT_ARRAY && declared.maxEntries() == 0;
    MapSpec spec = perCpu ? declared.withMaxEntries(kernel.possibleCpus()) : declared;
    String path = options.pinDirectory() + "/" + name;
    boolean byName = spec.pinning() == MapSpec.Pinning.BY_NAME;
    BpfMap reused = options.reusedMaps().get(name);
    BpfMap map;
    if (reused != null) {
      map = kept(name, kernel.mapById(reused.id()).orElseThrow());
      mustHaveShape(name, spec, map, "the map given to reuse");
    } else if (byName && kernel.isPinned(path)) {
      map = kept(name, pinnedMap(path));
      mustHaveShape(name, spec, map, "the map pinned at " + path);
    } else {
      map = kept(name, created(spec));
      fill(map, spec);
      if (byName) {
        map.pin(path);
        undo.push(() -> kernel.unpin(path));
      }
    }
  }

  /** Maps that take no types, or not these, are made without, as every loader does. */
  private BpfMap created(MapSpec spec) {
    try {
      return kernel.createMap(spec);
    } catch (BpfException refused) {
      if (spec.btf() == null) {
        throw refused;
      }
      return kernel.createMap(spec.withTypes(null, 0, 0));
    }
  }

  private BpfMap kept(String name, BpfMap map) {
    undo.push(map::close);
    maps.put(name, map);
    return map;
  }

  private BpfMap pinnedMap(String path) {
    Handle pinned = kernel.openPinned(path);
    if (pinned instanceof BpfMap map) {
      return map;
    }
    pinned.close();
    throw new BpfException(Errno.EINVAL, "what is pinned at " + path + " is no map");
  }

  private void mustHaveShape(String name, MapSpec spec, BpfMap map, String what) {
    MapSpec other = map.spec();
    if (other.type() != spec.type()
        || other.keySize() != spec.keySize()
        || other.valueSize() != spec.valueSize()
        || other.maxEntries() != spec.maxEntries()
        || other.flags() != spec.flags()) {
      throw new BpfException(
          Errno.EINVAL,
          "%s differs from map '%s' of %s: it is %s, and %s is asked for"
              .formatted(what, name, file.name(), shape(other), shape(spec)));
    }
  }

  private static String shape(MapSpec spec) {
    return "%s with keys of %d, values of %d bytes, %d entries and flags %#x"
        .formatted(spec.type(), spec.keySize(), spec.valueSize(), spec.maxEntries(), spec.flags());
  }

  private static void fill(BpfMap map, MapSpec spec) {
    MemorySegment contents = spec.contents();
    if (contents != null) {
      map.update(key(0), contents, MapFlags.ANY);
    }
    if (spec.frozen()) {
      map.freeze();
    }
  }

  private void enterValues(String name, MapSpec spec) {
    BpfMap map = Objects.requireNonNull(maps.get(name));
    spec.values().forEach((slot, entry) -> map.update(key(slot), fd(spec, entry), MapFlags.ANY));
  }

  private void addProgram(String name, ProgramSpec spec) {
    if (!file.omittedPrograms().contains(name)) {
      mustHaveType(spec);
      Program program = kernel.loadProgram(spec, maps);
      undo.push(program::close);
      programs.put(name, program);
    }
  }

  private void mustHaveType(ProgramSpec spec) {
    if (spec.type() == ProgramType.UNSPEC) {
      throw new BpfException(
          Errno.EINVAL,
          ("%s: program %s is in section %s, which says nothing about its type; like it are %s."
                  + " Leave it out, or replace it by one with a type")
              .formatted(
                  file.name(),
                  spec.name(),
                  spec.section(),
                  String.join(", ", ProgramSection.namesNear(spec.section()))));
    }
  }

  private MemorySegment fd(MapSpec spec, String entry) {
    Handle handle = spec.type() == MapType.PROG_ARRAY ? programs.get(entry) : maps.get(entry);
    if (handle == null) {
      throw new BpfException(
          Errno.EINVAL,
          "map '%s' of %s is to hold '%s' from the start, which was not loaded"
              .formatted(spec.name(), file.name(), entry));
    }
    return key(handle.fd());
  }

  private static MemorySegment key(int number) {
    MemorySegment key = MemorySegment.ofArray(new byte[Integer.BYTES]);
    key.set(ValueLayout.JAVA_INT_UNALIGNED, 0, number);
    return key;
  }
}
