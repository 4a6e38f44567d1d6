package io.ebpf4j.jvm;

import io.ebpf4j.Link;
import io.ebpf4j.Program;
import io.ebpf4j.jvm.context.ProgramLink;

/** A descriptor of a link of the kernel in the JVM. */
final class JvmLinkHandle extends JvmHandle<ProgramLink> implements Link {
  JvmLinkHandle(JvmKernel kernel, ProgramLink link) {
    super(kernel, link);
  }

  @Override
  public int id() {
    return object().id();
  }

  @Override
  public Info info() {
    return object().info();
  }

  @Override
  public void update(Program program) {
    object().update(kernel().own(program), null);
  }

  @Override
  public void update(Program program, Program expected) {
    object().update(kernel().own(program), kernel().own(expected));
  }

  @Override
  public void detach() {
    object().detach();
  }
}
