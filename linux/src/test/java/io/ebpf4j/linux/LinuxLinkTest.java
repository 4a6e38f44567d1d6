package io.ebpf4j.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfException;
import io.ebpf4j.Link;
import io.ebpf4j.Program;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.Attachment.XdpMode;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Links to devices of a network namespace that ends with its test, and to tracepoints. */
class LinuxLinkTest {
  private static final int LOOPBACK = 1;

  @BeforeEach
  void onlyWhereBpfIsAllowed() {
    Assumptions.assumeTrue(
        System.getProperty("os.name").equals("Linux") && Privileges.mayUseBpf(),
        "bpf(2) is not allowed here");
  }

  @Test
  void anXdpProgramIsAttachedReplacedAndDetachedInItsNamespace() throws Exception {
    try (Namespace namespace = new Namespace();
        LinuxKernel kernel = LinuxKernel.inNamespace(namespace.path())) {
      Program first = kernel.loadProgram(returning(2, ProgramType.XDP, AttachType.XDP), Map.of());
      Program second = kernel.loadProgram(returning(1, ProgramType.XDP, AttachType.XDP), Map.of());
      Link link = kernel.attach(first, new Attachment.Xdp(LOOPBACK, XdpMode.GENERIC));
      assertThat(link.info().ifindex()).isEqualTo(LOOPBACK);
      assertThat(link.info().programId()).isEqualTo(first.id());
      link.update(second);
      assertThat(link.info().programId()).isEqualTo(second.id());
      assertThat(errno(() -> kernel.attach(first, new Attachment.Xdp(LOOPBACK, XdpMode.GENERIC))))
          .isEqualTo(Errno.EBUSY);
      assertThat(errno(() -> kernel.attach(first, new Attachment.Xdp(4711, XdpMode.GENERIC))))
          .isIn(Errno.ENODEV, Errno.EINVAL);
      link.detach();
      assertThat(link.info().ifindex()).isZero();
    }
  }

  @Test
  void aTcProgramIsAttachedWithoutAQdisc() throws Exception {
    try (Namespace namespace = new Namespace();
        LinuxKernel kernel = LinuxKernel.inNamespace(namespace.path())) {
      Program program =
          kernel.loadProgram(returning(0, ProgramType.SCHED_CLS, AttachType.TCX_INGRESS), Map.of());
      Link link = kernel.attach(program, new Attachment.Tcx(LOOPBACK, true));
      assertThat(link.info().ifindex()).isEqualTo(LOOPBACK);
    }
  }

  @Test
  void programsAreAttachedToTracepointsByNameAndByType() {
    try (LinuxKernel kernel = LinuxKernel.open()) {
      Program raw = kernel.loadProgram(returning(0, ProgramType.RAW_TRACEPOINT, null), Map.of());
      Program typed =
          kernel.loadProgram(
              returning(0, ProgramType.TRACING, AttachType.TRACE_RAW_TP)
                  .withAttachTo("sched_process_exit"),
              Map.of());
      Link first = kernel.attach(raw, new Attachment.RawTracepoint("sched_process_exit"));
      Link second = kernel.attach(typed, new Attachment.Loaded());
      assertThat(first.info().programId()).isEqualTo(raw.id());
      assertThat(second.info().programId()).isEqualTo(typed.id());
      assertThat(errno(() -> kernel.attach(raw, new Attachment.RawTracepoint("no_such_thing"))))
          .isEqualTo(Errno.ENOENT);
    }
  }

  @Test
  void aNamespaceThatIsNoneIsRefused() {
    assertThatThrownBy(() -> LinuxKernel.inNamespace(Path.of("/run/netns/no-such-namespace")))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("to enter the network namespace /run/netns/no-such-namespace");
    assertThat(errno(() -> LinuxKernel.inNamespace(Path.of("/proc/self/status"))))
        .isEqualTo(Errno.EINVAL);
  }

  private static Errno errno(Runnable refused) {
    try {
      refused.run();
    } catch (BpfException e) {
      return e.errno();
    }
    throw new AssertionError("it was not refused");
  }

  private static ProgramSpec returning(
      int value, ProgramType type, @Nullable AttachType attachType) {
    List<Instruction> instructions =
        List.of(new Instruction(0xb7, 0, 0, 0, value), new Instruction(0x95, 0, 0, 0, 0));
    return ProgramSpec.of("give", type, instructions).withExpectedAttachType(attachType);
  }

  /** A network namespace that lives as long as a process of this test. */
  private static final class Namespace implements AutoCloseable {
    private final Process holder;

    Namespace() throws IOException {
      holder = new ProcessBuilder("unshare", "--net", "sh", "-c", "echo; exec cat").start();
      holder.inputReader().readLine();
    }

    Path path() {
      return Path.of("/proc/" + holder.pid() + "/ns/net");
    }

    @Override
    public void close() {
      holder.destroyForcibly().onExit().join();
    }
  }
}
