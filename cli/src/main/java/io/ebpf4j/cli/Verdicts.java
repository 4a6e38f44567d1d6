package io.ebpf4j.cli;

import io.ebpf4j.spec.ProgramType;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/** Counts what programs return, by the names of the UAPI headers. */
final class Verdicts {
  private static final String[] XDP = {
    "XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX", "XDP_REDIRECT"
  };

  /** {@code pkt_cls.h}, from -1 on. */
  private static final String[] TC = {
    "TC_ACT_UNSPEC",
    "TC_ACT_OK",
    "TC_ACT_RECLASSIFY",
    "TC_ACT_SHOT",
    "TC_ACT_PIPE",
    "TC_ACT_STOLEN",
    "TC_ACT_QUEUED",
    "TC_ACT_REPEAT",
    "TC_ACT_REDIRECT",
    "TC_ACT_TRAP"
  };

  private final ProgramType type;
  private final long[] small = new long[16];
  private final Map<Integer, Long> others = new HashMap<>();

  Verdicts(ProgramType type) {
    this.type = type;
  }

  /** Counts a return value. */
  void add(int value) {
    if (value >= 0 && value < small.length) {
      small[value]++;
    } else {
      others.merge(value, 1L, Long::sum);
    }
  }

  /** How often each was returned, in the order of their unsigned numbers. */
  SequencedMap<String, Long> counts() {
    SequencedMap<String, Long> counts = new LinkedHashMap<>();
    for (int value = 0; value < small.length; value++) {
      if (small[value] > 0) {
        counts.put(name(type, value), small[value]);
      }
    }
    others.entrySet().stream()
        .sorted(Map.Entry.comparingByKey(Comparator.comparing(Integer::toUnsignedLong)))
        .forEach(entry -> counts.put(name(type, entry.getKey()), entry.getValue()));
    return counts;
  }

  /** A return value's name, or its number where the type gives it none. */
  static String name(ProgramType type, int value) {
    return switch (type) {
      case XDP -> named(XDP, value, value);
      case SCHED_CLS, SCHED_ACT -> named(TC, value + 1, value);
      default -> Integer.toUnsignedString(value);
    };
  }

  /** Whether a packet with that verdict goes on its way up the stack. */
  static boolean passes(ProgramType type, int value) {
    return switch (type) {
      case XDP -> name(type, value).equals("XDP_PASS");
      case SCHED_CLS, SCHED_ACT ->
          switch (name(type, value)) {
            case "TC_ACT_SHOT", "TC_ACT_STOLEN", "TC_ACT_TRAP", "TC_ACT_REDIRECT" -> false;
            default -> true;
          };
      default -> value != 0;
    };
  }

  private static String named(String[] names, int index, int value) {
    return index >= 0 && index < names.length ? names[index] : Integer.toUnsignedString(value);
  }
}
