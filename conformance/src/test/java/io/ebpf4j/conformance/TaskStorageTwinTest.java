package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.Elements.lookup;
import static io.ebpf4j.conformance.Elements.u64;
import static io.ebpf4j.conformance.Elements.update;
import static io.ebpf4j.conformance.Elements.value;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Descriptor;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.Errno;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** TASK_STORAGE and what helpers tell of the task, by programs that the test's thread runs. */
class TaskStorageTwinTest {
  private static final int LOOK = 0;
  private static final int CREATE = 1;
  private static final int CREATE_FROM_100 = 2;
  private static final int DELETE = 3;
  private static final int CREATE_WITHOUT_TASK = 4;
  private static final int DELETE_WITHOUT_TASK = 5;
  private static final int WRONG_FLAGS = 6;

  static ObjectFile read() throws IOException {
    try (InputStream in = TaskStorageTwinTest.class.getResourceAsStream("/task_storage.bpf.o")) {
      ObjectFile file =
          ObjectFile.parse("task_storage.bpf.o", Objects.requireNonNull(in).readAllBytes());
      file.omit("grouped");
      return file;
    }
  }

  private static int run(Program program, long... arguments) {
    ByteBuffer context = ByteBuffer.allocate(8 * arguments.length).order(ByteOrder.LITTLE_ENDIAN);
    context.asLongBuffer().put(arguments);
    return program
        .testRun(TestRun.of(new byte[0]).withRepeat(0).withContext(context.array()))
        .returnValue();
  }

  @TwinTest
  void aProgramMakesFindsAndDeletesTheValueOfItsTask(Kernel kernel) throws IOException {
    try (BpfObject object = kernel.load(read());
        Descriptor task = kernel.openTask()) {
      Program count = object.program("count");
      BpfMap map = object.map("counters");
      assertThat(run(count, LOOK, 1)).isEqualTo(-1);
      assertThat(run(count, DELETE, 1)).isEqualTo(-Errno.ENOENT.number());
      assertThat(run(count, CREATE, 5)).isEqualTo(1);
      assertThat(run(count, CREATE_FROM_100, 6)).isEqualTo(2);
      assertThat(run(count, LOOK, 7)).isEqualTo(3);
      assertThat(value(map, task.fd())).isEqualTo(3);
      assertThat(update(map, task.fd(), u64(40, 0), 0)).isEqualTo("OK");
      assertThat(run(count, LOOK, 8)).isEqualTo(41);
      assertThat(run(count, WRONG_FLAGS, 8)).isEqualTo(-1);
      assertThat(run(count, DELETE, 1)).isZero();
      assertThat(lookup(map, task.fd(), 0)).isEqualTo("ENOENT");
      assertThat(run(count, CREATE_FROM_100, 6)).isEqualTo(101);
      assertThat(run(count, CREATE_WITHOUT_TASK, 6)).isZero();
      assertThat(run(count, DELETE_WITHOUT_TASK, 6)).isEqualTo(-Errno.EINVAL.number());
    }
  }

  /** The checked interpreter knows which tasks there are and lets programs read them. */
  @Test
  void theInterpreterRunsItAlike() throws Exception {
    try (JvmKernel kernel = JvmKernel.builder().compiled(false).build()) {
      aProgramMakesFindsAndDeletesTheValueOfItsTask(kernel);
      theTaskIsTheThread(kernel);
    }
  }

  @TwinTest
  void everyThreadHasAValueOfItsOwn(Kernel kernel) throws Exception {
    try (BpfObject object = kernel.load(read())) {
      Program count = object.program("count");
      assertThat(run(count, CREATE, 0)).isEqualTo(1);
      AtomicReference<Integer> other = new AtomicReference<>();
      Thread.ofPlatform().start(() -> other.set(run(count, LOOK, 0))).join();
      assertThat(other.get()).isEqualTo(-1);
      assertThat(run(count, LOOK, 0)).isEqualTo(2);
    }
  }

  @TwinTest
  void theTaskIsTheThread(Kernel kernel) throws Exception {
    try (BpfObject object = kernel.load(read())) {
      AtomicReference<Throwable> failure = new AtomicReference<>();
      Thread thread =
          Thread.ofPlatform()
              .name("a-thread-with-a-long-name")
              .start(() -> {
                try {
                  run(object.program("who"), 0);
                } catch (RuntimeException | Error e) {
                  failure.set(e);
                }
              });
      thread.join();
      assertThat(failure.get()).isNull();
      BpfMap seen = object.map("seen");
      assertThat(value(seen, 0)).isEqualTo(value(seen, 1));
      assertThat(value(seen, 0) >>> 32).isEqualTo(ProcessHandle.current().pid());
      assertThat((int) value(seen, 0)).isNotEqualTo((int) (value(seen, 0) >>> 32)).isPositive();
      assertThat(value(seen, 2)).isEqualTo(owner("unix:gid") << 32 | owner("unix:uid"));
      assertThat(value(seen, 3)).isZero();
      assertThat(text(seen, 4)).isEqualTo("a-thread");
      assertThat(text(seen, 5)).isEqualTo("-with-a\0");
      assertThat(value(seen, 6)).isZero();
      assertThat(text(seen, 7)).isEqualTo("a-thread");
      assertThat(value(seen, 8)).isEqualTo(1);
      assertThat(value(seen, 9)).isZero();
      assertThat(text(seen, 10)).isEqualTo("a-\0hread");
      assertThat(value(seen, 11)).isEqualTo(1);
      assertThat(value(seen, 12)).isZero();
    }
  }

  private static long owner(String attribute) throws IOException {
    return (Integer)
        java.nio.file.Files.getAttribute(java.nio.file.Path.of("/proc/self"), attribute);
  }

  private static String text(BpfMap map, int key) {
    return new String(
        u64(value(map, key)).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE),
        java.nio.charset.StandardCharsets.ISO_8859_1);
  }
}
