package io.ebpf4j.cli;

/** Where a command works: {@code --on}. */
enum KernelChoice {
  JVM,
  LINUX,
  BOTH;

  boolean jvm() {
    return this != LINUX;
  }

  boolean linux() {
    return this != JVM;
  }
}
