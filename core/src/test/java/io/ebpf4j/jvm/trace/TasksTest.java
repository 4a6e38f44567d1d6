package io.ebpf4j.jvm.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.cpu.Clock;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.jvm.map.StorageOwners;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TasksTest {
  private final Machine machine = new Machine(1, Clock.fixed(0), 1);
  private final MapTable table = MapTable.install(machine);
  private final Tasks tasks = new Tasks(machine);

  @AfterEach
  void close() {
    tasks.close();
    machine.rcu().barrier();
    assertThat(tasks.size()).isZero();
    machine.close();
    table.close();
  }

  @Test
  void aThreadIsAlwaysTheSameTask() {
    Task task = tasks.current();
    assertThat(tasks.current()).isSameAs(task);
    assertThat(task.tgid()).isEqualTo((int) ProcessHandle.current().pid());
    Cpu cpu = machine.cpus().getFirst();
    cpu.enter();
    try {
      assertThat(Tasks.current(cpu)).isSameAs(task);
    } finally {
      cpu.exit();
    }
  }

  @Test
  void aThreadThatHasEndedIsNoTask() throws InterruptedException {
    Thread thread = Thread.ofPlatform().start(() -> {});
    thread.join();
    assertThatThrownBy(() -> tasks.hold(thread))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("is not running");
  }

  @Test
  void virtualThreadsByTheHundredThousandComeAndGo() throws InterruptedException {
    int count = 100_000;
    Set<Integer> pids = ConcurrentHashMap.newKeySet();
    CountDownLatch done = new CountDownLatch(count);
    for (int i = 0; i < count; i++) {
      Thread.ofVirtual()
          .start(() -> {
            pids.add(tasks.current().pid());
            done.countDown();
          });
    }
    done.await();
    assertThat(pids).hasSize(count);
    StorageOwners owners = machine.slots().get(StorageOwners.SLOT);
    for (int i = 0; i < 1_000 && (tasks.size() > 0 || owners.size() > 1); i++) {
      Thread.sleep(20);
    }
    assertThat(tasks.size()).isZero();
    machine.rcu().barrier();
    // What is left is the root of the control groups.
    assertThat(owners.size()).isEqualTo(1);
  }
}
