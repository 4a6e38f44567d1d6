package io.ebpf4j.jvm.map;

import static io.ebpf4j.jvm.map.Refusals.refuses;
import static io.ebpf4j.jvm.map.TestKernel.key;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import org.junit.jupiter.api.Test;

class CgroupArrayTest {
  @Test
  void groupsGoInByDescriptorAndAreAskedForTheirPlace() {
    try (TestKernel kernel = new TestKernel()) {
      CgroupArray map =
          (CgroupArray) kernel.create(MapSpec.of("groups", MapType.CGROUP_ARRAY, 4, 4, 2));
      Cgroup root = new Cgroup(kernel.machine, "", 1, null);
      Cgroup web = new Cgroup(kernel.machine, "web", 2, root);
      map.user().update(key(1), key(kernel.fds.open(root)), 0);
      assertThat(map.group(1)).isSameAs(root);
      assertThat(map.group(0)).isNull();
      assertThat(map.group(2)).isNull();
      assertThat(web.isUnder(root)).isTrue();
      assertThat(root.isUnder(web)).isFalse();
      refuses(Errno.ENOTSUPP, () -> map.user().lookup(key(1), key(0), 0));
      assertThat(map.user().delete(key(1))).isTrue();
      assertThat(map.group(1)).isNull();
    }
  }
}
