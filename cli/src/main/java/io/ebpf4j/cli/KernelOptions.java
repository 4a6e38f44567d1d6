package io.ebpf4j.cli;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of commands that run an object: the kernel's shape, and what is put into its maps. */
final class KernelOptions {
  @Option(
      names = "--cpus",
      paramLabel = "N",
      description = "Possible CPUs of the JVM kernel (default: this machine's).")
  @Nullable Integer cpus;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Where the kernel's random numbers start, to have the same ones again.")
  @Nullable Long seed;

  @Option(
      names = "--interpret",
      description =
          "Run in the checked interpreter, unverified: a stray access stops the run and is named.")
  boolean interpret;

  @Option(
      names = "--put",
      paramLabel = "MAP[KEY]=VALUE",
      description =
          "Put an element into a map before the run, KEY and VALUE written as for --set; into a"
              + " per-CPU map on every CPU; into a map of programs or maps by name.")
  List<String> elements = new ArrayList<>();
}
