package io.ebpf4j.cli;

import io.ebpf4j.jvm.JvmKernel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Options of commands that run an object: the kernel's shape, and what is put into its maps. */
final class KernelOptions {
  /** Linux's largest NR_CPUS. */
  private static final int MAX_CPUS = 8192;

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

  /** Refuses what the chosen kernels cannot do: Linux is as it is. */
  void check(KernelChoice on, CommandLine command) {
    if (cpus != null && (cpus < 1 || cpus > MAX_CPUS)) {
      throw usage(command, "--cpus takes 1 to %d, not %d".formatted(MAX_CPUS, cpus));
    }
    if (!on.linux()) {
      return;
    }
    if (cpus != null) {
      throw usage(command, "--cpus is for --on jvm: Linux has the CPUs that the machine has");
    }
    if (seed != null) {
      throw usage(command, "--seed is for --on jvm: nobody can choose Linux's random numbers");
    }
    if (!on.jvm() && interpret) {
      throw usage(command, "--interpret is for the JVM kernel, which --on linux leaves out");
    }
  }

  /** A JVM kernel as the options say, with that many CPUs, or this machine's. */
  JvmKernel.Builder kernel(@Nullable Integer possibleCpus) {
    JvmKernel.Builder builder = JvmKernel.builder().verified(!interpret);
    if (possibleCpus != null) {
      builder.cpus(possibleCpus);
    }
    if (seed != null) {
      builder.seed(seed);
    }
    return builder;
  }

  private static ParameterException usage(CommandLine command, String sentence) {
    return new ParameterException(command, sentence);
  }
}
