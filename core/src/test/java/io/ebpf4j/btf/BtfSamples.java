package io.ebpf4j.btf;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** The sections that clang wrote for types.bpf.c, which lies beside them. */
final class BtfSamples {
  private BtfSamples() {}

  static byte[] btfBytes() {
    return resource("types.btf");
  }

  static byte[] extBytes() {
    return resource("types.btf.ext");
  }

  static Btf btf() {
    return Btf.parse(btfBytes());
  }

  static int struct(Btf btf, String name) {
    return btf.find(name, BtfKind.STRUCT).orElseThrow();
  }

  private static byte[] resource(String name) {
    try (InputStream in = BtfSamples.class.getResourceAsStream("/btf/" + name)) {
      return requireNonNull(in, name).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
