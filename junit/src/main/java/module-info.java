/** JUnit tests of eBPF programs, on the kernel in the JVM and on Linux. */
module io.ebpf4j.junit {
  requires static transitive org.jspecify;
  requires transitive io.ebpf4j.core;
  requires io.ebpf4j.linux;
  requires transitive org.assertj.core;
  requires transitive org.junit.jupiter.api;

  exports io.ebpf4j.junit;
  exports io.ebpf4j.junit.packet;
}
