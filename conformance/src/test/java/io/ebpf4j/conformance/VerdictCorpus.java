package io.ebpf4j.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Reads the cases in {@code src/test/resources/verdicts}. A file is assembler text with directives:
 *
 * <ul>
 *   <li>{@code .case name} begins a case; what stands before the first is common to all.
 *   <li>{@code .snippet name} begins lines that {@code .use name} puts elsewhere, also in the files
 *       after the first.
 *   <li>{@code .each X = a | b} or {@code .each X : Y = a : 1 | b : 2} makes a case of each choice:
 *       <code>{X}</code> stands for it. Several give all combinations.
 *   <li>{@code .repeat n line} puts a line n times.
 *   <li>the rest is for {@link CaseReader}.
 * </ul>
 */
final class VerdictCorpus {
  static final Path DIRECTORY =
      Path.of(
          System.getProperty("ebpf4j.root"), "conformance", "src", "test", "resources", "verdicts");

  private static final String ONLY = System.getProperty("ebpf4j.verdicts.only", "");

  private final Map<String, List<String>> snippets = new LinkedHashMap<>();

  private VerdictCorpus() {}

  /** The cases of a file, in its order. */
  record Group(String name, List<VerdictCase> cases) {
    /** Where the verdicts of Linux are kept: a line for each case. */
    Path recorded() {
      return DIRECTORY.resolve(name + ".linux");
    }
  }

  /**
   * All files, by name, or the one that {@code -Debpf4j.verdicts.only=name} names; the one with
   * common snippets is none.
   */
  static List<Group> read() {
    VerdictCorpus corpus = new VerdictCorpus();
    corpus.group("common");
    try (Stream<Path> files = Files.list(DIRECTORY)) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> name.endsWith(".txt") && !name.equals("common.txt"))
          .sorted()
          .map(name -> name.substring(0, name.length() - ".txt".length()))
          .filter(name -> ONLY.isEmpty() || ONLY.equals(name))
          .map(corpus::group)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Group group(String name) {
    List<String> common = new ArrayList<>();
    List<List<String>> cases = new ArrayList<>();
    List<String> current = common;
    for (String line : lines(DIRECTORY.resolve(name + ".txt"))) {
      String text = line.strip();
      if (text.startsWith(".snippet ")) {
        current = new ArrayList<>();
        snippets.put(text.substring(".snippet ".length()).strip(), current);
      } else if (text.startsWith(".case ")) {
        current = new ArrayList<>(List.of(text));
        cases.add(current);
      } else if (!text.isEmpty() && !text.startsWith(";")) {
        current.add(text);
      }
    }
    Map<String, VerdictCase> read = new LinkedHashMap<>();
    for (List<String> lines : cases) {
      List<String> all = new ArrayList<>(List.of(lines.getFirst()));
      all.addAll(common);
      all.addAll(lines.subList(1, lines.size()));
      for (List<String> chosen : choices(expand(all))) {
        VerdictCase of = CaseReader.read(name, repeated(expand(chosen)));
        if (read.put(of.name(), of) != null) {
          throw new IllegalArgumentException(name + ": two cases '" + of.name() + "'");
        }
      }
    }
    return new Group(name, List.copyOf(read.values()));
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<String> expand(List<String> lines) {
    List<String> expanded = new ArrayList<>();
    for (String line : lines) {
      // A snippet that a choice names is put in when the choice is made.
      if (line.startsWith(".use ") && !line.contains("{")) {
        List<String> snippet = snippets.get(line.substring(".use ".length()).strip());
        if (snippet == null) {
          throw new IllegalArgumentException(lines.getFirst() + ": no snippet: " + line);
        }
        expanded.addAll(expand(snippet));
      } else {
        expanded.add(line);
      }
    }
    return expanded;
  }

  /** The first {@code .each} replaced by each of its choices, then the next. */
  private static List<List<String>> choices(List<String> lines) {
    int at = 0;
    while (at < lines.size() && !lines.get(at).startsWith(".each ")) {
      at++;
    }
    if (at == lines.size()) {
      return List.of(lines);
    }
    String[] sides = lines.get(at).substring(".each ".length()).split(" = ", 2);
    String[] names = sides[0].strip().split("\\s+:\\s+");
    List<List<String>> all = new ArrayList<>();
    for (String choice : sides[1].strip().split("\\s+\\|(?=\\s|$)", -1)) {
      String[] values = choice.strip().split("\\s+:\\s+", -1);
      if (values.length != names.length) {
        throw new IllegalArgumentException(lines.getFirst() + ": '" + choice + "' is no choice");
      }
      List<String> chosen = new ArrayList<>(lines);
      chosen.remove(at);
      chosen.set(0, chosen.getFirst() + ", " + String.join(" and ", values));
      chosen.replaceAll(line -> substitute(line, names, values));
      all.addAll(choices(chosen));
    }
    return all;
  }

  private static String substitute(String line, String[] names, String[] values) {
    String replaced = line;
    for (int i = 0; i < names.length; i++) {
      replaced = replaced.replace("{" + names[i] + "}", values[i]);
    }
    return replaced;
  }

  private static List<String> repeated(List<String> lines) {
    List<String> all = new ArrayList<>();
    for (String line : lines) {
      if (line.startsWith(".repeat ")) {
        String[] words = line.split("\\s+", 3);
        for (int i = 0; i < Integer.parseInt(words[1]); i++) {
          all.add(words[2].replace("{i}", Integer.toString(i)));
        }
      } else {
        all.add(line);
      }
    }
    return all;
  }
}
