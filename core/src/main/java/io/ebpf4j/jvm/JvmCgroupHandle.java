package io.ebpf4j.jvm;

import io.ebpf4j.jvm.map.Cgroup;

/** A descriptor of a control group of the kernel in the JVM. */
final class JvmCgroupHandle extends JvmHandle<Cgroup> {
  JvmCgroupHandle(JvmKernel kernel, Cgroup group) {
    super(kernel, group);
  }

  @Override
  public int id() {
    return (int) object().id();
  }
}
