package io.ebpf4j.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfObject;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.program.JvmProgram;
import io.ebpf4j.object.ObjectFile;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A compiled program's class lives as long as its program. */
class ProgramUnloadingTest {
  private static final Path SPEED =
      Path.of(System.getProperty("ebpf4j.root"), "bench/src/main/bpf/speed.bpf.o");

  private final JvmKernel kernel = JvmKernel.builder().cpus(1).verified(true).build();

  @AfterEach
  void close() {
    kernel.close();
  }

  @Test
  void theClassGoesWithItsProgram() throws IOException {
    List<WeakReference<Class<?>>> classes = loadRunAndFree();

    assertThat(classes).hasSizeGreaterThan(10);
    assertThat(holdsSoon(() -> classes.stream().allMatch(type -> type.get() == null)))
        .as("classes that are still there: %s", classes.stream().map(WeakReference::get).toList())
        .isTrue();
  }

  /** The class is still referred to, as a stack trace or a profiler may do. */
  @Test
  void mapMemoryHangsOnNoClass() throws IOException {
    BpfObject object = kernel.load(ObjectFile.read(SPEED));
    Class<?> type = typeOf(object.program("count_both"));
    assertThat(kernel.memoryBytes()).isPositive();
    object.close();

    assertThat(kernel.memoryBytes()).isZero();
    assertThat(type.getName()).isEqualTo("ebpf.count_both");
  }

  private List<WeakReference<Class<?>>> loadRunAndFree() throws IOException {
    List<WeakReference<Class<?>>> classes = new ArrayList<>();
    try (BpfObject object = kernel.load(ObjectFile.read(SPEED))) {
      for (Program program : object.programs().values()) {
        program.testRun(TestRun.of(new byte[64]).withRepeat(100));
        classes.add(new WeakReference<>(typeOf(program)));
      }
    }
    return classes;
  }

  private static Class<?> typeOf(Program program) {
    return ((JvmProgram) ((JvmProgramHandle) program).object()).compiled().getClass();
  }

  private static boolean holdsSoon(BooleanSupplier condition) {
    for (int i = 0; i < 100 && !condition.getAsBoolean(); i++) {
      System.gc();
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return condition.getAsBoolean();
  }
}
