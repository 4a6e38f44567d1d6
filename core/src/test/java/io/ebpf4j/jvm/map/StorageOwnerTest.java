package io.ebpf4j.jvm.map;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.jvm.memory.Memory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StorageOwnerTest {
  /** The root of the control groups. */
  private static final int THOSE_BEFORE = 1;

  private final TestKernel kernel = new TestKernel();
  private final StorageOwners owners = kernel.machine.slots().get(StorageOwners.SLOT);
  private final List<StorageOwner> ended = new ArrayList<>();

  @Test
  void anOwnerIsFoundByTheAddressOfItsStructure() {
    try (kernel) {
      Cgroup root = new Cgroup(kernel.machine, "", 1, null);
      Cgroup web = new Cgroup(kernel.machine, "web", 2, root);
      assertThat(StorageOwner.at(kernel.cpu(), root.address())).isSameAs(root);
      assertThat(StorageOwner.at(kernel.cpu(), web.address())).isSameAs(web);
      assertThat(Memory.getLong(web.address() + StorageOwner.VALUES_OFFSET)).isZero();
      assertThat(owners.size()).isEqualTo(THOSE_BEFORE + 2);
      web.release();
      root.release();
      kernel.machine.rcu().barrier();
      assertThat(owners.size()).isEqualTo(THOSE_BEFORE);
    }
  }

  @Test
  void anOwnerEndsOnce() {
    try (kernel) {
      owners.whenOneEnds(ended::add);
      Cgroup root = new Cgroup(kernel.machine, "", 1, null);
      root.end();
      assertThat(root.hasEnded()).isTrue();
      root.release();
      assertThat(ended).containsExactly(root);
    }
  }

  @Test
  void theStructureStaysUntilReadersHaveLeft() {
    try (kernel) {
      Cgroup root = new Cgroup(kernel.machine, "", 1, null);
      kernel.cpu().enter();
      try {
        root.release();
        assertThat(StorageOwner.at(kernel.cpu(), root.address())).isSameAs(root);
      } finally {
        kernel.cpu().exit();
      }
      kernel.machine.rcu().barrier();
      assertThat(owners.size()).isEqualTo(THOSE_BEFORE);
    }
  }
}
