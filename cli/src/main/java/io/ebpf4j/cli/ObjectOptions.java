package io.ebpf4j.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Options of commands that load an object: what is changed in it before. */
final class ObjectOptions {
  @Option(
      names = "--map",
      paramLabel = "NAME=ENTRIES",
      description = "Give a map another size before it is created.")
  List<String> sizes = new ArrayList<>();

  @Option(
      names = "--set",
      paramLabel = "VARIABLE=VALUE",
      description =
          "Set a global variable (.rodata, .data or .bss) before the load: a number in decimal or"
              + " 0x, JSON by the type's field names, or hex:BYTES.")
  List<String> variables = new ArrayList<>();
}
