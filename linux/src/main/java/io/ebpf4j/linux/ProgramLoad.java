package io.ebpf4j.linux;

import io.ebpf4j.BpfException;
import io.ebpf4j.VerifierException;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.FunctionInfo;
import io.ebpf4j.spec.ProgramSpec.Reference;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * BPF_PROG_LOAD: descriptors put into the instructions, BTF, and a log that grows until it fits.
 */
final class ProgramLoad {
  private static final int FIRST_LOG_BYTES = 1 << 16;
  private static final int LAST_LOG_BYTES = 1 << 28;
  private static final int SLEEPABLE = 1 << 4;
  private static final int XDP_HAS_FRAGS = 1 << 5;
  private static final int FUNCTION_INFO_BYTES = 8;

  private final ProgramSpec spec;
  private final List<Instruction> instructions;
  private final int btfFd;

  /**
   * Prepares a load.
   *
   * @param mapFds the descriptors of the maps that the references name
   * @param btfFd the object's loaded BTF, or 0
   */
  ProgramLoad(ProgramSpec spec, Map<String, Integer> mapFds, int btfFd) {
    this.spec = spec;
    this.instructions = resolve(spec, mapFds);
    this.btfFd = btfFd;
  }

  /**
   * Loads the program and gives its descriptor.
   *
   * @throws VerifierException with the log, where the verifier refused it
   */
  int load() {
    long result = attempt(0).result();
    for (int bytes = FIRST_LOG_BYTES; result < 0; bytes *= 16) {
      Attempt attempt = attempt(bytes);
      result = attempt.result();
      boolean cutOff = result == -Errno.ENOSPC.number() && bytes < LAST_LOG_BYTES;
      if (result < 0 && !cutOff) {
        throw refused(result, attempt.log());
      }
    }
    return (int) result;
  }

  private record Attempt(long result, String log) {}

  private Attempt attempt(int logBytes) {
    try (Bpf bpf = new Bpf()) {
      bpf.u32(0, spec.type().id())
          .u32(4, instructions.size())
          .in(8, MemorySegment.ofArray(Instruction.encode(instructions)))
          .string(16, spec.license())
          .u32(40, spec.kernelVersion())
          .u32(44, (spec.sleepable() ? SLEEPABLE : 0) | (spec.frags() ? XDP_HAS_FRAGS : 0))
          .name(48, spec.name());
      if (spec.expectedAttachType() != null) {
        bpf.u32(68, spec.expectedAttachType().id());
      }
      if (btfFd != 0 && !spec.functions().isEmpty()) {
        bpf.u32(72, btfFd)
            .u32(76, FUNCTION_INFO_BYTES)
            .pointer(80, functionInfo(bpf))
            .u32(88, spec.functions().size());
      }
      MemorySegment log = bpf.buffer(logBytes);
      if (logBytes > 0) {
        bpf.u32(24, 1).u32(28, logBytes).pointer(32, log);
      }
      long result = bpf.call(Bpf.PROG_LOAD);
      return new Attempt(result, logBytes > 0 ? log.getString(0) : "");
    }
  }

  private MemorySegment functionInfo(Bpf bpf) {
    MemorySegment records = bpf.buffer((long) spec.functions().size() * FUNCTION_INFO_BYTES);
    long at = 0;
    for (FunctionInfo function : spec.functions()) {
      records.set(ValueLayout.JAVA_INT, at, function.slot());
      records.set(ValueLayout.JAVA_INT, at + 4, function.typeId());
      at += FUNCTION_INFO_BYTES;
    }
    return records;
  }

  private BpfException refused(long result, String log) {
    String what = "to load program '%s' (%s)".formatted(spec.name(), spec.type());
    if (log.isEmpty()) {
      return Bpf.failure(result, what);
    }
    List<String> lines =
        log.lines().filter(line -> !line.isBlank() && !line.startsWith("processed ")).toList();
    String reason = lines.isEmpty() ? "" : ": " + lines.getLast();
    return new VerifierException(Syscall.errno(result), "Linux refused " + what + reason, log);
  }

  private static List<Instruction> resolve(ProgramSpec spec, Map<String, Integer> mapFds) {
    List<Instruction> resolved = new ArrayList<>(spec.instructions());
    for (Reference reference : spec.references()) {
      int slot = reference.slot();
      Instruction first = resolved.get(slot);
      switch (reference) {
        case Reference.ToMap(int _, String map) ->
            resolved.set(slot, first.withSrc(Isa.BPF_PSEUDO_MAP_FD).withImm(fd(spec, mapFds, map)));
        case Reference.ToMapValue(int _, String map, int offset) -> {
          resolved.set(
              slot, first.withSrc(Isa.BPF_PSEUDO_MAP_VALUE).withImm(fd(spec, mapFds, map)));
          resolved.set(slot + 1, resolved.get(slot + 1).withImm(offset));
        }
        case Reference.ToKernelSymbol(int _, String symbol, int _, boolean _) ->
            throw notBuilt(spec, "kernel variable '" + symbol + "'");
        case Reference.ToKernelFunction(int _, String function, int _, boolean _) ->
            throw notBuilt(spec, "kernel function '" + function + "'");
      }
    }
    return resolved;
  }

  private static int fd(ProgramSpec spec, Map<String, Integer> mapFds, String map) {
    Integer fd = mapFds.get(map);
    if (fd == null) {
      throw new BpfException(
          Errno.EBADF,
          "program '%s' uses map '%s', which was not given".formatted(spec.name(), map));
    }
    return fd;
  }

  private static BpfException notBuilt(ProgramSpec spec, String what) {
    return new BpfException(
        Errno.ENOTSUPP,
        "program '%s' uses %s: kernel symbols are not built for LinuxKernel yet"
            .formatted(spec.name(), what));
  }
}
