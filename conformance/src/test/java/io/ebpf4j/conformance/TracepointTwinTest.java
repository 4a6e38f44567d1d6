package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.Elements.answer;
import static io.ebpf4j.conformance.Elements.lookup;
import static io.ebpf4j.conformance.Elements.value;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Descriptor;
import io.ebpf4j.Kernel;
import io.ebpf4j.Link;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.jvm.trace.Tracepoint;
import io.ebpf4j.jvm.trace.Tracepoint.Parameter;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.Attachment;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Programs on a tracepoint: the system calls of this process on Linux, a tracepoint of the
 * application in the JVM.
 */
class TracepointTwinTest {
  /** An event of the calling thread. */
  private interface Event {
    void happens();
  }

  private static Event prepare(Kernel kernel) {
    if (kernel instanceof JvmKernel jvm) {
      Tracepoint entered = jvm.tracepoint("sys_enter", Parameter.u64("regs"), Parameter.s64("id"));
      return () -> entered.fire(0, LinuxCalls.UNKNOWN);
    }
    return LinuxCalls::unknown;
  }

  private static ObjectFile read() throws IOException {
    try (InputStream in = TracepointTwinTest.class.getResourceAsStream("/tracepoint.bpf.o")) {
      ObjectFile file =
          ObjectFile.parse("tracepoint.bpf.o", Objects.requireNonNull(in).readAllBytes());
      file.set("wanted_tgid", (int) ProcessHandle.current().pid());
      file.set("wanted_id", LinuxCalls.UNKNOWN);
      return file;
    }
  }

  @TwinTest
  void programsSeeEachEventInTheThreadWhereItHappens(Kernel kernel) throws Exception {
    Event event = prepare(kernel);
    try (BpfObject object = kernel.load(read());
        Descriptor task = kernel.openTask()) {
      event.happens();
      try (Link typed = kernel.attach(object.program("on_typed"), new Attachment.Loaded());
          Link raw =
              kernel.attach(object.program("on_raw"), new Attachment.RawTracepoint("sys_enter"))) {
        assertThat(typed.info().type()).isEqualTo(1);
        assertThat(raw.info().type()).isEqualTo(1);
        for (int i = 0; i < 10; i++) {
          event.happens();
        }
        AtomicReference<String> others = new AtomicReference<>("");
        Thread.ofPlatform()
            .start(() -> {
              event.happens();
              try (Descriptor own = kernel.openTask()) {
                others.set("" + value(object.map("events"), own.fd()));
              }
            })
            .join();
        assertThat(others.get()).isEqualTo("1");
        assertThat(value(object.map("events"), task.fd())).isEqualTo(10);
        assertThat(global(object, "typed")).isEqualTo(11);
        assertThat(global(object, "raw")).isEqualTo(11);
        assertThat(global(object, "last")).isEqualTo(LinuxCalls.UNKNOWN);
      }
      event.happens();
      assertThat(global(object, "typed")).isEqualTo(11);
      assertThat(global(object, "raw")).isEqualTo(11);
    }
  }

  @TwinTest
  void aRawProgramDoesNotReadBehindTheArguments(Kernel kernel) throws IOException {
    prepare(kernel);
    try (BpfObject object = kernel.load(read())) {
      Program far = object.program("too_far");
      assertThat(
              answer(() -> kernel.attach(far, new Attachment.RawTracepoint("sys_enter")).close()))
          .isEqualTo("EINVAL");
      assertThat(
              answer(() ->
                  kernel
                      .attach(object.program("on_raw"), new Attachment.RawTracepoint("no_such"))
                      .close()))
          .isEqualTo("ENOENT");
      assertThat(
              answer(() ->
                  kernel
                      .attach(object.program("on_typed"), new Attachment.RawTracepoint("sys_enter"))
                      .close()))
          .isEqualTo("EINVAL");
    }
  }

  @TwinTest
  void linksOfTracepointsStayAsTheyAre(Kernel kernel) throws IOException {
    prepare(kernel);
    try (BpfObject object = kernel.load(read());
        Link typed = kernel.attach(object.program("on_typed"), new Attachment.Loaded());
        Link raw =
            kernel.attach(object.program("on_raw"), new Attachment.RawTracepoint("sys_enter"))) {
      assertThat(answer(typed::detach)).isEqualTo("ENOTSUP");
      assertThat(answer(raw::detach)).isEqualTo("ENOTSUP");
      assertThat(answer(() -> raw.update(object.program("on_raw")))).isEqualTo("EINVAL");
      assertThat(answer(() -> typed.update(object.program("on_typed")))).isEqualTo("EINVAL");
    }
  }

  @TwinTest
  void aTypedProgramIsAttachedOnceAndHasNoTestRun(Kernel kernel) throws IOException {
    prepare(kernel);
    try (BpfObject object = kernel.load(read());
        Link first = kernel.attach(object.program("on_typed"), new Attachment.Loaded())) {
      assertThat(first.info().programId()).isEqualTo(object.program("on_typed").id());
      assertThat(
              answer(
                  () -> kernel.attach(object.program("on_typed"), new Attachment.Loaded()).close()))
          .isEqualTo("OK");
      assertThat(
              answer(() -> {
                object.program("on_typed").testRun(TestRun.of(new byte[0]).withRepeat(0));
              }))
          .isEqualTo("EFAULT");
    }
  }

  @TwinTest
  void aTaskWithoutEventsHasNoValue(Kernel kernel) throws IOException {
    prepare(kernel);
    try (BpfObject object = kernel.load(read());
        Descriptor task = kernel.openTask()) {
      BpfMap events = object.map("events");
      assertThat(lookup(events, task.fd(), 0)).isEqualTo("ENOENT");
    }
  }

  private static long global(BpfObject object, String name) {
    int index = List.of("typed", "raw", "last").indexOf(name);
    MemorySegment globals = Elements.room(24);
    object.map(".bss").lookup(Elements.u32(0), globals, 0);
    return globals.get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * index);
  }
}
