package io.ebpf4j.conformance;

import io.ebpf4j.BpfException;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.jvm.helper.HelperNames;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a kernel allows programs of each type, found by loading one for each question: which helpers
 * it calls, which bytes of the context it loads and stores in which widths, and what it returns.
 */
final class ProgramTypeMatrix {
  private static final int[] WIDTHS = {1, 2, 4, 8};
  private static final int[] WIDTH_BITS = {Isa.BPF_B, Isa.BPF_H, Isa.BPF_W, Isa.BPF_DW};
  private static final int[] RESULTS = {-4096, -4095, -1, 0, 1, 2, 3, 4, 100};

  /** kptr_xchg and the helpers of dynptrs. */
  private static final Set<Integer> LATER = Set.of(194, 197, 198, 199, 200, 201, 202, 203);

  private final Kernel kernel;

  ProgramTypeMatrix(Kernel kernel) {
    this.kernel = kernel;
  }

  /**
   * A type, with what it is loaded for.
   *
   * @param contextBytes how far its context is looked at
   */
  record Subject(
      ProgramType type, @Nullable AttachType attachType, boolean sleepable, int contextBytes) {
    @Override
    public String toString() {
      return type + (attachType == null ? "" : " " + attachType) + (sleepable ? " sleepable" : "");
    }
  }

  /** Every type that loads without a BTF type to attach to. */
  static List<Subject> subjects() {
    List<Subject> all = new ArrayList<>();
    for (ProgramType type : ProgramType.values()) {
      switch (type) {
        case UNSPEC, TRACING, STRUCT_OPS, EXT, LSM, LIRC_MODE2 -> {}
        case CGROUP_SOCK ->
            add(
                all,
                type,
                88,
                AttachType.CGROUP_INET_SOCK_CREATE,
                AttachType.CGROUP_INET4_POST_BIND,
                AttachType.CGROUP_INET6_POST_BIND,
                AttachType.CGROUP_INET_SOCK_RELEASE);
        case CGROUP_SOCK_ADDR -> {
          for (AttachType attachType : AttachType.values()) {
            if (isAddress(attachType)) {
              add(all, type, 80, attachType);
            }
          }
        }
        case CGROUP_SKB ->
            add(all, type, 200, AttachType.CGROUP_INET_INGRESS, AttachType.CGROUP_INET_EGRESS);
        case CGROUP_SOCKOPT ->
            add(all, type, 48, AttachType.CGROUP_GETSOCKOPT, AttachType.CGROUP_SETSOCKOPT);
        case SK_LOOKUP -> add(all, type, 80, AttachType.SK_LOOKUP);
        case NETFILTER -> add(all, type, 24, AttachType.NETFILTER);
        case SYSCALL -> all.add(new Subject(type, null, true, 64));
        case KPROBE -> {
          all.add(new Subject(type, null, false, 176));
          all.add(new Subject(type, null, true, 0));
          add(all, type, 0, AttachType.TRACE_KPROBE_SESSION, AttachType.TRACE_UPROBE_SESSION);
        }
        case XDP -> add(all, type, 32, AttachType.XDP, AttachType.XDP_DEVMAP);
        default -> all.add(new Subject(type, null, false, 232));
      }
    }
    return all;
  }

  private static boolean isAddress(AttachType type) {
    String name = type.name();
    return name.startsWith("CGROUP_UDP")
        || name.startsWith("CGROUP_UNIX")
        || name.matches("CGROUP_INET[46]_(BIND|CONNECT|GETPEERNAME|GETSOCKNAME)");
  }

  private static void add(List<Subject> all, ProgramType type, int bytes, AttachType... of) {
    for (AttachType attachType : of) {
      all.add(new Subject(type, attachType, false, bytes));
    }
  }

  /** The answers to a call of each helper with the context in R1 and nothing in R2 to R5. */
  String helpers(Subject subject) {
    Map<String, StringBuilder> byAnswer = new TreeMap<>();
    for (int id = 1; id <= HelperNames.last(); id++) {
      if (LATER.contains(id)) {
        continue;
      }
      String answer =
          load(
              subject,
              List.of(new Instruction(Isa.BPF_JMP | Isa.BPF_CALL, 0, 0, 0, id), result(1), exit()));
      byAnswer.computeIfAbsent(answer, key -> new StringBuilder()).append(' ').append(id);
    }
    StringBuilder text = new StringBuilder();
    byAnswer.forEach((answer, ids) -> {
      if (!answer.equals("EINVAL")) {
        text.append(answer).append(':').append(ids).append("; ");
      }
    });
    return text.toString().strip();
  }

  /** For each offset the widths that are loaded (r) and stored (w); equal neighbours are one. */
  String context(Subject subject) {
    StringBuilder text = new StringBuilder();
    String before = "";
    for (int offset = -8; offset < subject.contextBytes(); offset += 4) {
      StringBuilder here = new StringBuilder();
      for (int at = offset; at < offset + 4; at++) {
        here.append(at == offset ? "" : "|").append(access(subject, at));
      }
      String pattern = here.toString();
      if (!pattern.equals(before)) {
        text.append(offset).append('=').append(pattern).append(' ');
      }
      before = pattern;
    }
    return text.toString().strip();
  }

  private String access(Subject subject, int offset) {
    StringBuilder text = new StringBuilder();
    for (boolean store : new boolean[] {false, true}) {
      for (int i = 0; i < WIDTHS.length; i++) {
        String answer =
            load(
                subject,
                store
                    ? List.of(
                        new Instruction(Isa.BPF_ST | Isa.BPF_MEM | WIDTH_BITS[i], 1, 0, offset, 0),
                        result(1),
                        exit())
                    : List.of(
                        new Instruction(Isa.BPF_LDX | Isa.BPF_MEM | WIDTH_BITS[i], 0, 1, offset, 0),
                        result(1),
                        exit()));
        if (answer.equals("OK")) {
          text.append(store ? "w" : "r").append(WIDTHS[i]);
        } else if (!answer.equals("EACCES")) {
          text.append(store ? "w" : "r").append(WIDTHS[i]).append(answer);
        }
      }
    }
    return text.toString();
  }

  /** Which numbers it may return. */
  String results(Subject subject) {
    StringBuilder text = new StringBuilder();
    for (int value : RESULTS) {
      text.append(value)
          .append(load(subject, List.of(result(value), exit())).equals("OK") ? "+ " : "- ");
    }
    return text.toString().strip();
  }

  private static Instruction result(int value) {
    return new Instruction(Isa.BPF_ALU64 | Isa.BPF_MOV, 0, 0, 0, value);
  }

  private static Instruction exit() {
    return new Instruction(Isa.BPF_JMP | Isa.BPF_EXIT, 0, 0, 0, 0);
  }

  private String load(Subject subject, List<Instruction> instructions) {
    ProgramSpec spec =
        ProgramSpec.of("matrix", subject.type(), instructions)
            .withExpectedAttachType(subject.attachType())
            .withFlags(subject.sleepable(), false);
    try (Program _ = kernel.loadProgram(spec, Map.of())) {
      return "OK";
    } catch (BpfException e) {
      return e.errno() == Errno.EINVAL ? "EINVAL" : e.errno().name();
    }
  }
}
