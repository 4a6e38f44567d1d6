package io.ebpf4j.object;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;

/** The objects that {@code src/test/bpf/build.sh} compiles. */
final class TestObjects {
  private TestObjects() {}

  static byte[] bytes(String name) {
    String file = "/object/" + name + ".bpf.o";
    try (InputStream in = TestObjects.class.getResourceAsStream(file)) {
      return Objects.requireNonNull(in, file).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static ObjectFile read(String name) {
    return ObjectFile.parse(name + ".bpf.o", bytes(name));
  }
}
