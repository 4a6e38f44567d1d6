package io.ebpf4j.jvm.helper;

/** What a helper leaves in R0. */
public enum Returns {
  /** A number. */
  INTEGER,
  /** Nothing that may be read. */
  VOID,
  /** A pointer to the map's value, or NULL. For a map of maps: the inner map. */
  MAP_VALUE_OR_NULL
}
