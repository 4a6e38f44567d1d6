package io.ebpf4j.jvm.map;

import static io.ebpf4j.jvm.map.TestKernel.key;
import static io.ebpf4j.jvm.map.ValueTypes.TIMER;
import static io.ebpf4j.jvm.map.ValueTypes.U64;
import static io.ebpf4j.jvm.map.ValueTypes.member;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.jvm.cpu.Activation;
import io.ebpf4j.jvm.cpu.Clock;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.ManualClock;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TimersTest {
  private static final long EINVAL = -Errno.EINVAL.number();
  private static final long MONOTONIC = 1;

  private final ManualClock clock = new ManualClock(1_000);
  private final TestKernel kernel = new TestKernel(clock);
  private final JvmMap map = create(kernel);
  private final int fd = kernel.fds.open(map);
  private final List<String> fired = new ArrayList<>();
  private Callback callback = (cpu, key, value) -> {};
  private int bound;

  @AfterEach
  void close() {
    kernel.close();
  }

  @Test
  void callsAnswerAsLinux() {
    long timer = timer(map, 2);
    assertThat(setCallback(timer)).isEqualTo(EINVAL);
    assertThat(start(timer, 0, 0)).isEqualTo(EINVAL);
    assertThat(cancel(timer)).isEqualTo(EINVAL);
    assertThat(init(timer, 2)).isEqualTo(EINVAL);
    assertThat(init(timer, 16)).isEqualTo(EINVAL);
    assertThat(init(timer, 17)).isEqualTo(EINVAL);
    assertThat(init(timer, MONOTONIC)).isZero();
    assertThat(init(timer, MONOTONIC)).isEqualTo(-Errno.EBUSY.number());
    assertThat(start(timer, 0, 0)).isEqualTo(EINVAL);
    assertThat(cancel(timer)).isZero();
    assertThat(setCallback(timer)).isZero();
    assertThat(start(timer, 5_000, 4)).isEqualTo(EINVAL);
    assertThat(start(timer, 5_000, 0)).isZero();
    assertThat(cancel(timer)).isEqualTo(1);
    assertThat(cancel(timer)).isZero();
    assertThat(start(timer, 1_000, 0)).isEqualTo(EINVAL);
    assertThat(setCallback(timer)).isZero();
    assertThat(start(timer, 1_000, 0)).isZero();
  }

  @Test
  void timersFireInOrderWhenTheClockIsAdvanced() {
    callback = (cpu, key, value) -> fired.add("%d at %d".formatted(key, clock.monotonicNanos()));
    started(0, 300, 0);
    started(1, 100, 0);
    started(2, 1_200, 1);
    started(3, 900, 0);
    clock.advance(99);
    assertThat(fired).isEmpty();
    clock.advance(400);
    assertThat(fired).containsExactly("1 at 1100", "2 at 1200", "0 at 1300");
    assertThat(clock.monotonicNanos()).isEqualTo(1_499);
  }

  @Test
  void aCallbackMayStartItsTimerAgainButNotCancelIt() {
    callback =
        (cpu, key, value) -> {
          fired.add(
              TimerHelpers.timerCancel(cpu, value + 8)
                  + " "
                  + TimerHelpers.timerStart(cpu, value + 8, 10, 0));
        };
    started(0, 10, 0);
    clock.advance(35);
    assertThat(fired).containsExactly("-35 0", "-35 0", "-35 0");
  }

  @Test
  void aCallbackRunsOnTheCpuThatStartedIt() {
    callback = (cpu, key, value) -> fired.add("cpu " + cpu.number());
    long timer = timer(map, 0);
    init(timer, MONOTONIC);
    setCallback(timer);
    TimerHelpers.timerStart(kernel.machine.cpus().get(1), timer, 5, 2);
    clock.advance(5);
    assertThat(fired).containsExactly("cpu 1");
  }

  @Test
  void anUpdateOfTheValueEndsItsTimer() {
    started(1, 10, 0);
    byte[] value = new byte[24];
    map.user().update(key(1), MemorySegment.ofArray(value), 0);
    assertThat(bound).isZero();
    clock.advance(100);
    assertThat(fired).isEmpty();
    assertThat(start(timer(map, 1), 0, 0)).isEqualTo(EINVAL);
    assertThat(init(timer(map, 1), MONOTONIC)).isZero();
  }

  @Test
  void aProgramsUpdateEndsTheTimerToo() {
    started(1, 10, 0);
    long value = kernel.rawLarge(24);
    Memory.fill(value, 24, (byte) 0);
    assertThat(map.update(kernel.cpu(), kernel.rawKey(1), value, 0)).isZero();
    assertThat(kernel.table.timers().size()).isZero();
  }

  @Test
  void theUserSeesNothingOfATimer() {
    started(0, 10, 0);
    byte[] value = new byte[24];
    map.user().lookup(key(0), MemorySegment.ofArray(value), 0);
    assertThat(value).containsOnly(0);
  }

  @Test
  void timersEndWithTheLastUserAndCannotBeMadeAfterwards() {
    map.retain();
    started(0, 10, 0);
    kernel.fds.close(fd);
    clock.advance(100);
    assertThat(fired).isEmpty();
    assertThat(bound).isZero();
    assertThat(init(timer(map, 0), MONOTONIC)).isEqualTo(-Errno.EPERM.number());
  }

  @Test
  void aTimerBelongsToTheMapItIsIn() {
    JvmMap other = create(kernel);
    kernel.fds.open(other);
    assertThat(TimerHelpers.timerInit(kernel.cpu(), timer(map, 0), other.address(), MONOTONIC))
        .isEqualTo(EINVAL);
    assertThat(TimerHelpers.timerInit(kernel.cpu(), timer(map, 0) + 8, map.address(), MONOTONIC))
        .isEqualTo(EINVAL);
  }

  @Test
  void withTheHostsClockTimersFireByThemselves() throws InterruptedException {
    try (TestKernel live = new TestKernel(Clock.system())) {
      JvmMap timed = create(live);
      live.fds.open(timed);
      CountDownLatch twice = new CountDownLatch(2);
      callback =
          (cpu, key, value) -> {
            twice.countDown();
            TimerHelpers.timerStart(cpu, value + 8, 1_000, 0);
          };
      long timer = timer(timed, 3);
      Cpu cpu = live.cpu();
      cpu.enter();
      cpu.activate(new Running());
      TimerHelpers.timerInit(cpu, timer, timed.address(), MONOTONIC);
      TimerHelpers.timerSetCallback(cpu, timer, 1);
      TimerHelpers.timerStart(cpu, timer, 1_000, 0);
      cpu.exit();
      assertThat(twice.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void aCallbackThatThrowsIsReportedAndOthersStillFire() throws InterruptedException {
    try (TestKernel live = new TestKernel(Clock.system())) {
      List<String> trace = new ArrayList<>();
      live.machine.trace(trace::add);
      JvmMap timed = create(live);
      live.fds.open(timed);
      CountDownLatch good = new CountDownLatch(1);
      callback =
          (cpu, key, value) -> {
            if (key == 0) {
              throw new IllegalStateException("it strayed");
            }
            good.countDown();
          };
      Cpu cpu = live.cpu();
      cpu.enter();
      cpu.activate(new Running());
      for (int i = 0; i < 2; i++) {
        TimerHelpers.timerInit(cpu, timer(timed, i), timed.address(), MONOTONIC);
        TimerHelpers.timerSetCallback(cpu, timer(timed, i), 1);
        TimerHelpers.timerStart(cpu, timer(timed, i), 1_000L * i, 0);
      }
      cpu.exit();
      assertThat(good.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(trace).containsExactly("a bpf_timer callback was stopped: it strayed");
    }
  }

  private static JvmMap create(TestKernel kernel) {
    ValueTypes types = new ValueTypes();
    int timed = types.struct("timed", 24, member("x", U64, 0), member("t", TIMER, 8));
    return kernel.create(types.map(MapType.ARRAY, timed, 24));
  }

  private long timer(JvmMap in, int index) {
    return in.lookup(kernel.cpu(), kernel.rawKey(index)) + 8;
  }

  private void started(int index, long nanos, long flags) {
    long timer = timer(map, index);
    assertThat(init(timer, MONOTONIC)).isZero();
    assertThat(setCallback(timer)).isZero();
    assertThat(start(timer, nanos, flags)).isZero();
  }

  private long init(long timer, long flags) {
    return TimerHelpers.timerInit(kernel.cpu(), timer, map.address(), flags);
  }

  private long setCallback(long timer) {
    Cpu cpu = kernel.cpu();
    Activation before = cpu.activate(new Running());
    try {
      return TimerHelpers.timerSetCallback(cpu, timer, 1);
    } finally {
      cpu.activate(before);
    }
  }

  private long start(long timer, long nanos, long flags) {
    return TimerHelpers.timerStart(kernel.cpu(), timer, nanos, flags);
  }

  private long cancel(long timer) {
    return TimerHelpers.timerCancel(kernel.cpu(), timer);
  }

  private interface Callback {
    void call(Cpu cpu, int key, long value);
  }

  /** A program whose only function is {@link #callback}. */
  private final class Running implements Activation {
    @Override
    public long call(Cpu cpu, long function, long r1, long r2, long r3, long r4, long r5) {
      throw new UnsupportedOperationException("nothing is called at once");
    }

    @Override
    public long tailCall(long context, long calledMap, long index) {
      throw new UnsupportedOperationException("nothing is tail-called");
    }

    @Override
    public BoundFunction bind(long function) {
      bound++;
      return new BoundFunction() {
        @Override
        public long call(Cpu cpu, long r1, long r2, long r3) {
          callback.call(cpu, Memory.getInt(r2), r3);
          return 0;
        }

        @Override
        public void close() {
          bound--;
        }
      };
    }
  }
}
