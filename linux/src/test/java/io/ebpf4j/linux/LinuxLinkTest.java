package io.ebpf4j.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfException;
import io.ebpf4j.Link;
import io.ebpf4j.Program;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.Attachment.TcxPlace;
import io.ebpf4j.spec.Attachment.TcxPlace.Side;
import io.ebpf4j.spec.Attachment.XdpMode;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
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
  void aProgramIsReplacedOnlyWhereItIsTheExpectedOne() throws Exception {
    try (Namespace namespace = new Namespace();
        LinuxKernel kernel = LinuxKernel.inNamespace(namespace.path())) {
      Program first = kernel.loadProgram(returning(2, ProgramType.XDP, AttachType.XDP), Map.of());
      Program second = kernel.loadProgram(returning(1, ProgramType.XDP, AttachType.XDP), Map.of());
      Link link = kernel.attach(first, new Attachment.Xdp(LOOPBACK, XdpMode.GENERIC));
      assertThat(errno(() -> link.update(second, second))).isEqualTo(Errno.EPERM);
      assertThat(link.info().programId()).isEqualTo(first.id());
      link.update(second, first);
      assertThat(link.info().programId()).isEqualTo(second.id());
    }
  }

  @Test
  void tcProgramsRunInTheOrderOfTheirPlaces() throws Exception {
    try (Namespace namespace = new Namespace();
        LinuxKernel kernel = LinuxKernel.inNamespace(namespace.path())) {
      Program a = tc(kernel);
      Program b = tc(kernel);
      Program c = tc(kernel);
      Program d = tc(kernel);
      assertThat(kernel.tcxPrograms(LOOPBACK, true).programIds()).isEmpty();
      kernel.attach(a, new Attachment.Tcx(LOOPBACK, true));
      Link ofB = kernel.attach(b, new Attachment.Tcx(LOOPBACK, true, TcxPlace.FIRST));
      kernel.attach(
          c, new Attachment.Tcx(LOOPBACK, true, TcxPlace.besideProgram(Side.BEFORE, a.id())));
      kernel.attach(
          d, new Attachment.Tcx(LOOPBACK, true, TcxPlace.besideLink(Side.AFTER, ofB.id())));
      assertThat(kernel.tcxPrograms(LOOPBACK, true).programIds())
          .containsExactly(b.id(), d.id(), c.id(), a.id());
      assertThat(kernel.tcxPrograms(LOOPBACK, false).programIds()).isEmpty();
      ofB.detach();
      assertThat(kernel.tcxPrograms(LOOPBACK, true).programIds())
          .containsExactly(d.id(), c.id(), a.id());
    }
  }

  @Test
  void aPlaceIsTakenOnlyAtTheExpectedRevision() throws Exception {
    try (Namespace namespace = new Namespace();
        LinuxKernel kernel = LinuxKernel.inNamespace(namespace.path())) {
      kernel.attach(tc(kernel), new Attachment.Tcx(LOOPBACK, true));
      long revision = kernel.tcxPrograms(LOOPBACK, true).revision();
      Program next = tc(kernel);
      TcxPlace stale = TcxPlace.LAST.ifRevision(revision - 1);
      assertThat(errno(() -> kernel.attach(next, new Attachment.Tcx(LOOPBACK, true, stale))))
          .isEqualTo(Errno.ESTALE);
      TcxPlace current = TcxPlace.LAST.ifRevision(revision);
      kernel.attach(next, new Attachment.Tcx(LOOPBACK, true, current));
      assertThat(kernel.tcxPrograms(LOOPBACK, true).revision()).isGreaterThan(revision);
    }
  }

  @Test
  void aPinKeepsALinkAttached() throws Exception {
    try (BpfFileSystem pins = BpfFileSystem.mount();
        Namespace namespace = new Namespace();
        LinuxKernel kernel = LinuxKernel.inNamespace(namespace.path())) {
      Path pin = pins.path("link");
      Program program = tc(kernel);
      Link link = kernel.attach(program, new Attachment.Tcx(LOOPBACK, true));
      int id = link.id();
      link.pin(pin.toString());
      try {
        link.close();
        assertThat(kernel.tcxPrograms(LOOPBACK, true).programIds()).containsExactly(program.id());
        assertThat(kernel.linkIds()).contains(id);
        try (Link again = (Link) kernel.openPinned(pin.toString());
            Link byId = kernel.linkById(id).orElseThrow()) {
          assertThat(again.id()).isEqualTo(id);
          assertThat(byId.info()).isEqualTo(again.info());
        }
      } finally {
        kernel.unpin(pin.toString());
      }
      awaitNoPrograms(kernel);
    }
  }

  /** Linux detaches a little later than the last holder of a link goes. */
  private static void awaitNoPrograms(LinuxKernel kernel) {
    long start = System.nanoTime();
    while (!kernel.tcxPrograms(LOOPBACK, true).programIds().isEmpty()
        && System.nanoTime() - start < 5_000_000_000L) {
      Thread.onSpinWait();
    }
    assertThat(kernel.tcxPrograms(LOOPBACK, true).programIds()).isEmpty();
  }

  @Test
  void aProgramIsAttachedToAControlGroup() throws Exception {
    Path root = controlGroups();
    Path group = Files.createTempDirectory(root, "ebpf4j");
    try (LinuxKernel kernel = LinuxKernel.open()) {
      Program first = cgroup(kernel, 1);
      Program second = cgroup(kernel, 1);
      Link link = kernel.attach(first, new Attachment.Cgroup(group.toString()));
      assertThat(link.info().programId()).isEqualTo(first.id());
      link.update(second, first);
      assertThat(link.info().programId()).isEqualTo(second.id());
      link.detach();
      assertThat(errno(() -> kernel.attach(first, new Attachment.Cgroup("/proc"))))
          .isEqualTo(Errno.EBADF);
      assertThat(errno(() -> kernel.attach(first, new Attachment.Cgroup(group + "/none"))))
          .isEqualTo(Errno.ENOENT);
    } finally {
      Files.delete(group);
    }
  }

  @Test
  void aSocketTakesAProgram() {
    try (LinuxKernel kernel = LinuxKernel.open()) {
      Program filter = kernel.loadProgram(returning(0, ProgramType.SOCKET_FILTER, null), Map.of());
      Program select =
          kernel.loadProgram(
              returning(1, ProgramType.SK_REUSEPORT, AttachType.SK_REUSEPORT_SELECT), Map.of());
      int socket = (int) Syscall.call(SystemCall.SOCKET, 2, 2, 0, 0, 0, 0);
      try {
        kernel.attachToSocket(filter, socket);
        assertThat(errno(() -> kernel.attachToReuseportGroup(select, socket)))
            .isEqualTo(Errno.EINVAL);
        reusePort(socket);
        kernel.attachToReuseportGroup(select, socket);
        assertThat(errno(() -> kernel.attachToSocket(select, socket))).isEqualTo(Errno.EINVAL);
      } finally {
        Bpf.closeFd(socket);
      }
      assertThat(errno(() -> kernel.attachToSocket(filter, filter.fd()))).isEqualTo(Errno.ENOTSOCK);
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

  private static void reusePort(int socket) {
    try (Bpf bpf = new Bpf()) {
      MemorySegment on = bpf.buffer(4);
      on.set(ValueLayout.JAVA_INT, 0, 1);
      assertThat(Syscall.call(SystemCall.SETSOCKOPT, socket, 1, 15, on.address(), 4, 0)).isZero();
    }
  }

  private static Path controlGroups() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/mounts"))) {
      String[] words = line.split(" ", -1);
      if (words[2].equals("cgroup2")) {
        return Path.of(words[1]);
      }
    }
    return Assumptions.abort("no cgroup2 file system is mounted");
  }

  private static Program tc(LinuxKernel kernel) {
    return kernel.loadProgram(
        returning(-1, ProgramType.SCHED_CLS, AttachType.TCX_INGRESS), Map.of());
  }

  private static Program cgroup(LinuxKernel kernel, int verdict) {
    return kernel.loadProgram(
        returning(verdict, ProgramType.CGROUP_SKB, AttachType.CGROUP_INET_INGRESS), Map.of());
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
