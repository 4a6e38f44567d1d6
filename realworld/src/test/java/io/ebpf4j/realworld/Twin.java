package io.ebpf4j.realworld;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.junit.BothKernels;
import io.ebpf4j.object.ObjectFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Plays a script on both kernels, which must answer alike. */
final class Twin {
  private Twin() {}

  static void play(Path object, Consumer<ObjectFile> settings, Consumer<Stage> script)
      throws IOException {
    List<String> jvm;
    try (Kernel kernel = BothKernels.jvm()) {
      jvm = seen(kernel, object, settings, script);
    }
    assertThat(jvm).hasSizeGreaterThan(10);
    Optional<Kernel> linux = BothKernels.linux();
    if (linux.isPresent()) {
      try (Kernel kernel = linux.get()) {
        mustAgree(jvm, seen(kernel, object, settings, script));
      }
    }
  }

  /** Line by line: the first difference is all that is told. */
  private static void mustAgree(List<String> jvm, List<String> linux) {
    for (int i = 0; i < Math.min(jvm.size(), linux.size()); i++) {
      assertThat(jvm.get(i)).as("line %d", i).isEqualTo(linux.get(i));
    }
    assertThat(jvm).hasSameSizeAs(linux);
  }

  private static List<String> seen(
      Kernel kernel, Path object, Consumer<ObjectFile> settings, Consumer<Stage> script)
      throws IOException {
    ObjectFile file = ObjectFile.read(object);
    settings.accept(file);
    try (BpfObject loaded = kernel.load(file)) {
      Stage stage = new Stage(kernel, loaded);
      script.accept(stage);
      return List.copyOf(stage.seen());
    }
  }
}
