package io.ebpf4j.jvm.cpu;

/** Pseudo-random numbers of one CPU (SplitMix64): the same seed gives the same numbers. */
public final class RandomSource {
  private long state;

  RandomSource(long seed) {
    state = seed;
  }

  /** The next 32 bits, zero-extended. */
  public long nextU32() {
    state += 0x9e3779b97f4a7c15L;
    long mixed = (state ^ state >>> 30) * 0xbf58476d1ce4e5b9L;
    mixed = (mixed ^ mixed >>> 27) * 0x94d049bb133111ebL;
    return (mixed ^ mixed >>> 31) >>> 32;
  }
}
