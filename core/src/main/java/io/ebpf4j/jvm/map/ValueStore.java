package io.ebpf4j.jvm.map;

/** A map of values without keys, as programs use it: 0 or a negative errno. */
interface ValueStore {
  /** Puts a value in, whose bytes lie there. */
  long push(long value, long flags);

  /** Copies the value at hand; or says whether the value that lies there is in. */
  long peek(long value);

  /** Copies the value at hand and takes it out. */
  long pop(long value);
}
