package io.ebpf4j.cli;

import io.ebpf4j.linux.Feature;
import io.ebpf4j.linux.Features;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** What {@code doctor} tries on Linux: each type of maps, programs and attachments. */
final class FeatureChecks {
  private FeatureChecks() {}

  static List<Check> all(Features features) {
    List<Check> checks = new ArrayList<>();
    checks.add(types("Linux's map types", MapType.values(), features::map));
    checks.add(types("Linux's program types", ProgramType.values(), features::program));
    checks.add(
        attachment(
            features,
            AttachType.TRACE_RAW_TP,
            "tp_btf",
            "tracepoints with types cannot be attached to"));
    checks.add(
        attachment(features, AttachType.TRACE_ITER, "iterators", "iter programs cannot run"));
    checks.add(
        attachment(
            features,
            AttachType.TRACE_FENTRY,
            "functions' entries",
            "fentry, fexit, fmod_ret, lsm and freplace programs cannot be attached; tp_btf and"
                + " raw_tp do without"));
    return checks;
  }

  private static <T extends Enum<T>> Check types(
      String name, T[] types, Function<T, Feature> probe) {
    List<String> missing = new ArrayList<>();
    int probed = 0;
    for (T type : types) {
      Feature feature = probe.apply(type);
      if (!feature.errno().equals(Optional.of(Errno.ENOTSUPP))) {
        probed++;
        if (!feature.available()) {
          missing.add(type.name() + " (" + feature.errno().map(Errno::name).orElse("") + ")");
        }
      }
    }
    int there = probed - missing.size();
    return Check.optional(
        name,
        missing.isEmpty()
            ? "all %d that are tried".formatted(there)
            : "%d of %d, not %s".formatted(there, probed, String.join(", ", missing)),
        null);
  }

  private static Check attachment(Features features, AttachType type, String name, String without) {
    Feature feature = features.attach(type);
    return feature.available()
        ? Check.yes(name, "a program was attached for a moment")
        : Check.no(name, feature.reason(), without);
  }
}
