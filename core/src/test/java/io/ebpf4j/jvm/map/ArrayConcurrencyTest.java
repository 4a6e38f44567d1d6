package io.ebpf4j.jvm.map;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.MapSpec;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class ArrayConcurrencyTest {
  private static final int ROUNDS = 200;

  @Test
  void usersAndProgramsNeverSeeHalfAValueAndSurviveTheEndOfTheMap() throws InterruptedException {
    try (TestKernel kernel = new TestKernel()) {
      AtomicReference<Throwable> failure = new AtomicReference<>();
      for (int round = 0; round < ROUNDS; round++) {
        JvmMap map = kernel.create(MapSpec.array("m", 8, 1));
        AtomicBoolean gone = new AtomicBoolean();
        Thread user = Thread.ofPlatform().start(() -> use(map, gone, failure));
        Cpu cpu = kernel.cpu();
        cpu.enter();
        long value = map.lookup(cpu, kernel.rawKey(0));
        for (int i = 0; i < 100; i++) {
          long seen = Memory.getLong(value);
          assertThat(seen == 0 || seen == -1).isTrue();
          Memory.putLong(value, i % 2 == 0 ? -1 : 0);
        }
        gone.set(true);
        map.release();
        Memory.putLong(value, -1);
        cpu.exit();
        user.join();
      }
      assertThat(failure.get()).isNull();
      kernel.machine.rcu().barrier();
      assertThat(kernel.table.size()).isZero();
    }
  }

  /** Reads and writes until the map has been freed: an error then is the only one. */
  private static void use(JvmMap map, AtomicBoolean gone, AtomicReference<Throwable> failure) {
    try {
      while (true) {
        long seen = TestKernel.get(map, 0);
        assertThat(seen == 0 || seen == -1).isTrue();
        TestKernel.put(map, 0, seen == 0 ? -1 : 0);
      }
    } catch (IllegalStateException e) {
      if (!gone.get()) {
        failure.set(e);
      }
    } catch (Throwable e) {
      failure.set(e);
    }
  }
}
