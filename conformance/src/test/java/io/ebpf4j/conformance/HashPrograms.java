package io.ebpf4j.conformance;

import io.ebpf4j.BpfMap;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.TestRun;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.MapSpec;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;

/** The programs of {@code hashes.bpf.o}, on a kernel, with a map of some type. */
final class HashPrograms implements AutoCloseable {
  static final int LOOKUP = 0;
  static final int UPDATE = 1;
  static final int DELETE = 2;
  static final int ADD = 3;
  static final int HOLD = 4;

  private static final int ETHERNET = 14;

  private final BpfObject object;

  private HashPrograms(BpfObject object) {
    this.object = object;
  }

  /** Loads some of the programs, after a change of their map. */
  static HashPrograms load(Kernel kernel, UnaryOperator<MapSpec> change, String... programs) {
    try (InputStream in = HashPrograms.class.getResourceAsStream("/hashes.bpf.o")) {
      ObjectFile file = ObjectFile.parse("hashes.bpf.o", Objects.requireNonNull(in).readAllBytes());
      file.replaceMap("elements", change.apply(file.map("elements")));
      Set<String> wanted = Set.of(programs);
      file.programs().keySet().stream().filter(p -> !wanted.contains(p)).forEach(file::omit);
      return new HashPrograms(kernel.load(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  BpfMap map(String name) {
    return object.map(name);
  }

  BpfMap elements() {
    return object.map("elements");
  }

  /** One operation by a program, and what it returned. */
  int operate(int operation, int key, long value, long flags) {
    return run("operate", operation, key, value, flags);
  }

  /** Walks over the elements, deleting each or not; what bpf_for_each_map_elem gave. */
  int walk(int last, boolean delete, long flags) {
    return run("walk", 0, last, delete ? 1 : 0, flags);
  }

  int lookupOn(int key, long cpu) {
    return run("lookup_on", 0, key, cpu, 0);
  }

  int run(String program, int operation, int key, long value, long flags) {
    byte[] packet = new byte[64];
    MemorySegment request = MemorySegment.ofArray(packet).asSlice(ETHERNET);
    request.set(ValueLayout.JAVA_INT_UNALIGNED, 0, operation);
    request.set(ValueLayout.JAVA_INT_UNALIGNED, 4, key);
    request.set(ValueLayout.JAVA_LONG_UNALIGNED, 8, value);
    request.set(ValueLayout.JAVA_LONG_UNALIGNED, 16, flags);
    return object.program(program).testRun(TestRun.of(packet)).returnValue();
  }

  /** Runs a program of a socket buffer with that mark and those words in cb. */
  int runMarked(String program, int mark, int... cb) {
    byte[] context = new byte[192];
    MemorySegment fields = MemorySegment.ofArray(context);
    fields.set(ValueLayout.JAVA_INT_UNALIGNED, 8, mark);
    for (int i = 0; i < cb.length; i++) {
      fields.set(ValueLayout.JAVA_INT_UNALIGNED, 48 + 4L * i, cb[i]);
    }
    TestRun run = TestRun.of(new byte[64]).withContext(context);
    return object.program(program).testRun(run).returnValue();
  }

  /** What the programs saw, from the first on. */
  List<Long> seen(int count) {
    List<Long> seen = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      seen.add(Elements.value(object.map("seen"), i));
    }
    return seen;
  }

  @Override
  public void close() {
    object.close();
  }
}
