package io.ebpf4j.junit;

import io.ebpf4j.BpfException;
import io.ebpf4j.Kernel;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.linux.LinuxKernel;
import java.util.Optional;

/** The two kernels, for a test that drives both in one body. The caller closes them. */
public final class BothKernels {
  private static final boolean REQUIRED = "1".equals(System.getenv("EBPF4J_REQUIRE_LINUX"));

  private BothKernels() {}

  /** A kernel in the JVM with as many CPUs as Linux has here, or else as the host shows. */
  public static Kernel jvm() {
    return JvmKernel.builder().cpus(possibleCpus()).build();
  }

  /**
   * Linux, or nothing and a printed reason.
   *
   * @throws BpfException where bpf(2) is not allowed and {@code EBPF4J_REQUIRE_LINUX} is 1
   * @throws UnsupportedOperationException where there is no Linux and it is required so
   */
  public static Optional<Kernel> linux() {
    return linuxHalf().kernel();
  }

  /** The same, with the reason, which is printed. */
  static LinuxHalf linuxHalf() {
    LinuxHalf half = LinuxHalf.probe(REQUIRED, LinuxKernel::open);
    half.reason().ifPresent(reason -> System.out.println("Not judged by Linux: " + reason));
    return half;
  }

  private static int possibleCpus() {
    try (LinuxKernel linux = LinuxKernel.open()) {
      return linux.possibleCpus();
    } catch (BpfException | UnsupportedOperationException e) {
      return Runtime.getRuntime().availableProcessors();
    }
  }
}
