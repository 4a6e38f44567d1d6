package io.ebpf4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class InspectAndDisasmTest {
  private static final Path PARSE = CommandRun.root().resolve("examples/xdp-parse/xdp_parse.bpf.o");
  private static final Path SPEED = CommandRun.root().resolve("bench/src/main/bpf/speed.bpf.o");
  private static final Path OPTIONS = CommandRun.resource("objects/options.bpf.o");

  @Test
  void inspectListsWhatIsInTheObject() {
    String out = CommandRun.of("inspect", OPTIONS).succeeded().replaceAll(" +", " ");

    assertThat(out.lines().map(String::strip))
        .anyMatch(line -> line.startsWith(OPTIONS + ": license GPL, BTF with "))
        .contains(
            "decide xdp xdp 63 0", "settings array 4 24 4 0x0 yes", "untyped array 4 3 2 0x0 yes")
        .contains(
            "preset .rodata 8 24 const volatile struct setting {limit = 7, color = \"GREEN\","
                + " label = \"seven\", at = {x = 1, y = 2}}")
        .contains("bpf_map_lookup_elem 1 yes");
  }

  @Test
  void inspectAsJsonHasTheSame() throws Exception {
    JsonValue json = CommandRun.of("inspect", OPTIONS, "--json").json();

    assertThat(json.get("license").value()).isEqualTo("GPL");
    assertThat(json.get("programs").named("decide").get("type").value()).isEqualTo("xdp");
    assertThat(json.get("maps").named("steps").value())
        .isEqualTo(
            Map.of(
                "name", "steps",
                "type", "percpu_array",
                "bytes_key", 4L,
                "bytes_value", 4L,
                "max_entries", 2L,
                "flags", 0L,
                "supported", true));
    assertThat(json.get("variables").named("verdict").get("value").value()).isEqualTo(2L);
    assertThat(json.get("needs").named("bpf_map_lookup_elem").value())
        .isEqualTo(Map.of("name", "bpf_map_lookup_elem", "id", 1L, "supported", true));
  }

  @Test
  void disasmHasPrototypesSourceLinesAndNames() {
    String out = CommandRun.of("disasm", OPTIONS, "--prog", "decide").succeeded();

    assertThat(out.lines())
        .startsWith(
            "int decide(struct xdp_md * ctx):", "; void *end = (void *)(long)ctx->data_end;")
        .anyMatch(line -> line.matches(" +\\d+: \\(85\\) call bpf_map_lookup_elem#1"))
        .anyMatch(line -> line.matches(" +\\d+: \\(18\\) r1 = map\\[settings\\]"))
        .anyMatch(line -> line.matches(" +\\d+: \\(18\\) r\\d = map\\[\\.bss\\]\\[0\\]\\+\\d+"))
        .contains("; return data[0] == 0xff ? 77 : verdict;")
        .last()
        .asString()
        .matches(" +\\d+: \\(95\\) exit");
  }

  @Test
  void disasmNamesTheFunctionsThatAreCalled() {
    String out = CommandRun.of("disasm", PARSE, "--prog", "ipv6").succeeded();

    assertThat(out.lines())
        .anyMatch(line -> line.matches(" +\\d+: \\(85\\) call pc\\+\\d+#\\w+"))
        .filteredOn(line -> line.matches("\\w.*\\(.*\\):"))
        .hasSizeGreaterThan(1);
  }

  @Test
  void theClassIsListedUnderInstructionsAndSourceLines() {
    String out = CommandRun.of("disasm", OPTIONS, "--bytecode", "--prog", "decide").succeeded();

    assertThat(out)
        .startsWith("decide: class ebpf.decide, ")
        .containsSubsequence(
            "long decide(long, long, Cpu), ",
            "; options.bpf.c:",
            "   0: (",
            "0: ",
            "lreturn",
            "void <clinit>(), ");
  }

  @Test
  void aKeyThatIsOnlyLookedUpNeverTouchesMemory() {
    assertThat(CommandRun.of("disasm", SPEED, "--bytecode", "--prog", "lookups").succeeded())
        .contains("Unsafe.getLong")
        .doesNotContain("Unsafe.put");
  }

  @Test
  void readOnlyDataAreNumbersInTheCode() {
    String out =
        CommandRun.of("disasm", OPTIONS, "--bytecode", "--prog", "decide", "--set", "verdict=12345")
            .succeeded();

    assertThat(out).containsPattern("sipush +12345|ldc2_w +12345");
  }

  @Test
  void whatWasInlinedFromAHeaderIsToldAsSuch() {
    assertThat(
            CommandRun.of("disasm", CommandRun.resource("objects/inlined.bpf.o"), "--bytecode")
                .succeeded())
        .containsPattern("; inlined.bpf.c:10: return scrambled")
        .containsPattern("; inlined.h:5 \\(inlined from there\\): number \\^= number >> 7;");
  }

  @Test
  void theClassAsJsonHasALineForEachBytecode() throws Exception {
    JsonValue program =
        CommandRun.of("disasm", PARSE, "--bytecode", "--json", "--prog", "ipv6")
            .json()
            .get("programs")
            .get(0);

    assertThat(program.get("class").value()).isEqualTo("ebpf.ipv6");
    JsonValue method = program.get("methods").named("long ipv6(long, long, Cpu)");
    assertThat(method.get("instructions").list())
        .filteredOn(line -> line.has("src"))
        .first()
        .satisfies(line -> {
          assertThat(line.get("slot").value()).isNotNull();
          assertThat((String) line.get("src").value()).startsWith("xdp_parse.bpf.c:");
          assertThat((String) line.get("bytecode").value()).isNotEmpty();
        });
  }

  @Test
  void aProgramThatIsRefusedHasNoClass() {
    CommandRun run = CommandRun.of("disasm", OPTIONS, "--bytecode", "--prog", "stray");

    assertThat(run.status()).isEqualTo(ExitStatus.REFUSED);
    assertThat(run.err()).contains("R1 offset is outside of the packet").doesNotContain("\tat ");
  }

  @Test
  void disasmAsJsonHasALineForEachInstruction() throws Exception {
    JsonValue program =
        CommandRun.of("disasm", OPTIONS, "--json", "--prog", "stray").json().get("programs").get(0);

    assertThat(program.get("name").value()).isEqualTo("stray");
    assertThat(program.get("instructions").get(0).get("proto").value())
        .isEqualTo("int stray(struct xdp_md * ctx)");
    assertThat(program.get("instructions").get(0).get("slot").value()).isEqualTo(0L);
    assertThat(program.get("instructions").list().getLast().get("disasm").value())
        .isEqualTo("(95) exit");
  }

  @Test
  void disasmOfAnObjectWithoutProgramsSaysSo() {
    assertThat(CommandRun.of("disasm", CommandRun.resource("objects/maponly.bpf.o")).succeeded())
        .contains("maponly.bpf.o has no programs");
  }

  @Test
  void disasmOfAProgramThatIsNotThereIsUsage() {
    assertThat(CommandRun.of("disasm", OPTIONS, "--prog", "none").failed(ExitStatus.USAGE))
        .contains("has no program none; it has decide, talk, stray");
  }
}
