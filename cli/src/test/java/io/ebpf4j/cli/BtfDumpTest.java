package io.ebpf4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The types of our objects and of Linux are printed as bpftool prints them, where it is there. */
class BtfDumpTest {
  private static final Path LINUX = Path.of("/sys/kernel/btf/vmlinux");
  private static final Path OPTIONS = CommandRun.resource("objects/options.bpf.o");

  @TempDir Path directory;

  static Stream<Path> files() throws IOException {
    try (Stream<Path> all = Files.walk(CommandRun.root())) {
      List<Path> objects =
          all.filter(file -> file.toString().endsWith(".bpf.o"))
              .filter(file -> !file.toString().contains("/target/"))
              .toList();
      return Stream.concat(objects.stream(), Stream.of(LINUX).filter(Files::isReadable));
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void typesArePrintedAsBpftoolDoes(Path file) throws Exception {
    assertThat(dump("file", file)).isEqualTo(bpftool("file", file));
  }

  @ParameterizedTest
  @MethodSource("files")
  void aHeaderIsWrittenAsBpftoolDoes(Path file) throws Exception {
    // bpftool 7.1 leaves out that an enum has one byte; later ones say so.
    assertThat(dump("file", file, "format", "c").replace(" __attribute__((mode(byte)))", ""))
        .isEqualTo(
            bpftool("file", file, "format", "c").replace(" __attribute__((mode(byte)))", ""));
  }

  @Test
  void aHeaderDeclaresWhatItUsesFirst() {
    String header = dump("file", OPTIONS, "format", "c");

    assertThat(header)
        .startsWith("#ifndef __VMLINUX_H__\n")
        .endsWith("#endif /* __VMLINUX_H__ */\n");
    assertThat(header)
        .contains("typedef unsigned short __u16;\n", "enum color {\n\tRED = 0,\n\tGREEN = 5,\n};")
        .contains("struct point {\n\t__u16 x;\n\t__u16 y;\n};\n");
    assertThat(header.indexOf("struct point {"))
        .isBetween(
            header.indexOf("typedef unsigned short __u16"), header.indexOf("struct setting"));
  }

  @Test
  void asJsonTypesHaveTheSameFields() throws Exception {
    JsonValue types = CommandRun.of("btf", "dump", "file", OPTIONS, "--json").json().get("types");

    assertThat(types.get(0).get("id").value()).isEqualTo(1L);
    assertThat(types.named("point").get("kind").value()).isEqualTo("STRUCT");
    assertThat(types.named("point").get("members").get(1).get("bits_offset").value())
        .isEqualTo(16L);
  }

  @Test
  void theJvmKernelHasTypesOfItsOwn() {
    assertThat(dump()).startsWith("[1] ").contains("STRUCT 'xdp_md'", "STRUCT '__sk_buff'");
  }

  @Test
  void whatIsNotThereIsSaid() throws IOException {
    Path damaged = Files.write(directory.resolve("damaged"), new byte[] {(byte) 0x9f, (byte) 0xeb});

    assertThat(refused(ExitStatus.USAGE)).contains("btf has one command: ebpf4j btf dump");
    assertThat(refused(ExitStatus.USAGE, "dump", "id", "7"))
        .contains("btf dump takes file FILE and format raw|c, not 'id'");
    assertThat(refused(ExitStatus.USAGE, "dump", "format", "java"))
        .contains("format takes raw or c, not 'java'");
    assertThat(refused(ExitStatus.USAGE, "dump", "file")).contains("file takes the path");
    assertThat(refused(ExitStatus.USAGE, "dump", "--on", "both"))
        .contains("btf dump prints one kernel's types");
    assertThat(refused(ExitStatus.USAGE, "dump", "format", "c", "--json"))
        .contains("a C header is not JSON");
    assertThat(refused(ExitStatus.REFUSED, "dump", "file", directory.resolve("none")))
        .contains("does not exist");
    assertThat(refused(ExitStatus.REFUSED, "dump", "file", damaged)).contains("damaged: ");
  }

  private static String refused(int status, Object... words) {
    List<Object> all = new ArrayList<>(List.of("btf"));
    all.addAll(Arrays.asList(words));
    return CommandRun.of(all.toArray()).failed(status);
  }

  private static String dump(Object... words) {
    List<Object> all = new ArrayList<>(List.of("btf", "dump"));
    all.addAll(Arrays.asList(words));
    return CommandRun.of(all.toArray()).succeeded();
  }

  private static String bpftool(Object... words) throws Exception {
    assumeTrue(
        Stream.of("/usr/sbin/bpftool", "/sbin/bpftool", "/usr/bin/bpftool", "/bin/bpftool")
            .anyMatch(tool -> Files.isExecutable(Path.of(tool))),
        "bpftool is not installed");
    List<String> command = new ArrayList<>(List.of("bpftool", "btf", "dump"));
    Arrays.stream(words).map(Object::toString).forEach(command::add);
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    return out;
  }
}
