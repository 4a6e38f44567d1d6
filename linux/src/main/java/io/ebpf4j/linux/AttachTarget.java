package io.ebpf4j.linux;

import io.ebpf4j.BpfException;
import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfKind;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import java.util.function.Supplier;

/**
 * What a program is loaded for: something of the kernel's, or a function of another program. Closed
 * after the load, which holds the other program itself.
 *
 * @param btfId its type, or 0 where the program's type needs none
 * @param programFd a descriptor of the other program, or 0
 */
record AttachTarget(int btfId, int programFd) implements AutoCloseable {
  /**
   * The target of a program.
   *
   * @throws BpfException ESRCH where there is nothing of that name, ENOENT where the other program
   *     is gone, EINVAL where it has no types
   */
  static AttachTarget of(ProgramSpec spec, Supplier<Btf> kernelTypes) {
    if (spec.targetProgram() != 0) {
      return ofFunction(spec.targetProgram(), spec.attachTo(), "program '" + spec.name() + "'");
    }
    AttachType attachType = spec.expectedAttachType();
    if (attachType == null || spec.attachTo().isEmpty()) {
      return new AttachTarget(0, 0);
    }
    String name = spec.attachTo();
    return switch (attachType) {
      case TRACE_RAW_TP -> ofKernel(spec, kernelTypes, "btf_trace_" + name, BtfKind.TYPEDEF);
      case TRACE_ITER -> ofKernel(spec, kernelTypes, "bpf_iter_" + name, BtfKind.FUNC);
      case LSM_MAC -> ofKernel(spec, kernelTypes, "bpf_lsm_" + name, BtfKind.FUNC);
      case TRACE_FENTRY, TRACE_FEXIT, MODIFY_RETURN ->
          ofKernel(spec, kernelTypes, name, BtfKind.FUNC);
      default -> new AttachTarget(0, 0);
    };
  }

  /**
   * A function of a loaded program.
   *
   * @param who what is to be attached, for a sentence
   */
  static AttachTarget ofFunction(int programId, String function, String who) {
    int fd;
    try (Bpf bpf = new Bpf()) {
      fd =
          bpf.u32(0, programId)
              .callOrThrow(
                  Bpf.PROG_GET_FD_BY_ID,
                  "to open program %d, to which %s attaches".formatted(programId, who));
    }
    try {
      Btf types = LinuxBtf.read(LinuxInfo.ofProgram(fd).btfId());
      int type =
          types
              .find(function, BtfKind.FUNC)
              .orElseThrow(() ->
                  new BpfException(
                      Errno.ESRCH,
                      "%s attaches to %s, and program %d has no function of that name"
                          .formatted(who, function, programId)));
      return new AttachTarget(type, fd);
    } catch (RuntimeException | Error e) {
      Bpf.closeFd(fd);
      throw e;
    }
  }

  private static AttachTarget ofKernel(
      ProgramSpec spec, Supplier<Btf> types, String type, BtfKind kind) {
    return new AttachTarget(
        types
            .get()
            .find(type, kind)
            .orElseThrow(() ->
                new BpfException(
                    Errno.ESRCH,
                    "program '%s' attaches to %s, for which this kernel has no %s"
                        .formatted(spec.name(), spec.attachTo(), type))),
        0);
  }

  @Override
  public void close() {
    if (programFd != 0) {
      Bpf.closeFd(programFd);
    }
  }
}
