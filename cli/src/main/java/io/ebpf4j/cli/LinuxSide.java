package io.ebpf4j.cli;

import io.ebpf4j.BpfException;
import io.ebpf4j.linux.CpuPin;
import io.ebpf4j.linux.LinuxKernel;
import java.util.Objects;

/**
 * This machine's kernel, and the calling thread on the CPU that the JVM kernel runs programs on.
 * Its class is loaded only where Linux was asked for.
 */
final class LinuxSide implements AutoCloseable {
  /** The JVM kernel runs a program on the first CPU that is free. */
  private static final int CPU = 0;

  private final LinuxKernel kernel;
  private final CpuPin pin;

  private LinuxSide(LinuxKernel kernel, CpuPin pin) {
    this.kernel = kernel;
    this.pin = pin;
  }

  /**
   * Opens it.
   *
   * @throws RefusedException where that is not possible, with what is missing
   */
  static LinuxSide open() {
    try {
      LinuxKernel kernel = LinuxKernel.open();
      try {
        return new LinuxSide(kernel, CpuPin.ofThisThread(CPU));
      } catch (BpfException e) {
        kernel.close();
        throw e;
      }
    } catch (BpfException | UnsupportedOperationException e) {
      throw new RefusedException(
          Objects.requireNonNullElse(e.getMessage(), "Linux cannot be opened"), e);
    }
  }

  LinuxKernel kernel() {
    return kernel;
  }

  /** How programs run there. */
  static RunMode mode() {
    return new RunMode("Linux " + System.getProperty("os.version"), true);
  }

  @Override
  public void close() {
    pin.close();
    kernel.close();
  }
}
