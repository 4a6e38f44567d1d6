package io.ebpf4j.jvm.map;

import io.ebpf4j.spec.MapSpec;
import org.jspecify.annotations.Nullable;

/** What a program may know of a map before it runs: of a map that is there, or of a template. */
public interface MapShape {
  /** What the map is. */
  MapSpec spec();

  /** The special fields of a value: none for most maps. */
  SpecialFields specialFields();

  /** The shape of every map in a map of maps; null for other maps. */
  default @Nullable MapShape inner() {
    return null;
  }
}
