package io.ebpf4j.cli;

import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.MapSpec;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names of maps as the object and the command's output have them. A kernel's messages name a
 * map by its 15 bytes, in which global data has a part of the object's name before the section's.
 */
final class MapNames {
  private final Map<String, String> byKernelName = new HashMap<>();

  MapNames(ObjectFile file) {
    Set<String> ambiguous = new TreeSet<>(file.maps().keySet());
    for (Map.Entry<String, MapSpec> entry : file.maps().entrySet()) {
      String known = entry.getValue().name();
      if (!known.equals(entry.getKey()) && byKernelName.put(known, entry.getKey()) != null) {
        ambiguous.add(known);
      }
    }
    byKernelName.keySet().removeAll(ambiguous);
  }

  /** The object's name for a map that a kernel knows by another. */
  String ofKernelName(String kernelName) {
    return byKernelName.getOrDefault(kernelName, kernelName);
  }

  /** A message of a kernel with the object's names in it. */
  String inSentence(Exception exception) {
    String sentence = Objects.requireNonNullElse(exception.getMessage(), "");
    for (Map.Entry<String, String> name : byKernelName.entrySet()) {
      sentence =
          sentence.replaceAll(
              "(?<![\\w./-])" + Pattern.quote(name.getKey()) + "(?![\\w.])",
              Matcher.quoteReplacement(name.getValue()));
    }
    return sentence;
  }
}
