package io.ebpf4j.conformance;

import io.ebpf4j.BpfException;
import io.ebpf4j.Kernel;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.linux.LinuxKernel;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.support.ParameterDeclarations;

/** A fresh kernel of each kind for a {@link TwinTest}. JUnit closes them after the test. */
final class BothKernels implements ArgumentsProvider {
  @Override
  public Stream<? extends Arguments> provideArguments(
      ParameterDeclarations parameters, ExtensionContext context) {
    return Stream.concat(Stream.of(jvm()), linux().stream()).map(k -> Arguments.of(named(k)));
  }

  static Kernel jvm() {
    return JvmKernel.builder().cpus(possibleCpus()).build();
  }

  static Optional<Kernel> linux() {
    try {
      return Optional.of(LinuxKernel.open());
    } catch (BpfException | UnsupportedOperationException e) {
      if ("1".equals(System.getenv("EBPF4J_REQUIRE_LINUX"))) {
        throw e;
      }
      System.out.println("Not judged by Linux: " + e.getMessage());
      return Optional.empty();
    }
  }

  private static int possibleCpus() {
    try (LinuxKernel linux = LinuxKernel.open()) {
      return linux.possibleCpus();
    } catch (BpfException | UnsupportedOperationException e) {
      return Runtime.getRuntime().availableProcessors();
    }
  }

  private static Named<Kernel> named(Kernel kernel) {
    return Named.of(kernel.name(), kernel);
  }
}
