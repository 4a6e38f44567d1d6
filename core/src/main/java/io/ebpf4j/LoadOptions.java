package io.ebpf4j;

import java.util.HashMap;
import java.util.Map;

/**
 * How an object is loaded. The {@code with} methods give changed copies.
 *
 * @param reusedMaps maps that stand in for the object's own, by name; the caller keeps them open
 * @param pinDirectory where maps that ask for it are pinned by name
 */
public record LoadOptions(Map<String, BpfMap> reusedMaps, String pinDirectory) {
  /** Linux's usual pin directory, which the JVM kernel has too. */
  public static final String PIN_DIRECTORY = "/sys/fs/bpf";

  /** Copies the map. */
  public LoadOptions {
    reusedMaps = Map.copyOf(reusedMaps);
  }

  /** Nothing reused, the usual pin directory. */
  public static LoadOptions none() {
    return new LoadOptions(Map.of(), PIN_DIRECTORY);
  }

  /** These options with a map that stands in for the object's map of that name. */
  public LoadOptions withReusedMap(String name, BpfMap map) {
    Map<String, BpfMap> more = new HashMap<>(reusedMaps);
    more.put(name, map);
    return new LoadOptions(more, pinDirectory);
  }

  /** These options with another pin directory. */
  public LoadOptions withPinDirectory(String path) {
    return new LoadOptions(reusedMaps, path);
  }
}
