package io.ebpf4j.jvm.context;

/** The contexts of tracing programs that have no run here, and of the small control group types. */
final class TracingLayouts {
  private static final int REGISTERS_BYTES = 168;

  /** What a probe finds in the registers. */
  static final ContextLayout REGISTERS =
      LayoutReader.read("pt_regs", REGISTERS_BYTES, "regs[21] 0 8");

  /** A tracepoint's record behind its first 8 bytes, whatever it has. */
  static final ContextLayout TRACEPOINT =
      LayoutReader.read(
          "tracepoint",
          8192,
          """
          record 8 8184 bytes
          before -32768 32768 bytes
          """);

  static final ContextLayout PERF_EVENT =
      LayoutReader.read(
          "bpf_perf_event_data",
          184,
          """
          regs[21] 0 8 whole
          sample_period 168 8
          addr 176 8
          """);

  static final ContextLayout WRITABLE_RAW_TRACEPOINT =
      LayoutReader.read(
          "bpf_raw_tracepoint_args",
          96,
          """
          buffer 0 8 tracepoint_buffer
          first 0 8 later
          args 8 88 bytes
          """);

  static final ContextLayout DEVICE =
      LayoutReader.read(
          "bpf_cgroup_dev_ctx",
          12,
          """
          access_type 0 4
          major 4 4 whole
          minor 8 4 whole
          """);

  static final ContextLayout SYSCTL =
      LayoutReader.read(
          "bpf_sysctl",
          8,
          """
          write 0 4
          file_pos 4 4 writable
          """);

  static final ContextLayout NETFILTER =
      LayoutReader.read(
          "bpf_nf_ctx",
          16,
          """
          state 0 8 object
          skb 8 8 object
          """);

  private TracingLayouts() {}
}
