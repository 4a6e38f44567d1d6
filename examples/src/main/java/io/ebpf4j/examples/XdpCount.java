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
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Counts a capture's packets by IP protocol and address family, and drops one protocol: sets a
 * variable before the load, runs the program over each packet, and reads an array, a per-CPU array
 * and a global variable.
 */
public final class XdpCount {
  private static final int XDP_DROP = 1;
  private static final int PROTOCOLS = 256;
  private static final List<String> FAMILIES = List.of("other", "ARP", "IPv4", "IPv6");

  private XdpCount() {}

  /**
   * What was counted.
   *
   * @param dropped packets with the verdict XDP_DROP
   * @param droppedByProgram the same, as the program's variable {@code dropped} has it
   * @param protocols packets by IP protocol number, those that there were
   * @param families packets and bytes by address family
   */
  public record Counts(
      long packets,
      long dropped,
      long droppedByProgram,
      SortedMap<Integer, Long> protocols,
      SortedMap<String, Traffic> families) {}

  /** Packets, and the bytes of all of them. */
  public record Traffic(long packets, long bytes) {}

  /** Prints the counts. Arguments: the protocol to drop, and other files than the examples'. */
  public static void main(String[] arguments) throws IOException {
    int protocol = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 257;
    Path object =
        Path.of(arguments.length > 1 ? arguments[1] : "examples/xdp-count/xdp_count.bpf.o");
    Path capture = Path.of(arguments.length > 2 ? arguments[2] : "examples/captures/mixed.pcap");
    try (Kernel kernel = JvmKernel.create()) {
      Counts counts = count(kernel, object, capture, protocol);
      System.out.printf("%d packets, %d dropped%n", counts.packets(), counts.dropped());
      counts
          .families()
          .forEach((family, traffic) -> System.out.printf("%-8s %s%n", family, traffic));
      counts
          .protocols()
          .forEach(
              (number, packets) -> System.out.printf("IP protocol %3d: %d%n", number, packets));
    }
  }

  /**
   * Runs the program over a capture.
   *
   * @param dropProtocol the IP protocol number to drop, 256 for what is not IP, 257 for nothing
   */
  public static Counts count(Kernel kernel, Path object, Path capture, int dropProtocol)
      throws IOException {
    ObjectFile file = ObjectFile.read(object);
    file.set("drop_protocol", dropProtocol);
    try (BpfObject loaded = kernel.load(file);
        CaptureReader packets = CaptureReader.open(capture)) {
      Program program = loaded.program("count");
      long dropped = 0;
      while (packets.next()) {
        byte[] packet =
            packets
                .memory()
                .asSlice(packets.offset(), packets.capturedLength())
                .toArray(ValueLayout.JAVA_BYTE);
        if (program.testRun(TestRun.of(packet)).returnValue() == XDP_DROP) {
          dropped++;
        }
      }
      int droppedOffset = file.variable("dropped").offset();
      return new Counts(
          packets.packets(),
          dropped,
          value(loaded.map(".bss"), 0).getLong(droppedOffset),
          protocols(loaded.map("cnt")),
          families(loaded.map("families")));
    }
  }

  private static SortedMap<Integer, Long> protocols(BpfMap counts) {
    SortedMap<Integer, Long> protocols = new TreeMap<>();
    for (int protocol = 0; protocol < PROTOCOLS; protocol++) {
      long packets = value(counts, protocol).getLong();
      if (packets != 0) {
        protocols.put(protocol, packets);
      }
    }
    return protocols;
  }

  /** Adds up what each CPU has counted. */
  private static SortedMap<String, Traffic> families(BpfMap perCpu) {
    SortedMap<String, Traffic> families = new TreeMap<>();
    for (int family = 0; family < FAMILIES.size(); family++) {
      ByteBuffer values = value(perCpu, family);
      long packets = 0;
      long bytes = 0;
      while (values.hasRemaining()) {
        packets += values.getLong();
        bytes += values.getLong();
      }
      families.put(FAMILIES.get(family), new Traffic(packets, bytes));
    }
    return families;
  }

  private static ByteBuffer value(BpfMap map, int key) {
    byte[] keyBytes =
        ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(key).array();
    byte[] value = Objects.requireNonNull(map.lookup(keyBytes), "every element of an array exists");
    return ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
  }
}
