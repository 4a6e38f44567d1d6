package io.ebpf4j.jvm.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.ebpf4j.BpfException;
import io.ebpf4j.ProgramInfo;
import io.ebpf4j.TestRun;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.ProgramKind;
import io.ebpf4j.jvm.cpu.Clock;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** BPF_PROG_TEST_RUN of raw tracepoint and syscall programs, as Linux 6.18 answers. */
class TraceTestRunTest {
  private final Machine machine = new Machine(2, Clock.fixed(0), 1);
  private final MapTable maps = MapTable.install(machine);
  private final Trace trace = new Trace(machine, new BtfBuilder().build());

  /** What a program does. */
  private interface Body {
    long run(Cpu cpu, long context);
  }

  @AfterEach
  void close() {
    trace.close();
    maps.close();
    machine.close();
  }

  @ParameterizedTest
  @EnumSource(names = {"RAW_TRACEPOINT", "SYSCALL"})
  void theProgramSeesItsArguments(ProgramType type) {
    TestRun.Result result =
        run(type, TestRun.ofContext(bytes(16)), (cpu, context) -> Memory.getLong(context + 8));
    assertThat(result.returnValue()).isEqualTo(0x0c0b0a09);
    assertThat(result.data()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"RAW_TRACEPOINT", "SYSCALL"})
  void withoutAContextThereIsNone(ProgramType type) {
    TestRun run = TestRun.ofContext(new byte[0]).withContext(null);
    assertThat(run(type, run, (cpu, context) -> context == 0 ? 5 : 6).returnValue()).isEqualTo(5);
    assertThat(layout(type).visibleBytes(0)).isZero();
  }

  @ParameterizedTest
  @CsvSource({"RAW_TRACEPOINT, 96", "SYSCALL, 65535"})
  void theContextHasALimit(ProgramType type, int most) {
    int seen =
        run(
                type,
                TestRun.ofContext(bytes(most)),
                (cpu, context) -> layout(type).visibleBytes(context))
            .returnValue();
    assertThat(seen).isEqualTo(most);
    refuses(Errno.EINVAL, () -> five(type, TestRun.ofContext(bytes(most + 1))));
  }

  @ParameterizedTest
  @EnumSource(names = {"RAW_TRACEPOINT", "SYSCALL"})
  void thereIsNoPacketAndNoRepeat(ProgramType type) {
    TestRun run = TestRun.ofContext(bytes(16));
    refuses(Errno.EINVAL, () -> five(type, run.withRepeat(1)));
    refuses(Errno.EINVAL, () -> five(type, run.withRepeat(2)));
    refuses(Errno.EINVAL, () -> five(type, run.withDataOutSize(10)));
    refuses(Errno.EINVAL, () -> five(type, TestRun.of(bytes(20)).withRepeat(0)));
  }

  @Test
  void aSyscallProgramGivesItsContextBack() {
    TestRun run = TestRun.ofContext(bytes(17));
    Body body =
        (cpu, context) -> {
          Memory.putByte(context, (byte) 7);
          return 0;
        };
    byte[] expected = bytes(17);
    expected[0] = 7;
    assertThat(run(ProgramType.SYSCALL, run, body).context()).isEqualTo(expected);
    assertThat(run.context()).isEqualTo(bytes(17));
  }

  @Test
  void aRawTracepointGivesNoContextBack() {
    assertThat(five(ProgramType.RAW_TRACEPOINT, TestRun.ofContext(bytes(16))).context()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0, ",
    "1, 1, ",
    "1, 2, ENXIO",
    "1, 5000, ENXIO",
    "1, -1, ENXIO",
    "0, 0, ",
    "0, -1, ",
    "0, 1, EINVAL",
    "2, 0, ",
    "2, 1, EINVAL",
    "8, 7, EINVAL"
  })
  void aRawTracepointChoosesItsCpuByAFlag(int flags, int cpu, Errno errno) {
    TestRun run = TestRun.ofContext(bytes(16)).withFlags(flags).withCpu(cpu);
    if (errno == null) {
      TestRun.Result result = run(ProgramType.RAW_TRACEPOINT, run, (on, context) -> on.number());
      assertThat(result.returnValue()).isEqualTo(Math.max(cpu, 0));
    } else {
      refuses(errno, () -> five(ProgramType.RAW_TRACEPOINT, run));
    }
  }

  @Test
  void aSyscallProgramTakesNoFlagsAndAnyCpu() {
    TestRun run = TestRun.ofContext(bytes(16));
    assertThat(five(ProgramType.SYSCALL, run.withCpu(9)).returnValue()).isEqualTo(5);
    refuses(Errno.EINVAL, () -> five(ProgramType.SYSCALL, run.withFlags(1)));
  }

  @Test
  void aRunInsideOfARunHasArgumentsOfItsOwn() {
    TestRun.Result outer =
        run(
            ProgramType.SYSCALL,
            TestRun.ofContext(bytes(16)),
            (cpu, context) ->
                five(ProgramType.SYSCALL, TestRun.ofContext(new byte[16])).returnValue());
    assertThat(outer.context()).isEqualTo(bytes(16));
  }

  @ParameterizedTest
  @CsvSource({
    "RAW_TRACEPOINT, 88, 8, true, false",
    "RAW_TRACEPOINT, 3, 1, true, false",
    "RAW_TRACEPOINT, 4, 8, false, false",
    "RAW_TRACEPOINT, 96, 1, false, false",
    "SYSCALL, 65534, 1, true, true",
    "SYSCALL, 3, 4, false, false",
    "SYSCALL, 8, 8, true, true"
  })
  void argumentsAreTouchedInAlignedPieces(
      ProgramType type, int offset, int size, boolean loaded, boolean stored) {
    ContextLayout layout = layout(type);
    assertThat(layout.fieldAt(offset, size).map(f -> f.loads(offset, size)).orElse(false))
        .isEqualTo(loaded);
    assertThat(layout.fieldAt(offset, size).map(f -> f.stores(offset, size)).orElse(false))
        .isEqualTo(stored);
    assertThat(layout.isMemory()).isEqualTo(type == ProgramType.SYSCALL);
  }

  @Test
  void aSyscallProgramIsSleepableAndHasNoAttachType() {
    ProgramKind kind = kind(ProgramType.SYSCALL);
    ProgramSpec spec = spec(ProgramType.SYSCALL);
    refuses(Errno.EINVAL, () -> kind.check(spec));
    kind.check(spec.withFlags(true, false));
    refuses(
        Errno.EINVAL,
        () -> kind.check(spec.withFlags(true, false).withExpectedAttachType(AttachType.XDP)));
  }

  @Test
  void aRawTracepointIsNotSleepable() {
    ProgramSpec spec = spec(ProgramType.RAW_TRACEPOINT);
    kind(ProgramType.RAW_TRACEPOINT).check(spec.withExpectedAttachType(AttachType.XDP));
    refuses(
        Errno.EINVAL, () -> kind(ProgramType.RAW_TRACEPOINT).check(spec.withFlags(true, false)));
  }

  private TestRun.Result five(ProgramType type, TestRun run) {
    return run(type, run, (cpu, context) -> 5);
  }

  private TestRun.Result run(ProgramType type, TestRun run, Body body) {
    LoadedProgram program =
        new LoadedProgram() {
          @Override
          public ProgramSpec spec() {
            return TraceTestRunTest.spec(type);
          }

          @Override
          public ProgramInfo info() {
            throw new UnsupportedOperationException("no kernel knows it");
          }

          @Override
          public int id() {
            return 1;
          }

          @Override
          public long run(Cpu cpu, long context) {
            return body.run(cpu, context);
          }

          @Override
          protected void free() {}
        };
    return kind(type).testRun(program, machine, run);
  }

  private ContextLayout layout(ProgramType type) {
    return kind(type).context(spec(type));
  }

  private ProgramKind kind(ProgramType type) {
    return trace.kinds().stream().filter(kind -> kind.type() == type).findFirst().orElseThrow();
  }

  private static ProgramSpec spec(ProgramType type) {
    return ProgramSpec.of("program", type, List.of());
  }

  private static byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      bytes[i] = (byte) (i + 1);
    }
    return bytes;
  }

  private static void refuses(Errno errno, ThrowingCallable call) {
    assertThatExceptionOfType(BpfException.class)
        .isThrownBy(call)
        .extracting(BpfException::errno)
        .isEqualTo(errno);
  }
}
