package io.ebpf4j.examples;

import io.ebpf4j.BpfMap;
import io.ebpf4j.BpfObject;
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
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Latency of a service by thread: two tracepoints of the application, a value for each thread that
 * holds when its request began, and a histogram that Java reads.
 */
public final class Latency implements AutoCloseable {
  private static final int SLOTS = 64;
  private static final long LOOKS = 1_000_000;

  private final JvmKernel kernel = JvmKernel.create();
  private final Tracepoint begin = kernel.tracepoint("request_begin", Parameter.u64("id"));
  private final Tracepoint end = kernel.tracepoint("request_end", Parameter.u64("id"));
  private final BpfObject object;
  private final Link atBegin;
  private final Link atEnd;

  /** Attaches the programs of an object to the tracepoints. */
  public Latency(Path file) throws IOException {
    object = kernel.load(ObjectFile.read(file));
    atBegin = attach("begin", "request_begin");
    atEnd = attach("end", "request_end");
  }

  private Link attach(String program, String tracepoint) {
    return kernel.attach(object.program(program), new Attachment.RawTracepoint(tracepoint));
  }

  /** Serves a request between the tracepoints. */
  public void serve(long id, Runnable request) {
    begin.fire(id);
    request.run();
    end.fire(id);
  }

  /** Stops measuring; {@link #serve} goes on as if nothing had been there. */
  public void detach() {
    atBegin.close();
    atEnd.close();
  }

  /** Requests by how long they took: those of a key took that many nanoseconds, or up to twice. */
  public SortedMap<Long, Long> histogram() {
    BpfMap map = object.map("histogram");
    SortedMap<Long, Long> counts = new TreeMap<>();
    for (int slot = 0; slot < SLOTS; slot++) {
      MemorySegment count = MemorySegment.ofArray(new long[1]);
      map.lookup(MemorySegment.ofArray(new int[] {slot}), count, 0);
      long requests = count.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
      if (requests != 0) {
        counts.put(1L << slot, requests);
      }
    }
    return counts;
  }

  /** Nanoseconds of an event pair around nothing, as often as makes a steady mean. */
  public double nanosPerPair() {
    Runnable nothing = () -> {};
    double best = Double.MAX_VALUE;
    for (int round = 0; round < 5; round++) {
      long start = System.nanoTime();
      for (long i = 0; i < LOOKS; i++) {
        serve(i, nothing);
      }
      best = Math.min(best, (System.nanoTime() - start) / (double) LOOKS);
    }
    return best;
  }

  @Override
  public void close() {
    kernel.close();
  }

  /** Serves some requests on several threads, and prints what they took and what that cost. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Path file = Path.of(arguments.length > 0 ? arguments[0] : "examples/storage/latency.bpf.o");
    try (Latency latency = new Latency(file)) {
      Thread[] threads = new Thread[4];
      for (int t = 0; t < threads.length; t++) {
        threads[t] =
            Thread.ofVirtual()
                .start(() -> {
                  for (int i = 0; i < 1_000; i++) {
                    latency.serve(i, () -> Thread.onSpinWait());
                  }
                });
      }
      for (Thread thread : threads) {
        thread.join();
      }
      latency
          .histogram()
          .forEach((nanos, requests) -> System.out.printf("%10d ns %d%n", nanos, requests));
      System.out.printf("%.1f ns for a pair of events%n", latency.nanosPerPair());
      latency.detach();
      System.out.printf("%.2f ns where nothing is attached%n", latency.nanosPerPair());
    }
  }
}
