package io.ebpf4j.examples;

import io.ebpf4j.BpfMap;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Descriptor;
import io.ebpf4j.Link;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.jvm.trace.Tracepoint;
import io.ebpf4j.jvm.trace.Tracepoint.Parameter;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.Attachment;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * Tenants in control groups of their own: one program counts each tenant's events, another keeps
 * whatever it can get with the tenant that it runs for, until that one's limit stops it.
 */
public final class Tenants {
  /** Bytes that the values of one tenant may take: room for one hoard and a counter. */
  public static final int LIMIT = 8_192;

  private Tenants() {}

  /**
   * What came of it.
   *
   * @param honestEvents events counted for the tenant that hoards nothing
   * @param hostileEvents events counted for the other one
   * @param hoarded values that the hostile program got
   * @param refused how often it got none
   */
  public record Outcome(long honestEvents, long hostileEvents, long hoarded, long refused) {}

  /** Prints the outcome. */
  public static void main(String[] arguments) throws IOException {
    Path file = Path.of(arguments.length > 0 ? arguments[0] : "examples/storage/tenants.bpf.o");
    System.out.println(run(file, 1_000));
  }

  /** Lets both tenants work for some events, the hostile program attached for one of them. */
  public static Outcome run(Path file, int events) throws IOException {
    try (JvmKernel kernel = JvmKernel.builder().storageLimits(LIMIT, Long.MAX_VALUE).build();
        Descriptor honest = kernel.createCgroup(null, "honest");
        Descriptor hostile = kernel.createCgroup(null, "hostile")) {
      Tracepoint work = kernel.tracepoint("work", Parameter.u64("id"));
      ObjectFile objects = ObjectFile.read(file);
      try (BpfObject object = kernel.load(objects);
          Link _ = kernel.attach(object.program("account"), new Attachment.Loaded())) {
        kernel.enterCgroup("/hostile");
        try (Link _ = kernel.attach(object.program("hoard"), new Attachment.Loaded())) {
          fire(work, events);
        }
        kernel.enterCgroup("/honest");
        fire(work, events);
        kernel.enterCgroup("/");
        BpfMap counts = object.map("events");
        BpfMap globals = object.map(".bss");
        return new Outcome(
            value(counts, honest.fd(), 8, 0),
            value(counts, hostile.fd(), 8, 0),
            value(globals, 0, 16, objects.variable("hoarded").offset()),
            value(globals, 0, 16, objects.variable("refused").offset()));
      }
    }
  }

  private static void fire(Tracepoint tracepoint, int events) {
    for (int i = 0; i < events; i++) {
      tracepoint.fire(i);
    }
  }

  private static long value(BpfMap map, int key, int bytes, int offset) {
    MemorySegment value = MemorySegment.ofArray(new byte[bytes]);
    map.lookup(MemorySegment.ofArray(new int[] {key}), value, 0);
    return value.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
  }
}
