package io.ebpf4j.cli;

import io.ebpf4j.spec.MapType;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Prints a run for people: a line about the program, a table of verdicts, the maps as tables. */
final class TextReport {
  private final PrintWriter out;
  private final boolean all;

  /** With {@code all}, elements of arrays that are zero are shown too. */
  TextReport(PrintWriter out, boolean all) {
    this.out = out;
    this.all = all;
  }

  /** With {@code differences} where two kernels were compared. */
  void print(List<RunReport> runs, @Nullable Differences differences) throws IOException {
    boolean first = true;
    for (RunReport run : runs) {
      if (!first) {
        out.println();
      }
      header(run);
      if (first) {
        for (MapDump map : run.maps()) {
          map(map);
        }
      }
      first = false;
    }
    if (differences != null) {
      if (!first) {
        out.println();
      }
      new DifferencesText(out).print(differences);
    }
  }

  private void header(RunReport run) {
    out.printf(
        Locale.ROOT,
        "%s: %s, %d instructions, %s in %.1f ms, run by %s%n%n",
        run.program(),
        run.type().label(),
        run.instructions(),
        run.mode().verified() ? "verified" : "loaded",
        run.loadNanos() / 1e6,
        run.mode().engine());
    if (!run.verdicts().isEmpty()) {
      verdicts(run);
      out.println();
    }
    out.printf(Locale.ROOT, "%,d %s", run.packets(), run.packets() == 1 ? "packet" : "packets");
    if (run.nanosPerPacket().isPresent()) {
      out.printf(
          Locale.ROOT,
          ", %,d packets/s, %.1f ns each",
          Math.round(run.packets() * 1e9 / Math.max(1, run.wallNanos())),
          run.nanosPerPacket().getAsDouble());
    }
    out.println();
    if (!run.refused().isEmpty()) {
      out.println(
          (run.kernel().equals("jvm") ? "refused by the test run, as Linux does: " : "refused: ")
              + run.refused().entrySet().stream()
                  .map(entry -> number(entry.getValue()) + " (" + entry.getKey() + ")")
                  .collect(Collectors.joining(", ")));
    }
    if (run.truncated() > 0) {
      out.println("cut when they were recorded: " + number(run.truncated()));
    }
  }

  private void verdicts(RunReport run) {
    String heading =
        switch (run.type()) {
          case XDP, SCHED_CLS, SCHED_ACT -> "verdict";
          case SOCKET_FILTER -> "bytes kept";
          default -> "returned";
        };
    TextTable table = new TextTable(heading, "packets", "share");
    for (Map.Entry<String, Long> entry : run.verdicts().entrySet()) {
      table.row(
          entry.getKey(),
          number(entry.getValue()),
          String.format(Locale.ROOT, "%.1f%%", 100.0 * entry.getValue() / run.packets()));
    }
    table.print(out);
  }

  private static String number(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }

  /** A map as a table, where it has elements to show. */
  void map(MapDump map) throws IOException {
    TypedElements types = new TypedElements(map.spec(), ValueText.Style.PLAIN);
    TextTable table = table(map, types);
    map.forEach((key, value, error) -> {
      if (error == null) {
        rows(map, types, table, key, value);
      }
    });
    if (!table.isEmpty()) {
      out.println();
      out.println(title(map));
      table.print(out);
    }
  }

  private static TextTable table(MapDump map, TypedElements types) {
    if (types.isSection()) {
      return new TextTable("variable", "value");
    }
    return map.perCpu() ? new TextTable("key", "cpu", "value") : new TextTable("key", "value");
  }

  private void rows(MapDump map, TypedElements types, TextTable table, byte[] key, byte[] value) {
    if (types.isSection()) {
      if (all || !isZero(value)) {
        types.variables(value).forEach(one -> table.row(one.name(), one.text()));
      }
    } else if (map.perCpu()) {
      for (int cpu = 0; cpu < map.cpus(); cpu++) {
        byte[] part = map.valueOf(cpu, value);
        if (all || !isZero(part)) {
          table.row(types.key(key), Integer.toString(cpu), types.value(part));
        }
      }
    } else if (all || !isArray(map) || !isZero(value)) {
      table.row(types.key(key), types.value(value));
    }
  }

  private static String title(MapDump map) {
    return "map %s (%s, %s elements, key %d bytes, value %d bytes)"
        .formatted(
            map.name(),
            map.spec().type().label(),
            Integer.toUnsignedString(map.spec().maxEntries()),
            map.spec().keySize(),
            map.spec().valueSize());
  }

  private static boolean isArray(MapDump map) {
    return map.spec().type() == MapType.ARRAY || map.spec().type() == MapType.PERCPU_ARRAY;
  }

  private static boolean isZero(byte[] bytes) {
    for (byte one : bytes) {
      if (one != 0) {
        return false;
      }
    }
    return true;
  }
}
