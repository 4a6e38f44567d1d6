package io.ebpf4j.jvm.trace;

import io.ebpf4j.BpfException;
import io.ebpf4j.Link;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.ProgramLink;
import io.ebpf4j.jvm.memory.Rcu;
import io.ebpf4j.spec.Errno;
import org.jspecify.annotations.Nullable;

/** A program attached to a tracepoint until the link goes. */
final class TracepointLink extends ProgramLink {
  /** BPF_LINK_TYPE_RAW_TRACEPOINT, which programs with types have too. */
  private static final int TYPE = 1;

  private final Rcu rcu;
  private final LoadedProgram program;
  private final Tracepoint tracepoint;

  TracepointLink(int id, Rcu rcu, LoadedProgram program, Tracepoint tracepoint) {
    super(id);
    this.rcu = rcu;
    this.program = program;
    this.tracepoint = tracepoint;
    program.retain();
    tracepoint.attach(program);
  }

  @Override
  public Link.Info info() {
    return new Link.Info(id(), TYPE, program.id(), 0);
  }

  @Override
  public void update(LoadedProgram next, @Nullable LoadedProgram expected) {
    throw new BpfException(
        Errno.EINVAL, "%s is of a tracepoint, whose program stays: attach another".formatted(this));
  }

  @Override
  public void detach() {
    throw new BpfException(
        Errno.ENOTSUP, "%s is of a tracepoint and ends when it is closed".formatted(this));
  }

  @Override
  protected void free() {
    tracepoint.detach(program);
    rcu.call(program::release);
  }
}
