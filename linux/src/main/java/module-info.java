/** The API of ebpf4j on the real Linux kernel. */
module io.ebpf4j.linux {
  requires static transitive org.jspecify;
  requires transitive io.ebpf4j.core;

  exports io.ebpf4j.linux;
}
