package io.ebpf4j.jvm.map;

import static io.ebpf4j.jvm.map.Refusals.refuses;
import static io.ebpf4j.jvm.map.TestKernel.get;
import static io.ebpf4j.jvm.map.TestKernel.key;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.jvm.context.TailCallTable;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ProgArrayTest {
  private final TestKernel kernel = new TestKernel();
  private final JvmMap map = kernel.create(MapSpec.of("jumps", MapType.PROG_ARRAY, 4, 4, 4));
  private final TailCallTable table = (TailCallTable) map;
  private final ProgramSpec xdp = ProgramSpec.of("first", ProgramType.XDP, List.of());

  @AfterEach
  void close() {
    kernel.close();
  }

  @Test
  void aProgramGoesInByDescriptorAndComesOutById() {
    TestProgram program = new TestProgram(xdp, 42);
    put(2, program);
    assertThat(get(map, 2)).isEqualTo(42);
    assertThat(table.target(2)).isSameAs(program);
    assertThat(table.target(1)).isNull();
    assertThat(table.target(4)).isNull();
    assertThat(table.target(-1)).isNull();
  }

  @Test
  void theMapHoldsItsProgramsAndLetsThemGo() {
    TestProgram first = new TestProgram(xdp, 1);
    TestProgram second = new TestProgram(xdp, 2);
    put(0, first);
    put(0, second);
    assertThat(first.freed()).isTrue();
    assertThat(second.freed()).isFalse();
    assertThat(map.user().delete(key(0))).isTrue();
    assertThat(second.freed()).isTrue();
    assertThat(map.user().delete(key(0))).isFalse();
  }

  @Test
  void theFirstProgramDecidesWhichOthersAreCompatible() {
    put(0, new TestProgram(xdp, 1));
    refuses(Errno.EINVAL, () -> put(1, of(xdp.withExpectedAttachType(AttachType.XDP))));
    refuses(Errno.EINVAL, () -> put(1, of(xdp.withFlags(false, true))));
    refuses(
        Errno.EINVAL, () -> put(1, of(ProgramSpec.of("sf", ProgramType.SOCKET_FILTER, List.of()))));
    put(1, of(xdp.withName("other")));
  }

  @Test
  void aRefusedProgramIsNotHeld() {
    put(0, new TestProgram(xdp, 1));
    TestProgram refused = of(xdp.withFlags(false, true));
    refuses(Errno.EINVAL, () -> put(1, refused));
    assertThat(refused.freed()).isTrue();
  }

  @Test
  void theDecisionOutlivesTheProgram() {
    put(0, new TestProgram(xdp, 1));
    map.user().delete(key(0));
    refuses(Errno.EINVAL, () -> put(0, of(xdp.withFlags(false, true))));
  }

  @Test
  void aProgramThatUsesTheMapDecidesToo() {
    table.admit(xdp);
    refuses(Errno.EINVAL, () -> table.admit(xdp.withFlags(false, true)));
    refuses(Errno.EINVAL, () -> put(0, of(xdp.withFlags(false, true))));
  }

  @Test
  void aFrozenMapRefusesUpdateAndDelete() {
    put(0, new TestProgram(xdp, 1));
    map.user().freeze();
    refuses(Errno.EPERM, () -> put(1, of(xdp)));
    refuses(Errno.EPERM, () -> map.user().delete(key(0)));
    assertThat(get(map, 0)).isEqualTo(1);
  }

  @Test
  void allEntriesGoWithTheLastUser() {
    int fd = kernel.fds.open(map);
    TestProgram program = new TestProgram(xdp, 1);
    put(0, program);
    map.user().freeze();
    kernel.fds.close(fd);
    assertThat(program.freed()).isTrue();
    assertThat(table.target(0)).isNull();
  }

  @Test
  void thereAreNoBatches() {
    refuses(Errno.ENOTSUPP, () -> map.user().lookupBatch(null, key(0), key(0), key(0), 1, 0));
    refuses(Errno.ENOTSUPP, () -> map.user().updateBatch(key(0), key(0), 1, 0));
  }

  private static TestProgram of(ProgramSpec spec) {
    return new TestProgram(spec, 9);
  }

  /** Puts a program in and lets everything else that holds it go. */
  private void put(int index, TestProgram program) {
    int fd = kernel.fds.open(program);
    program.release();
    try {
      map.user().update(key(index), key(fd), 0);
    } finally {
      kernel.fds.close(fd);
    }
  }
}
