package io.ebpf4j.examples;

import io.ebpf4j.BpfMap;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.pcap.CaptureReader;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Sends a capture through a small router: takes what the program made of each packet, and reads why
 * it did so.
 */
public final class XdpParse {
  private static final int XDP_PASS = 2;
  private static final int XDP_TX = 3;

  private XdpParse() {}

  /** {@code enum outcome} of the program. */
  public enum Outcome {
    FORWARDED,
    ANSWERED,
    NOT_IP,
    TOO_SHORT,
    BAD_CHECKSUM,
    EXPIRED,
    NO_STAGE
  }

  /**
   * What the router did.
   *
   * @param outcomes packets by outcome
   * @param passed packets that go on, as the program left them
   * @param answers packets that go back to where they came from
   */
  public record Routed(Map<Outcome, Long> outcomes, List<byte[]> passed, List<byte[]> answers) {}

  /** Prints the outcomes. Arguments: other files than the examples'. */
  public static void main(String[] arguments) throws IOException {
    Path object =
        Path.of(arguments.length > 0 ? arguments[0] : "examples/xdp-parse/xdp_parse.bpf.o");
    Path capture = Path.of(arguments.length > 1 ? arguments[1] : "examples/captures/mixed.pcap");
    try (Kernel kernel = JvmKernel.create()) {
      Routed routed = route(kernel, object, capture);
      routed
          .outcomes()
          .forEach((outcome, packets) -> System.out.printf("%-12s %d%n", outcome, packets));
      System.out.printf("%d go on, %d go back%n", routed.passed().size(), routed.answers().size());
    }
  }

  /** Runs the program over a capture. */
  public static Routed route(Kernel kernel, Path object, Path capture) throws IOException {
    try (BpfObject loaded = kernel.load(ObjectFile.read(object));
        CaptureReader packets = CaptureReader.open(capture)) {
      Program parse = loaded.program("parse");
      List<byte[]> passed = new ArrayList<>();
      List<byte[]> answers = new ArrayList<>();
      while (packets.next()) {
        byte[] packet =
            packets
                .memory()
                .asSlice(packets.offset(), packets.capturedLength())
                .toArray(ValueLayout.JAVA_BYTE);
        TestRun.Result result = parse.testRun(TestRun.of(packet));
        switch (result.returnValue()) {
          case XDP_PASS -> passed.add(result.data());
          case XDP_TX -> answers.add(result.data());
          default -> {}
        }
      }
      return new Routed(outcomes(loaded.map("outcomes")), passed, answers);
    }
  }

  private static Map<Outcome, Long> outcomes(BpfMap map) {
    Map<Outcome, Long> outcomes = new EnumMap<>(Outcome.class);
    for (Outcome outcome : Outcome.values()) {
      byte[] key =
          ByteBuffer.allocate(Integer.BYTES)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putInt(outcome.ordinal())
              .array();
      byte[] value = Objects.requireNonNull(map.lookup(key), "every element of an array exists");
      outcomes.put(outcome, ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getLong());
    }
    return outcomes;
  }
}
