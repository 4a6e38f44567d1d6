package io.ebpf4j.jvm.context;

import io.ebpf4j.spec.Attachment;

/** A place of a subsystem where programs are attached. */
public interface Hook {
  /** Whether the attachment is to this hook. */
  boolean takes(Attachment to);

  /**
   * Attaches a program.
   *
   * @param to what {@link #takes} has said yes to
   * @param id the kernel-wide id that the link is to have
   * @return the link, held once
   * @throws io.ebpf4j.BpfException as {@link io.ebpf4j.Kernel#attach}
   */
  ProgramLink attach(LoadedProgram program, Attachment to, int id);
}
