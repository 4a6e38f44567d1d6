package io.ebpf4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.pcap.CaptureReader;
import io.ebpf4j.pcap.CaptureWriter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunCommandTest {
  private static final Path COUNT = CommandRun.root().resolve("examples/xdp-count/xdp_count.bpf.o");
  private static final Path MIXED = CommandRun.root().resolve("examples/captures/mixed.pcap");
  private static final Path OPTIONS = CommandRun.resource("objects/options.bpf.o");
  private static final Path FLOATS = CommandRun.resource("objects/floats.bpf.o");
  private static final Path SKB = CommandRun.resource("objects/skb.bpf.o");
  private static final String PACKET = "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f";

  @TempDir Path directory;

  @Test
  void printsVerdictsAndMapsAsTables() {
    String out = CommandRun.of("run", COUNT, "--pcap", MIXED).succeeded();

    assertThat(out.lines().map(line -> line.replaceAll(" +", " ").strip()))
        .anyMatch(line -> line.matches("count: xdp, 80 instructions, verified in .* ms, run by .*"))
        .contains("verdict packets share", "XDP_DROP 110 29.0%", "XDP_PASS 269 71.0%")
        .contains("map cnt (array, 256 elements, key 4 bytes, value 8 bytes)", "6 145", "17 22")
        .contains("2 0 {packets = 155, bytes = 91835}")
        .contains("map .bss (array, 1 elements, key 4 bytes, value 16 bytes)", "dropped 110")
        .doesNotContain("3 0", "0 1 {packets = 0, bytes = 0}");
  }

  @Test
  void allShowsZeroElementsToo() {
    String out = CommandRun.of("run", COUNT, "--pcap", MIXED, "--all", "--cpus", 2).succeeded();

    assertThat(out.lines().map(line -> line.replaceAll(" +", " ").strip()))
        .contains("3 0", "0 1 {packets = 0, bytes = 0}");
  }

  /** Recorded from Linux 6.18 with bpftool's prog run and map dump, on CPU 0 of two. */
  @Test
  void jsonHasTheVerdictsAndElementsThatLinuxHas() throws Exception {
    JsonValue linux =
        JsonValue.parse(Files.readString(CommandRun.resource("linux/xdp_count.json")));

    JsonValue json = CommandRun.of("run", COUNT, "--pcap", MIXED, "--json", "--cpus", 2).json();

    assertThat(json.get("object").value()).isEqualTo(COUNT.toString());
    assertThat(json.get("differences").value()).isEqualTo(List.of());
    JsonValue run = onlyRun(json);
    assertThat(run.get("kernel").value()).isEqualTo("jvm");
    assertThat(run.get("program").value()).isEqualTo("count");
    assertThat(run.get("type").value()).isEqualTo("xdp");
    assertThat(run.get("packets").value()).isEqualTo(379L);
    assertThat((Double) run.get("ns_per_packet").value()).isPositive();
    assertThat(run.get("verdicts").value()).isEqualTo(linux.get("verdicts").value());
    assertThat(run.get("maps").list())
        .containsExactlyInAnyOrderElementsOf(linux.get("maps").list());
  }

  @Test
  void variablesAndElementsAreSetBeforeTheRun() throws Exception {
    JsonValue run =
        onlyRun(
            decide(
                "--set", "verdict=0x1",
                "--set", "preset={\"limit\":9,\"at\":{\"x\":3}}",
                "--put", "settings[1]={\"limit\":100,\"color\":\"GREEN\",\"label\":\"hi\"}",
                "--put", "steps[0]=5",
                "--put", "untyped[0x1]=0x010203",
                "--put", "untyped[0]=hex:aabbcc"));

    assertThat(run.get("verdicts").value()).isEqualTo(Map.of("XDP_DROP", 1L));
    assertThat(formatted(run, "settings", 1).value())
        .isEqualTo(
            Map.of("limit", 109L, "color", "GREEN", "label", "hi", "at", Map.of("x", 0L, "y", 0L)));
    assertThat(element(run, "steps", 0).get("formatted").value())
        .isEqualTo(
            Map.of(
                "key",
                0L,
                "values",
                List.of(Map.of("cpu", 0L, "value", 9L), Map.of("cpu", 1L, "value", 5L))));
    assertThat(element(run, "untyped", 0).value())
        .isEqualTo(
            Map.of(
                "key", List.of("0x00", "0x00", "0x00", "0x00"),
                "value", List.of("0xaa", "0xbb", "0xcc")));
    assertThat(element(run, "untyped", 1).get("value").value())
        .isEqualTo(List.of("0x03", "0x02", "0x01"));
  }

  @Test
  void bytesOfAVariableAreSetAsTheyLieInMemory() throws Exception {
    JsonValue run = onlyRun(decide("--set", "verdict=hex:03000000"));

    assertThat(run.get("verdicts").value()).isEqualTo(Map.of("XDP_TX", 1L));
  }

  @Test
  void aMapIsResized() throws Exception {
    JsonValue run = onlyRun(decide("--map", "settings=7"));

    assertThat(run.get("maps").named("settings").get("max_entries").value()).isEqualTo(7L);
    assertThat(run.get("maps").named("settings").get("elements").list()).hasSize(7);
  }

  @Test
  void unknownVerdictsAreNumbers() throws Exception {
    CommandRun run =
        CommandRun.of(
            "run",
            OPTIONS,
            "--prog",
            "decide",
            "--json",
            "--packet",
            "ff".repeat(14),
            "--set",
            "verdict=0");

    assertThat(onlyRun(run.json()).get("verdicts").value()).isEqualTo(Map.of("77", 1L));
  }

  @Test
  void refusedPacketsAreCountedByReasonAndTheRunGoesOn() throws Exception {
    JsonValue run = onlyRun(decide("--packet", "0102", "--packet", PACKET));

    assertThat(run.get("packets").value()).isEqualTo(3L);
    assertThat(run.get("refused").value()).isEqualTo(Map.of("EINVAL", 1L));
    assertThat(run.get("verdicts").value()).isEqualTo(Map.of("XDP_PASS", 2L));
    assertThat(run.has("truncated")).isFalse();
  }

  @Test
  void packetsThatWereCutWhenTheyWereRecordedAreCounted() throws Exception {
    Path capture = directory.resolve("cut.pcap");
    try (CaptureWriter writer = CaptureWriter.create(capture)) {
      MemorySegment packet = MemorySegment.ofArray(new byte[60]);
      writer.write(packet, 0, 60, 60, 0);
      writer.write(packet, 0, 60, 1500, 0);
    }

    JsonValue run = onlyRun(decide("--pcap", capture));

    assertThat(run.get("truncated").value()).isEqualTo(1L);
    assertThat(run.get("packets").value()).isEqualTo(3L);
  }

  @Test
  void eachPacketIsRepeatedAsItWasRead() throws Exception {
    JsonValue run = onlyRun(decide("--repeat", 5));

    assertThat(run.get("packets").value()).isEqualTo(5L);
    assertThat(run.get("verdicts").value()).isEqualTo(Map.of("XDP_PASS", 5L));
    assertThat(formatted(run, ".bss", 0).get(".bss").list())
        .contains(new JsonValue(Map.of("runs", 5L)));
  }

  /** Packets go to compiled programs in batches, unless what is left of them is asked for. */
  @ParameterizedTest
  @ValueSource(strings = {"decide", "classify", "keep"})
  void batchesGiveWhatPacketsOneByOneGive(String program) throws Exception {
    Path object = program.equals("decide") ? OPTIONS : SKB;
    List<Object> run = new ArrayList<>(List.of("run", object, "--prog", program, "--json"));
    run.addAll(List.of("--repeat", 3));
    for (int length : new int[] {60, 13, 14, 3520, 3521, 3712, 3713, 6000, 70000, 64}) {
      run.addAll(List.of("--packet", "%02x".formatted(length & 0xff).repeat(length)));
    }
    for (String type : List.of("0800", "86dd")) {
      for (int bytes : new int[] {0, 19, 20, 39, 40}) {
        run.addAll(List.of("--packet", "00".repeat(12) + type + "45".repeat(bytes)));
      }
    }
    run.addAll(List.of("--packet", "ff".repeat(20), "--pcap", MIXED));
    JsonValue batches = CommandRun.of(run.toArray()).json().get("runs").get(0);
    run.addAll(List.of("--write", directory.resolve("out.pcap")));
    JsonValue oneByOne = CommandRun.of(run.toArray()).json().get("runs").get(0);

    assertThat(batches.get("packets").value()).isEqualTo(3L * (21 + 379));
    for (String member : List.of("packets", "verdicts", "refused", "maps")) {
      assertThat(batches.get(member)).as(member).isEqualTo(oneByOne.get(member));
    }
  }

  @Test
  void capturesOfSeveralFormatsAndStandardInputAreOneInput() throws Exception {
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream(Files.readAllBytes(MIXED)));
    try {
      JsonValue run =
          onlyRun(
              CommandRun.of(
                      "run",
                      COUNT,
                      "--json",
                      "--pcap",
                      "-",
                      "--pcap",
                      MIXED,
                      "--packet",
                      "00".repeat(64))
                  .json());

      assertThat(run.get("packets").value()).isEqualTo(2 * 379L + 1);
    } finally {
      System.setIn(before);
    }
  }

  @Test
  void packetsThatPassAreWrittenAsTheProgramChangedThem() throws Exception {
    Path written = directory.resolve("out.pcapng");

    CommandRun.of(
            "run",
            OPTIONS,
            "--prog",
            "decide",
            "--packet",
            PACKET,
            "--packet",
            "ff".repeat(14),
            "--write",
            written)
        .succeeded();

    assertThat(packets(written)).containsExactly("000102030405060708090a0b0cee0e0f");
  }

  @Test
  void verdictInTheFileNameSplitsThePackets() throws Exception {
    CommandRun.of("run", COUNT, "--pcap", MIXED, "--write", directory.resolve("{verdict}.pcap"))
        .succeeded();

    assertThat(packets(directory.resolve("XDP_PASS.pcap"))).hasSize(269);
    assertThat(packets(directory.resolve("XDP_DROP.pcap"))).hasSize(110);
  }

  @Test
  void traceShowsWhatProgramsPrint() throws Exception {
    CommandRun text =
        CommandRun.of("run", OPTIONS, "--prog", "talk", "--packet", PACKET, "--trace");
    CommandRun json =
        CommandRun.of("run", OPTIONS, "--prog", "talk", "--packet", PACKET, "--trace", "--json");

    assertThat(text.succeeded().lines()).first().asString().contains("length 16");
    assertThat(json.err()).contains("length 16");
    assertThat(onlyRun(JsonValue.parse(json.out())).get("packets").value()).isEqualTo(1L);
  }

  @Test
  void trafficControlVerdictsHaveTheirNames() throws Exception {
    JsonValue run =
        onlyRun(CommandRun.of("run", SKB, "--prog", "classify", "--pcap", MIXED, "--json").json());

    assertThat(run.get("type").value()).isEqualTo("sched_cls");
    assertThat(run.get("verdicts").has("TC_ACT_UNSPEC")).isTrue();
    assertThat(run.get("verdicts").has("TC_ACT_SHOT")).isTrue();
  }

  /** Linux clears the Ethernet header, which a socket filter does not see. */
  @Test
  void aSocketFiltersPacketIsWrittenAsItsTestRunGivesIt() throws Exception {
    Path written = directory.resolve("kept.pcap");
    String packet = "01".repeat(12) + "88b5" + "02".repeat(200);

    JsonValue run =
        onlyRun(
            CommandRun.of(
                    "run",
                    SKB,
                    "--prog",
                    "keep",
                    "--packet",
                    packet,
                    "--packet",
                    "00".repeat(60),
                    "--write",
                    written,
                    "--json")
                .json());

    assertThat(run.get("verdicts").value()).isEqualTo(Map.of("0", 1L, "20", 1L));
    assertThat(packets(written)).containsExactly("00".repeat(14) + "02".repeat(200));
  }

  @Test
  void aSyscallProgramGetsItsContextFromThePacketOption() throws Exception {
    JsonValue run =
        onlyRun(
            CommandRun.of("run", SKB, "--prog", "add", "--packet", "0300000004000000", "--json")
                .json());

    assertThat(run.get("verdicts").value()).isEqualTo(Map.of("7", 1L));
    assertThat(CommandRun.of("run", SKB, "--prog", "add", "--pcap", MIXED).failed(ExitStatus.USAGE))
        .contains("a syscall program takes no packets");
  }

  @Test
  void aProgramThatTellsNoTimeIsTimedFromOutside() throws Exception {
    JsonValue run =
        onlyRun(
            CommandRun.of("run", SKB, "--prog", "add", "--packet", "0300000004000000", "--json")
                .json());

    assertThat((Double) run.get("ns_per_packet").value()).isPositive();
  }

  @Test
  void whereNothingRanThereIsNoTime() throws Exception {
    CommandRun text = CommandRun.of("run", OPTIONS, "--prog", "decide", "--packet", "00");
    JsonValue run =
        onlyRun(
            CommandRun.of("run", OPTIONS, "--prog", "decide", "--packet", "00", "--json").json());

    assertThat(run.get("ns_per_packet").value()).isSameAs(JsonValue.NULL);
    assertThat(text.succeeded())
        .contains("1 packet\n")
        .doesNotContain("ns each", "verdict  packets");
  }

  @Test
  void floatingVariablesAreSetByTheirType() throws Exception {
    JsonValue run =
        onlyRun(
            CommandRun.of(
                    "run",
                    FLOATS,
                    "--prog",
                    "weigh",
                    "--packet",
                    PACKET,
                    "--set",
                    "threshold=0",
                    "--set",
                    "ratio=-inf",
                    "--set",
                    "weight={\"ratio\":0.1,\"scale\":1e300}",
                    "--json")
                .json());

    assertThat(run.get("verdicts").value()).isEqualTo(Map.of("XDP_DROP", 1L));
    assertThat(run.get("maps").get(1).get("elements").get(0).get("formatted").get("value").value())
        .isEqualTo(
            Map.of(
                ".bss",
                List.of(
                    Map.of("ratio", "-Infinity"),
                    Map.of("weight", Map.of("ratio", 0.1, "scale", 1e300)))));
  }

  @Test
  void aFaultNamesTheContextThatWasGiven() {
    assertThat(
            CommandRun.of(
                    "run", FLOATS, "--prog", "fourth", "--packet", "00".repeat(8), "--interpret")
                .failed(ExitStatus.REFUSED))
        .contains("16 bytes past the end of the context");
  }

  @Test
  void aMapIsNamedInMessagesAsInTheOutput() {
    assertThat(
            CommandRun.of(
                    "run",
                    OPTIONS,
                    "--prog",
                    "decide",
                    "--packet",
                    "00",
                    "--put",
                    ".rodata[0]=hex:" + "00".repeat(42))
                .failed(ExitStatus.REFUSED))
        .contains("map .rodata: it is frozen")
        .doesNotContain("options.rodata");
  }

  @Test
  void aProgramThatIsRefusedIsNotRun() {
    CommandRun run = CommandRun.of("run", OPTIONS, "--prog", "stray", "--packet", PACKET);

    assertThat(run.status()).isEqualTo(ExitStatus.REFUSED);
    assertThat(run.err().lines().findFirst().orElseThrow())
        .contains("return data[200];", "R1 offset is outside of the packet (EACCES)")
        .doesNotContain("(EACCES) (EACCES)");
    assertThat(run.err()).contains("processed 2 insns");
  }

  @Test
  void aContextShorterThanTheProgramReachesIsRefused() {
    assertThat(
            CommandRun.of("run", FLOATS, "--prog", "fourth", "--packet", "00".repeat(8), "--json")
                .succeeded())
        .contains("\"EINVAL\"");
  }

  @Test
  void aStrayAccessStopsTheRunAndNamesPacketAndSourceLine() {
    assertThat(
            CommandRun.of("run", OPTIONS, "--prog", "stray", "--packet", PACKET, "--interpret")
                .failed(ExitStatus.REFUSED))
        .contains("packet 1: program stray", "return data[200];", "past the end of the packet");
  }

  @Test
  void debugShowsAStackTraceAndNothingElseDoes() {
    CommandRun run = CommandRun.of("run", directory.resolve("none.o"), "--packet", PACKET);
    CommandRun debugged =
        CommandRun.of("run", directory.resolve("none.o"), "--packet", PACKET, "--debug");

    assertThat(run.failed(ExitStatus.REFUSED)).contains("none.o does not exist");
    assertThat(debugged.err()).contains("none.o does not exist", "\tat io.ebpf4j.cli");
  }

  private static JsonValue decide(Object... more) throws IOException {
    List<Object> arguments =
        new ArrayList<>(
            List.of("run", OPTIONS, "--prog", "decide", "--json", "--cpus", 2, "--packet", PACKET));
    arguments.addAll(List.of(more));
    return CommandRun.of(arguments.toArray()).json();
  }

  private static JsonValue onlyRun(JsonValue json) {
    assertThat(json.get("runs").list()).hasSize(1);
    return json.get("runs").get(0);
  }

  private static JsonValue element(JsonValue run, String map, int index) {
    return run.get("maps").named(map).get("elements").get(index);
  }

  private static JsonValue formatted(JsonValue run, String map, int index) {
    return element(run, map, index).get("formatted").get("value");
  }

  private static List<String> packets(Path capture) throws IOException {
    List<String> packets = new ArrayList<>();
    try (CaptureReader reader = CaptureReader.open(capture)) {
      while (reader.next()) {
        byte[] packet =
            reader
                .memory()
                .asSlice(reader.offset(), reader.capturedLength())
                .toArray(ValueLayout.JAVA_BYTE);
        packets.add(HexFormat.of().formatHex(packet));
      }
    }
    return packets;
  }
}
