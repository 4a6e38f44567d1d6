package io.ebpf4j.jvm.trace;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.ebpf4j.BpfException;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.jvm.cpu.Clock;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which tracing programs load; what they do is compared with Linux elsewhere. */
class TracingKindTest {
  private final Machine machine = new Machine(1, Clock.fixed(0), 1);
  private final Tracepoints tracepoints = new Tracepoints(machine, new BtfBuilder().build());
  private final TracingKind kind = new TracingKind(tracepoints);

  @AfterEach
  void close() {
    machine.close();
  }

  @Test
  void aProgramOfATracepointLoadsWhereItIsDeclared() {
    assertThatExceptionOfType(BpfException.class)
        .isThrownBy(() -> kind.check(program(AttachType.TRACE_RAW_TP, "request")))
        .withMessageContaining("no tracepoint 'request'");
    tracepoints.declare("request", List.of(Tracepoint.Parameter.u64("id")));
    assertThatCode(() -> kind.check(program(AttachType.TRACE_RAW_TP, "request")))
        .doesNotThrowAnyException();
  }

  @Test
  void iteratorsOverMapElementsLoad() {
    assertThatCode(() -> kind.check(program(AttachType.TRACE_ITER, "bpf_map_elem")))
        .doesNotThrowAnyException();
  }

  @Test
  void anotherIteratorIsNamedAndRefused() {
    refuses(program(AttachType.TRACE_ITER, "task"), "the iterator 'task' is not built");
  }

  @Test
  void anotherAttachTypeIsNamedAndRefused() {
    refuses(
        program(AttachType.TRACE_FENTRY, "bpf_map_elem"), "attach type TRACE_FENTRY are not built");
    refuses(
        ProgramSpec.of("dump", ProgramType.TRACING, List.of()), "attach type none are not built");
  }

  private void refuses(ProgramSpec program, String sentence) {
    assertThatExceptionOfType(BpfException.class)
        .isThrownBy(() -> kind.check(program))
        .withMessageContaining("dump")
        .withMessageContaining(sentence)
        .extracting(BpfException::errno)
        .isEqualTo(Errno.EINVAL);
  }

  private static ProgramSpec program(AttachType attachType, String attachTo) {
    return ProgramSpec.of("dump", ProgramType.TRACING, List.of())
        .withExpectedAttachType(attachType)
        .withAttachTo(attachTo);
  }
}
