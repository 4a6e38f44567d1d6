package io.ebpf4j.linux;

import io.ebpf4j.BpfException;
import io.ebpf4j.Handle;
import io.ebpf4j.VerifierException;
import io.ebpf4j.btf.Btf;
import io.ebpf4j.spec.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Types that Linux holds: BPF_BTF_LOAD, and {@code struct bpf_btf_info}. Thread safe. */
public final class LinuxBtf extends LinuxHandle implements Handle {
  private static final int LOG_BYTES = 1 << 20;
  private static final int INFO_BYTES = 32;
  private static final int NAME_BYTES = 256;

  private final int id;
  private final String log;

  LinuxBtf(LinuxKernel kernel, int fd, String log) {
    super(kernel, fd);
    this.id = info(fd).id();
    this.log = log;
  }

  /**
   * Types as Linux tells of them.
   *
   * @param id the kernel-wide id; 1 is the kernel's own
   * @param name empty for those of programs, {@code vmlinux} or a module's name
   * @param bytes the size of the section
   * @param kernel whether they are the kernel's or a module's
   */
  public record Info(int id, String name, int bytes, boolean kernel) {}

  static LinuxBtf load(LinuxKernel kernel, Btf types, int logLevel) {
    byte[] bytes = types.encode();
    try (Bpf bpf = new Bpf()) {
      bpf.in(0, MemorySegment.ofArray(bytes)).u32(16, bytes.length);
      MemorySegment log = bpf.buffer(logLevel == 0 ? 0 : LOG_BYTES);
      if (logLevel != 0) {
        bpf.pointer(8, log).u32(20, LOG_BYTES).u32(24, logLevel);
      }
      long result = bpf.call(Bpf.BTF_LOAD);
      String text = logLevel == 0 ? "" : log.getString(0);
      if (result < 0 && logLevel == 0) {
        return load(kernel, types, 1);
      }
      if (result < 0 && text.isBlank()) {
        throw Bpf.failure(result, "to load types");
      }
      if (result < 0) {
        String last = text.strip();
        throw new VerifierException(
            Syscall.errno(result),
            "Linux refused to load types: " + last.substring(last.lastIndexOf('\n') + 1),
            text);
      }
      return new LinuxBtf(kernel, (int) result, text);
    }
  }

  /** The types with an id. */
  static Btf read(int id) {
    if (id == 0) {
      throw new BpfException(Errno.EINVAL, "the program was loaded without types");
    }
    try (Bpf bpf = new Bpf()) {
      int fd = bpf.u32(0, id).callOrThrow(Bpf.BTF_GET_FD_BY_ID, "to open the types with id " + id);
      try {
        return types(fd);
      } finally {
        Bpf.closeFd(fd);
      }
    }
  }

  @Override
  String describe() {
    return "types " + id;
  }

  @Override
  public int id() {
    mustBeOpen();
    return id;
  }

  /** What Linux wrote when it checked them; empty where no log was asked for. */
  public String log() {
    return log;
  }

  /** What Linux tells of them. */
  public Info info() {
    return with(LinuxBtf::info);
  }

  /** The types themselves. */
  public Btf types() {
    return with(LinuxBtf::types);
  }

  private static Btf types(int fd) {
    int size = info(fd).bytes();
    try (Bpf bpf = new Bpf()) {
      MemorySegment section = bpf.room(size);
      MemorySegment info = bpf.buffer(INFO_BYTES);
      info.set(ValueLayout.JAVA_LONG, 0, section.address());
      info.set(ValueLayout.JAVA_INT, 8, size);
      ask(bpf, fd, info);
      return Btf.parse(section.asSlice(0, size).toArray(ValueLayout.JAVA_BYTE));
    }
  }

  private static Info info(int fd) {
    try (Bpf bpf = new Bpf()) {
      MemorySegment name = bpf.buffer(NAME_BYTES);
      MemorySegment info = bpf.buffer(INFO_BYTES);
      info.set(ValueLayout.JAVA_LONG, 16, name.address());
      info.set(ValueLayout.JAVA_INT, 24, NAME_BYTES);
      ask(bpf, fd, info);
      return new Info(
          info.get(ValueLayout.JAVA_INT, 12),
          name.getString(0),
          info.get(ValueLayout.JAVA_INT, 8),
          info.get(ValueLayout.JAVA_INT, 28) != 0);
    }
  }

  private static void ask(Bpf bpf, int fd, MemorySegment info) {
    bpf.u32(0, fd)
        .u32(4, INFO_BYTES)
        .pointer(8, info)
        .callOrThrow(Bpf.OBJ_GET_INFO_BY_FD, "to tell of types");
  }
}
