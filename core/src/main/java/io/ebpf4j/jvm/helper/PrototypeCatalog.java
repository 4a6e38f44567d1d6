package io.ebpf4j.jvm.helper;

import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.ProgramType;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The prototypes of Linux's helpers for the program types that have no implementation of them in
 * this kernel: enough to verify a program that calls one. They stand in {@code prototypes.txt},
 * which tells its own form.
 */
final class PrototypeCatalog {
  private static final String RESOURCE = "prototypes.txt";

  private final Map<String, List<String>> groups = new HashMap<>();
  private final List<HelperPrototype> prototypes = new ArrayList<>();

  private PrototypeCatalog() {}

  /** All of them, in the order of the file. */
  static List<HelperPrototype> read() {
    PrototypeCatalog catalog = new PrototypeCatalog();
    try (InputStream in = PrototypeCatalog.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(RESOURCE + " is missing");
      }
      new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .forEach(catalog::line);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return List.copyOf(catalog.prototypes);
  }

  private void line(String line) {
    List<String> words = List.of(line.strip().split("\\s+"));
    if (words.getFirst().equals("group")) {
      groups.put(words.get(1), words.subList(3, words.size()));
      return;
    }
    String name = words.getFirst();
    int id =
        HelperNames.idOf(name)
            .orElseThrow(() -> new IllegalStateException("no helper " + name + " on Linux"));
    List<Argument> arguments = new ArrayList<>();
    Set<String> flags = new java.util.HashSet<>();
    Set<ProgramType> types = EnumSet.noneOf(ProgramType.class);
    Set<AttachType> attachTypes = EnumSet.noneOf(AttachType.class);
    String part = "arguments";
    for (String word : words.subList(2, words.size())) {
      if (word.equals(":") || word.equals("@")) {
        part = word;
      } else if (part.equals(":")) {
        groups
            .getOrDefault(word, List.of(word))
            .forEach(type -> types.add(ProgramType.valueOf(type)));
      } else if (part.equals("@")) {
        attachTypes.add(AttachType.valueOf(word));
      } else if (Character.isUpperCase(word.charAt(0))) {
        arguments.add(Argument.valueOf(word));
      } else {
        flags.add(word);
      }
    }
    prototypes.add(
        new HelperPrototype(
            id,
            name,
            Returns.valueOf(words.get(1)),
            arguments,
            types,
            attachTypes,
            flags.contains("gpl"),
            flags.contains("packet"),
            flags.contains("changes"),
            flags.contains("sleeps"),
            false,
            null));
  }
}
