package io.ebpf4j.jvm.trace;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.context.Hook;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.ProgramLink;
import io.ebpf4j.jvm.memory.Rcu;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramType;

/** The application's tracepoints, where raw tracepoint and tp_btf programs are attached. */
final class TracepointHook implements Hook {
  private final Tracepoints tracepoints;
  private final Rcu rcu;

  TracepointHook(Tracepoints tracepoints, Rcu rcu) {
    this.tracepoints = tracepoints;
    this.rcu = rcu;
  }

  @Override
  public boolean takes(Attachment to) {
    return to instanceof Attachment.RawTracepoint || to instanceof Attachment.Loaded;
  }

  @Override
  public ProgramLink attach(LoadedProgram program, Attachment to, int id) {
    return switch (to) {
      case Attachment.RawTracepoint(String name) -> attachRaw(program, name, id);
      default -> attachTyped(program, id);
    };
  }

  private ProgramLink attachRaw(LoadedProgram program, String name, int id) {
    if (program.spec().type() != ProgramType.RAW_TRACEPOINT) {
      throw new BpfException(
          Errno.EINVAL,
          "%s is of type %s, a raw tracepoint takes RAW_TRACEPOINT"
              .formatted(program, program.spec().type()));
    }
    Tracepoint tracepoint =
        tracepoints
            .find(name)
            .orElseThrow(() ->
                new BpfException(
                    Errno.ENOENT, "there is no tracepoint '%s': declare it first".formatted(name)));
    int bytes = tracepoint.parameters().size() * Long.BYTES;
    if (program.contextEnd() > bytes) {
      throw new BpfException(
          Errno.EINVAL,
          "%s reads %d bytes of arguments, %s has %d"
              .formatted(program, program.contextEnd(), tracepoint, bytes));
    }
    return new TracepointLink(id, rcu, program, tracepoint);
  }

  private ProgramLink attachTyped(LoadedProgram program, int id) {
    if (program.spec().type() != ProgramType.TRACING
        || program.spec().expectedAttachType() != AttachType.TRACE_RAW_TP) {
      throw new BpfException(
          Errno.ENOTSUPP,
          "attaching %s to what it was loaded for is not built in the JVM kernel yet"
              .formatted(program));
    }
    return new TracepointLink(id, rcu, program, tracepoints.target(program.spec()));
  }
}
