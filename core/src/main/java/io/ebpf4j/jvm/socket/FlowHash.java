package io.ebpf4j.jvm.socket;

/**
 * The hash of a flow, by which it keeps its member of a group. The secret is the kernel's own, so
 * that which member it is differs from kernel to kernel, as on Linux from boot to boot.
 *
 * @param secret any number
 */
record FlowHash(long secret) {
  private static final long ODD = 0x9e37_79b9_7f4a_7c15L;

  /** 32 bits for packets from a source to a destination. */
  int of(Endpoint source, Endpoint destination) {
    long mixed = mix(secret, source.high());
    mixed = mix(mixed, source.low());
    mixed = mix(mixed, destination.high());
    mixed = mix(mixed, destination.low());
    mixed = mix(mixed, (long) source.port() << 16 | destination.port());
    return (int) (mixed >>> Integer.SIZE);
  }

  private static long mix(long state, long value) {
    long mixed = (state ^ value) * ODD;
    mixed = (mixed ^ mixed >>> 32) * 0xd6e8_feb8_6659_fd93L;
    return mixed ^ mixed >>> 32;
  }
}
