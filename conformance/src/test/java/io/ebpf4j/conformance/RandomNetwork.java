package io.ebpf4j.conformance;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Link;
import io.ebpf4j.Program;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.Attachment.XdpMode;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A device map, frames that go by it, and devices that come down, up and away, all drawn from one
 * seed: a line for each operation with its answer or what came out where.
 */
final class RandomNetwork {
  private static final int PAIRS = 4;
  private static final int[] REDIRECT_FLAGS = {0, 2, 8, 24};

  private final TwinNetwork network;
  private final SplittableRandom random;
  private final @Nullable List<Integer> expected;
  private final List<Integer> counts = new ArrayList<>();
  private final List<String> transcript = new ArrayList<>();
  private final Set<String> devices = new LinkedHashSet<>();
  private final List<Program> egress = new ArrayList<>();
  private final List<Program> redirecting = new ArrayList<>();
  private final BpfMap map;
  private final Link link;
  private int sent;

  /**
   * Prepares a run.
   *
   * @param expected how many frames the other kernel has seen at each look, or null
   */
  RandomNetwork(TwinNetwork network, long seed, @Nullable List<Integer> expected) {
    this.network = network;
    this.random = new SplittableRandom(seed);
    this.expected = expected;
    Kernel kernel = network.kernel();
    MapType type = random.nextBoolean() ? MapType.DEVMAP : MapType.DEVMAP_HASH;
    int entries = 1 + random.nextInt(6);
    map = kernel.createMap(MapSpec.of("targets", type, 4, 8, entries));
    XdpMode mode = random.nextInt(3) == 0 ? XdpMode.GENERIC : XdpMode.NATIVE;
    transcript.add("%s with %d entries, %s".formatted(type, entries, mode));
    for (int flags : REDIRECT_FLAGS) {
      redirecting.add(
          kernel.loadProgram(XdpPrograms.redirectByPayload(flags), Map.of("targets", map)));
    }
    egress.add(kernel.loadProgram(XdpPrograms.egress(2), Map.of()));
    egress.add(kernel.loadProgram(XdpPrograms.egress(1), Map.of()));
    egress.add(kernel.loadProgram(XdpPrograms.stamp(16, 2, AttachType.XDP_DEVMAP), Map.of()));
    Program pass = kernel.loadProgram(XdpPrograms.verdict(2), Map.of());
    for (int i = 0; i < PAIRS; i++) {
      String pair = "" + (char) ('a' + i);
      devices.add(pair + "1");
      kernel.attach(pass, new Attachment.Xdp(network.ifindex(pair + "0"), XdpMode.NATIVE));
    }
    link = kernel.attach(redirecting.getFirst(), new Attachment.Xdp(network.ifindex("a1"), mode));
  }

  static int pairs() {
    return PAIRS;
  }

  /** How many frames were seen at each look. */
  List<Integer> counts() {
    return counts;
  }

  /** Runs the operations. */
  List<String> run(int steps) throws Exception {
    for (int i = 0; i < steps; i++) {
      step();
    }
    return transcript;
  }

  private void step() throws Exception {
    switch (random.nextInt(16)) {
      case 0, 1, 2, 3 -> update();
      case 4 -> delete();
      case 5 -> say("keys " + keys());
      case 6 -> lookup();
      case 7 -> upOrDown();
      case 8 -> remove();
      default -> send();
    }
  }

  private void update() {
    int key = key();
    String device = random.nextInt(8) == 0 ? "none" : pick();
    int program = random.nextInt(6);
    int flags = random.nextInt(8) == 0 ? random.nextInt(5) : 0;
    MemorySegment value = Elements.room(8);
    value.set(
        ValueLayout.JAVA_INT_UNALIGNED,
        0,
        device.equals("none") ? random.nextInt(2) * 4711 : network.ifindex(device));
    value.set(
        ValueLayout.JAVA_INT_UNALIGNED,
        4,
        program < egress.size() ? egress.get(program).fd() : program == 3 ? map.fd() : 0);
    say(
        "update %d to %s program %d flags %d: %s"
            .formatted(key, device, program, flags, Elements.update(map, key, value, flags)));
  }

  private void delete() {
    int key = key();
    say("delete %d: %s".formatted(key, Elements.delete(map, key)));
  }

  private void lookup() {
    int key = key();
    MemorySegment value = Elements.room(8);
    String answer = "ENOENT";
    if (map.lookup(Elements.u32(key), value, 0)) {
      int ifindex = value.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
      int id = value.get(ValueLayout.JAVA_INT_UNALIGNED, 4);
      answer = devices.stream().filter(name -> network.ifindex(name) == ifindex).toList() + " ";
      for (int i = 0; i < egress.size(); i++) {
        answer += egress.get(i).id() == id ? "program " + i : "";
      }
    }
    say("lookup %d: %s".formatted(key, answer));
  }

  private List<Integer> keys() {
    List<Integer> keys = new ArrayList<>();
    MemorySegment key = null;
    MemorySegment next = Elements.room(4);
    while (map.nextKey(key, next)) {
      keys.add(next.get(ValueLayout.JAVA_INT_UNALIGNED, 0));
      key = Elements.u32(keys.getLast());
    }
    return keys;
  }

  private void upOrDown() throws Exception {
    String device = pick();
    boolean up = random.nextInt(3) != 0;
    if (!device.equals("a1")) {
      network.up(device, up);
      say("%s is %s".formatted(device, up ? "up" : "down"));
    }
  }

  private void remove() throws Exception {
    String device = pick();
    if (!device.equals("a1") && random.nextInt(3) == 0) {
      devices.remove(device);
      network.remove(device);
      say(device + " is removed");
    }
  }

  private void send() throws Exception {
    int key = random.nextInt(7);
    int program = random.nextInt(redirecting.size());
    try {
      link.update(redirecting.get(program));
    } catch (BpfException refused) {
      say("update of the link: " + refused.errno());
    }
    byte[] frame = new byte[60];
    byte[] header = HexFormat.of().parseHex("0200000000aa0200000000bb88b5");
    System.arraycopy(header, 0, frame, 0, header.length);
    frame[14] = (byte) key;
    frame[15] = (byte) ++sent;
    network.send("a0", frame);
    StringBuilder seen = new StringBuilder();
    for (String device : List.copyOf(devices)) {
      look(device.replace('1', '0'), seen);
    }
    look("a1", seen);
    say("frame %d to key %d by program %d:%s".formatted(sent, key, program, seen));
  }

  private void look(String device, StringBuilder seen) throws Exception {
    int await = expected == null ? 0 : expected.get(counts.size());
    List<byte[]> frames = await == 0 ? network.seen(device) : network.received(device, await);
    counts.add(frames.size());
    for (byte[] frame : frames) {
      seen.append(' ').append(device).append('=').append(HexFormat.of().formatHex(frame, 12, 18));
    }
  }

  private int key() {
    return random.nextInt(7);
  }

  private String pick() {
    return List.copyOf(devices).get(random.nextInt(devices.size()));
  }

  private void say(String line) {
    transcript.add(line);
  }
}
