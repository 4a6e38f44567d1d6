package io.ebpf4j.linux;

import io.ebpf4j.BpfException;
import io.ebpf4j.VerifierException;
import io.ebpf4j.btf.BtfStrings;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.object.CoreRelocator;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.KernelName;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.FunctionInfo;
import io.ebpf4j.spec.ProgramSpec.LineInfo;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** BPF_PROG_LOAD: instructions, BTF with function and line information, and a log that grows. */
final class ProgramLoad {
  private static final int FIRST_LOG_BYTES = 1 << 16;
  private static final int LAST_LOG_BYTES = 1 << 28;
  private static final int LAST_REFUSAL_LOG_BYTES = 1 << 24;
  private static final int STRICT_ALIGNMENT = 1;
  private static final int SLEEPABLE = 1 << 4;
  private static final int XDP_HAS_FRAGS = 1 << 5;
  private static final int FUNCTION_INFO_BYTES = 8;
  private static final int LINE_INFO_BYTES = 16;

  /** Line information packs the column into 10 bits. */
  private static final int LAST_COLUMN = 0x3ff;

  private static final int LAST_LINE = (1 << 22) - 1;

  private final ProgramSpec spec;
  private final List<Instruction> instructions;
  private final CoreRelocator.Relocated relocated;
  private final AttachTarget target;
  private final int[] mapsByIndex;
  private final int logLevel;
  private final boolean privileged;

  /**
   * Prepares a load.
   *
   * @param relocated the program, adapted to the kernel's types
   * @param instructions its instructions, with descriptors and kernel symbols in them
   * @param target what it attaches to
   * @param mapsByIndex descriptors of the maps that it names by index
   * @param logLevel of the log of a program that is accepted
   * @param privileged whether the capabilities of the process count
   */
  ProgramLoad(
      CoreRelocator.Relocated relocated,
      List<Instruction> instructions,
      AttachTarget target,
      int[] mapsByIndex,
      int logLevel,
      boolean privileged) {
    this.relocated = relocated;
    this.spec = relocated.program();
    this.instructions = instructions;
    this.target = target;
    this.mapsByIndex = mapsByIndex;
    this.logLevel = logLevel;
    this.privileged = privileged;
  }

  /** A program's descriptor and its verifier's log. */
  record Loaded(int fd, String log) {}

  /**
   * Loads the program.
   *
   * @throws VerifierException with the log, where the verifier refused it
   */
  Loaded load() {
    BtfStrings strings =
        spec.btf() == null || spec.functions().isEmpty()
            ? null
            : new BtfStrings(LoadedBtf.forKernel(spec.btf()));
    int @Nullable [] lines = strings == null ? null : lineInformation(strings);
    try (LoadedBtf btf = strings == null ? LoadedBtf.none() : LoadedBtf.load(strings)) {
      Attempt attempt = logLevel == 0 ? attempt(btf, lines, 0) : logged(btf, lines, LAST_LOG_BYTES);
      if (attempt.result() < 0) {
        String log = logLevel == 0 ? refusalLog(btf, lines, attempt.result()) : attempt.log();
        throw refused(attempt.result(), log, btf.refusal());
      }
      return new Loaded((int) attempt.result(), attempt.log());
    }
  }

  /**
   * The log of a program that was refused: the whole of it, or the end where it is too long or the
   * program too large, since that is walked anew for each attempt.
   */
  private String refusalLog(LoadedBtf btf, int @Nullable [] lines, long refusal) {
    boolean tooLarge = refusal == -Errno.E2BIG.number();
    return logged(btf, lines, tooLarge ? FIRST_LOG_BYTES : LAST_REFUSAL_LOG_BYTES).log();
  }

  /** An attempt with a log that grows until it has room for all, or the largest size. */
  private Attempt logged(LoadedBtf btf, int @Nullable [] lines, int largest) {
    for (int bytes = FIRST_LOG_BYTES; ; bytes *= 16) {
      Attempt attempt = attempt(btf, lines, bytes);
      if (attempt.result() != -Errno.ENOSPC.number() || bytes >= largest) {
        return attempt;
      }
    }
  }

  private record Attempt(long result, String log) {}

  private Attempt attempt(LoadedBtf btf, int @Nullable [] lines, int logBytes) {
    try (Bpf bpf = new Bpf()) {
      bpf.u32(0, spec.type().id())
          .u32(4, instructions.size())
          .in(8, MemorySegment.ofArray(Instruction.encode(instructions)))
          .string(16, spec.license())
          .u32(40, spec.kernelVersion())
          .u32(44, flags())
          .name(48, KernelName.of(spec.name()))
          .u32(108, target.btfId())
          .u32(112, target.programFd());
      if (mapsByIndex.length > 0) {
        bpf.in(120, MemorySegment.ofArray(mapsByIndex)).u32(148, mapsByIndex.length);
      }
      if (spec.expectedAttachType() != null) {
        bpf.u32(68, spec.expectedAttachType().id());
      }
      if (btf.fd() != 0) {
        bpf.u32(72, btf.fd())
            .u32(76, FUNCTION_INFO_BYTES)
            .in(80, MemorySegment.ofArray(functionInformation()))
            .u32(88, spec.functions().size());
        if (lines != null && lines.length > 0) {
          bpf.u32(92, LINE_INFO_BYTES)
              .in(96, MemorySegment.ofArray(lines))
              .u32(104, lines.length * Integer.BYTES / LINE_INFO_BYTES);
        }
      }
      MemorySegment log = bpf.room(logBytes);
      if (logBytes > 0) {
        log.set(ValueLayout.JAVA_BYTE, 0, (byte) 0);
        bpf.u32(24, Math.max(1, logLevel)).u32(28, logBytes).pointer(32, log);
      }
      long result =
          privileged
              ? bpf.call(Bpf.PROG_LOAD)
              : Capabilities.withoutThoseOfBpf(() -> bpf.call(Bpf.PROG_LOAD));
      return new Attempt(result, logBytes > 0 ? log.getString(0) : "");
    }
  }

  private int flags() {
    return (spec.strictAlignment() ? STRICT_ALIGNMENT : 0)
        | (spec.sleepable() ? SLEEPABLE : 0)
        | (spec.frags() ? XDP_HAS_FRAGS : 0);
  }

  private int[] functionInformation() {
    int[] words = new int[spec.functions().size() * FUNCTION_INFO_BYTES / Integer.BYTES];
    int at = 0;
    for (FunctionInfo function : spec.functions()) {
      words[at++] = function.slot();
      words[at++] = function.typeId();
    }
    return words;
  }

  private int[] lineInformation(BtfStrings strings) {
    int[] words = new int[spec.lines().size() * LINE_INFO_BYTES / Integer.BYTES];
    int at = 0;
    for (LineInfo line : spec.lines()) {
      words[at++] = line.slot();
      words[at++] = strings.offset(line.file());
      words[at++] = strings.offset(line.text());
      words[at++] = Math.min(line.line(), LAST_LINE) << 10 | Math.min(line.column(), LAST_COLUMN);
    }
    return words;
  }

  private BpfException refused(long result, String log, String withoutBtf) {
    String what = "to load program '%s' (%s)".formatted(spec.name(), spec.type());
    if (log.isEmpty()) {
      return Bpf.failure(result, what + withoutBtf);
    }
    List<String> lines =
        log.lines().filter(line -> !line.isBlank() && !line.startsWith("processed ")).toList();
    String reason = lines.isEmpty() ? "" : ": " + lines.getLast();
    return new VerifierException(
        Syscall.errno(result), "Linux refused " + what + reason + poison(reason) + withoutBtf, log);
  }

  /** What the kernel lacks, where the verifier stopped at a poisoned instruction. */
  private String poison(String reason) {
    return relocated.poisoned().entrySet().stream()
        .filter(poisoned -> reason.contains("#" + instructions.get(poisoned.getKey()).imm()))
        .map(poisoned -> "; instruction %d: %s".formatted(poisoned.getKey(), poisoned.getValue()))
        .collect(Collectors.joining());
  }
}
