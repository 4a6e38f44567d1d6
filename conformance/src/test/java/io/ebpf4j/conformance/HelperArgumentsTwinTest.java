package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.HelperNames;
import io.ebpf4j.jvm.helper.HelperPrototype;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Every helper is called with arguments that fit its prototype, then with one of them exchanged for
 * something else: numbers, the context, the stack, a map, its value, nothing. Both kernels judge.
 */
class HelperArgumentsTwinTest {
  /** A type for each family of prototypes, with what it is loaded for. */
  private static final List<String> TYPES =
      List.of(
          "SCHED_CLS",
          "KPROBE",
          "XDP",
          "CGROUP_SOCK CGROUP_INET_SOCK_CREATE",
          "SOCK_OPS",
          "SK_MSG",
          "SK_SKB",
          "PERF_EVENT",
          "CGROUP_SYSCTL",
          "CGROUP_SKB",
          "LWT_XMIT",
          "LWT_IN",
          "SOCKET_FILTER",
          "TRACEPOINT",
          "CGROUP_DEVICE",
          "LWT_SEG6LOCAL",
          "SK_REUSEPORT",
          "CGROUP_SOCKOPT CGROUP_SETSOCKOPT",
          "CGROUP_SOCK_ADDR CGROUP_INET4_CONNECT",
          "SK_LOOKUP SK_LOOKUP");

  /** What stands in a register instead; R9 holds nothing, R8 a value of a map of 64 bytes. */
  private static final List<String> OTHERS =
      List.of(
          "r{n} = 0",
          "r{n} = 1",
          "r{n} = -1",
          "r{n} = 16",
          "r{n} = 600",
          "r{n} = r6",
          "r{n} = r7",
          "r{n} = r10",
          "r{n} = map[values]",
          "r{n} = r8",
          "r{n} = r9");

  /** Those that other rules than their prototypes' judge: callbacks, formats, timers, … */
  private static final Set<String> LEFT_OUT =
      Set.of(
          "trace_printk",
          "for_each_map_elem",
          "snprintf",
          "timer_set_callback",
          "loop",
          "find_vma",
          "kptr_xchg",
          "user_ringbuf_drain",
          "trace_vprintk",
          "strncmp",
          "spin_lock",
          "spin_unlock",
          "copy_from_user_task");

  @Test
  void argumentsAreJudgedAlike() {
    List<VerdictCase> cases = cases();
    List<String> differences = new ArrayList<>();
    int accepted = 0;
    try (Judge ours = Judge.ours();
        Judge linux = Judge.linux()) {
      for (VerdictCase of : cases) {
        Verdict here = ours.judge(of);
        Verdict there = linux.judge(of);
        accepted += there.accepts() ? 1 : 0;
        if (!here.answer().equals(there.answer())) {
          differences.add("%s: %s, Linux: %s".formatted(of.name(), here, there));
        }
      }
    }
    System.out.printf(
        "%d calls judged, %d accepted, %d differ%n", cases.size(), accepted, differences.size());
    assertThat(differences).isEmpty();
  }

  private static List<VerdictCase> cases() {
    List<VerdictCase> cases = new ArrayList<>();
    for (int id = 1; id <= HelperNames.last(); id++) {
      Set<List<Argument>> seen = new HashSet<>();
      for (String type : TYPES) {
        String[] words = type.split(" ", -1);
        ProgramSpec spec = ProgramSpec.of("call", ProgramType.valueOf(words[0]), List.of());
        if (words.length > 1) {
          spec = spec.withExpectedAttachType(io.ebpf4j.spec.AttachType.valueOf(words[1]));
        }
        HelperPrototype helper = JvmKernel.helpers().known(id, spec).orElse(null);
        if (helper == null
            || LEFT_OUT.contains(helper.name())
            || helper.name().contains("dynptr")
            || !seen.add(helper.arguments())) {
          continue;
        }
        for (int n = 0; n <= helper.arguments().size(); n++) {
          for (String other : n == 0 ? List.of("") : OTHERS) {
            cases.add(call(words, helper, n, other));
          }
        }
      }
    }
    return cases;
  }

  private static VerdictCase call(String[] type, HelperPrototype helper, int n, String other) {
    String exchanged = other.replace("{n}", Integer.toString(n));
    List<String> lines =
        new ArrayList<>(
            List.of(
                ".case %s of %s, %s".formatted(helper.name(), type[0], exchanged),
                ".type " + type[0],
                ".map values ARRAY 64 4",
                map(helper.name())));
    if (type.length > 1) {
      lines.add(".attach " + type[1]);
    }
    lines.add("r6 = r1");
    for (int at = 64; at > 0; at -= 8) {
      lines.add("*(u64 *)(r10 -%d) = 0".formatted(at));
    }
    lines.add("r1 = map[values]");
    lines.add("r2 = r10");
    lines.add("r2 += -4");
    lines.add("call bpf_map_lookup_elem");
    lines.add("if r0 != 0 goto +2");
    lines.add("r0 = 1");
    lines.add("exit");
    lines.add("r8 = r0");
    lines.add("r7 = r10");
    lines.add("r7 += -64");
    for (int i = 1; i <= helper.arguments().size(); i++) {
      lines.add(i == n ? exchanged : fitting(helper.arguments().get(i - 1), i));
    }
    lines.add("call bpf_" + helper.name());
    lines.add("r0 = 1");
    lines.add("exit");
    return CaseReader.read("helper arguments", lines);
  }

  private static String fitting(Argument kind, int n) {
    String value =
        switch (kind) {
          case CONTEXT, CONTEXT_OR_NULL -> "r6";
          case MAP -> "map[own]";
          case SIZE, SIZE_OR_ZERO, ALLOCATION_SIZE -> "16";
          case MAP_KEY,
              MAP_VALUE,
              MAP_VALUE_OR_NULL,
              UNINITIALIZED_MAP_VALUE,
              MEMORY,
              MEMORY_OR_NULL,
              UNINITIALIZED_MEMORY,
              UNINITIALIZED_MEMORY_OR_NULL,
              WRITABLE_MEMORY,
              LONG_POINTER,
              INT_POINTER,
              UPDATED_INT,
              IPV4_HEADER,
              IPV6_HEADER,
              TCP_HEADER ->
              "r7";
          default -> "0";
        };
    return "r%d = %s".formatted(n, value);
  }

  /** A map that the helper takes. */
  private static String map(String helper) {
    String type =
        switch (helper) {
          case "tail_call" -> "PROG_ARRAY 4 4";
          case "perf_event_read", "perf_event_read_value", "perf_event_output" ->
              "PERF_EVENT_ARRAY 4 4";
          case "ringbuf_output", "ringbuf_reserve", "ringbuf_query" -> "RINGBUF 0 4096";
          case "skb_under_cgroup", "current_task_under_cgroup" -> "CGROUP_ARRAY 4 4";
          case "redirect_map" -> "DEVMAP 4 4";
          case "sk_redirect_map", "msg_redirect_map", "sock_map_update" -> "SOCKMAP 4 4";
          case "sk_redirect_hash", "msg_redirect_hash", "sock_hash_update" -> "SOCKHASH 4 4";
          case "sk_select_reuseport" -> "REUSEPORT_SOCKARRAY 8 4";
          case "map_push_elem", "map_pop_elem", "map_peek_elem" -> "QUEUE 64 4";
          case "map_lookup_percpu_elem" -> "PERCPU_ARRAY 64 4";
          default -> "ARRAY 64 4";
        };
    return ".map own " + type;
  }
}
