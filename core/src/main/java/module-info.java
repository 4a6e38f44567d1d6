/** eBPF objects, BTF, instructions and captures, and the kernel in the JVM. */
module io.ebpf4j.core {
  requires static transitive org.jspecify;
  requires jdk.jfr;

  exports io.ebpf4j;
  exports io.ebpf4j.btf;
  exports io.ebpf4j.isa;
  exports io.ebpf4j.jvm;
  exports io.ebpf4j.jvm.cpu;
  exports io.ebpf4j.jvm.socket;
  exports io.ebpf4j.jvm.net;
  exports io.ebpf4j.jvm.trace;
  exports io.ebpf4j.object;
  exports io.ebpf4j.pcap;
  exports io.ebpf4j.spec;
}
