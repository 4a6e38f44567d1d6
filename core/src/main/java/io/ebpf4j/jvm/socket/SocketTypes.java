package io.ebpf4j.jvm.socket;

import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.btf.BtfType.Enumerator;
import java.util.List;

/** The kernel's types that programs of sockets name. */
final class SocketTypes {
  private SocketTypes() {}

  static void declare(BtfBuilder types) {
    types.enumeration(
        "sk_action", List.of(new Enumerator("SK_DROP", 0), new Enumerator("SK_PASS", 1)));
  }
}
