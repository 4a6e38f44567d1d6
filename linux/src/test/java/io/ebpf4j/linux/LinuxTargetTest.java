package io.ebpf4j.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Link;
import io.ebpf4j.Link.Target;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.VerifierException;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.btf.BtfKind;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.isa.Assembler;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What programs are loaded for and attached to beside devices, and what links and types tell. */
class LinuxTargetTest {
  private static final int TRACING = 2;

  @BeforeEach
  void onlyWhereBpfIsAllowed() {
    Assumptions.assumeTrue(
        System.getProperty("os.name").equals("Linux") && Privileges.mayUseBpf(),
        "bpf(2) is not allowed here");
  }

  @Test
  void aProgramReplacesAFunctionOfAnother() throws IOException {
    ObjectFile file = object();
    try (LinuxKernel kernel = LinuxKernel.open()) {
      Program replaced =
          kernel.loadProgram(Objects.requireNonNull(file.programs().get("run_stage")), Map.of());
      assertThat(replaced.testRun(TestRun.of(new byte[64])).returnValue()).isEqualTo(2);
      ProgramSpec extension =
          Objects.requireNonNull(file.programs().get("drop_stage"))
              .withTargetProgram(replaced.id());
      Link link;
      try {
        Program loaded = kernel.loadProgram(extension, Map.of());
        assertThat(loaded.info().type()).isEqualTo(ProgramType.EXT);
        link = kernel.attach(loaded, new Attachment.Loaded());
      } catch (BpfException e) {
        // Some hosts refuse everything that changes a function's code.
        assertThat(e.errno()).isEqualTo(Errno.EPERM);
        assertThat(kernel.features().attach(AttachType.TRACE_FENTRY).available()).isFalse();
        return;
      }
      assertThat(replaced.testRun(TestRun.of(new byte[64])).returnValue()).isEqualTo(1);
      assertThat(link.info().target()).isInstanceOf(Target.Typed.class);
      link.close();
      assertThat(replaced.testRun(TestRun.of(new byte[64])).returnValue()).isEqualTo(2);
    }
  }

  @Test
  void aFunctionThatTheOtherProgramLacksIsNamed() throws IOException {
    ObjectFile file = object();
    try (LinuxKernel kernel = LinuxKernel.open()) {
      Program replaced =
          kernel.loadProgram(Objects.requireNonNull(file.programs().get("run_stage")), Map.of());
      ProgramSpec extension =
          Objects.requireNonNull(file.programs().get("drop_stage"))
              .withAttachTo("no_such_stage")
              .withTargetProgram(replaced.id());
      assertThatThrownBy(() -> kernel.loadProgram(extension, Map.of()))
          .hasMessageContaining("has no function of that name")
          .isInstanceOfSatisfying(
              BpfException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ESRCH));
      assertThatThrownBy(
              () -> kernel.loadProgram(extension.withTargetProgram(Integer.MAX_VALUE), Map.of()))
          .isInstanceOfSatisfying(
              BpfException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
    }
  }

  @Test
  void typesAreLoadedAndToldOf() {
    BtfBuilder types = new BtfBuilder();
    types.unsigned("u32", 4);
    try (LinuxKernel kernel = LinuxKernel.open();
        LinuxBtf loaded = kernel.loadTypes(types.build(), 1)) {
      assertThat(loaded.info().id()).isEqualTo(loaded.id());
      assertThat(loaded.info().kernel()).isFalse();
      assertThat(loaded.info().bytes()).isEqualTo(types.build().encode().length);
      assertThat(loaded.types().find("u32", BtfKind.INT)).isPresent();
      assertThat(loaded.log()).contains("INT u32");
      try (LinuxBtf kernels = kernel.typesById(1).orElseThrow()) {
        assertThat(kernels.info().name()).isEqualTo("vmlinux");
        assertThat(kernels.info().kernel()).isTrue();
      }
      assertThat(kernel.typesById(Integer.MAX_VALUE)).isEmpty();
    }
  }

  @Test
  void typesThatAreRefusedBringALog() {
    BtfBuilder types = new BtfBuilder();
    int prototype = types.prototype(types.unsigned("u32", 4));
    types.function("", prototype, BtfType.Linkage.GLOBAL);
    try (LinuxKernel kernel = LinuxKernel.open()) {
      assertThatThrownBy(() -> kernel.loadTypes(types.build(), 0))
          .isInstanceOfSatisfying(
              VerifierException.class, e -> assertThat(e.log()).contains("Invalid name"));
    }
  }

  @Test
  void linksTellWhatTheyAreAttachedTo() {
    try (LinuxKernel kernel = LinuxKernel.open()) {
      Program raw = kernel.loadProgram(zero(ProgramType.RAW_TRACEPOINT, null), Map.of());
      Program typed =
          kernel.loadProgram(
              zero(ProgramType.TRACING, AttachType.TRACE_RAW_TP).withAttachTo("sched_process_exit"),
              Map.of());
      Link.Info first =
          kernel.attach(raw, new Attachment.RawTracepoint("sched_process_exit")).info();
      Link.Info second = kernel.attach(typed, new Attachment.Loaded()).info();
      assertThat(first.target()).isEqualTo(new Target.RawTracepoint("sched_process_exit"));
      assertThat(first.attachType()).isNull();
      assertThat(second.type()).isIn(1, TRACING);
      assertThat(second.programId()).isEqualTo(typed.id());
    }
  }

  @Test
  void anIteratorIsReadByItsLinkAndByItsPin() throws IOException {
    try (BpfFileSystem pins = BpfFileSystem.mount();
        LinuxKernel kernel = LinuxKernel.open()) {
      BpfMap map = kernel.createMap(MapSpec.array("elements", 8, 3));
      Program program =
          kernel.loadProgram(
              zero(ProgramType.TRACING, AttachType.TRACE_ITER).withAttachTo("bpf_map_elem"),
              Map.of());
      Link link = kernel.attach(program, new Attachment.Elements(map.id()));
      assertThat(link.info().target()).isEqualTo(new Target.Iteration("bpf_map_elem", map.id()));
      assertThat(kernel.iterate(link)).isEmpty();
      Program tasks =
          kernel.loadProgram(
              zero(ProgramType.TRACING, AttachType.TRACE_ITER).withAttachTo("task"), Map.of());
      Link overTasks = kernel.attach(tasks, new Attachment.Loaded());
      assertThat(overTasks.info().target()).isEqualTo(new Target.Iteration("task", 0));
      Path pin = pins.path("tasks");
      overTasks.pin(pin.toString());
      assertThat(new String(Files.readAllBytes(pin), StandardCharsets.UTF_8)).isEmpty();
      try (Link again = (Link) kernel.openPinned(pin.toString())) {
        assertThat(kernel.iterate(again)).isEmpty();
      }
      kernel.unpin(pin.toString());
      Program packets = kernel.loadProgram(zero(ProgramType.XDP, null), Map.of());
      assertThatThrownBy(() -> kernel.attach(packets, new Attachment.Elements(map.id())))
          .isInstanceOf(BpfException.class);
    }
  }

  private static ObjectFile object() throws IOException {
    try (InputStream in = LinuxTargetTest.class.getResourceAsStream("/freplace.bpf.o")) {
      return ObjectFile.parse("freplace.bpf.o", Objects.requireNonNull(in).readAllBytes());
    }
  }

  private static ProgramSpec zero(ProgramType type, @Nullable AttachType as) {
    return ProgramSpec.of("zero", type, Assembler.assemble("r0 = 0\nexit").instructions())
        .withExpectedAttachType(as);
  }
}
