package io.ebpf4j.cli;

import java.util.ArrayList;
import java.util.List;

/** Where kernels differ: how often, and the first of them. */
final class Differences {
  /** As many are kept to be told. */
  private static final int KEPT = 1000;

  private final List<Difference> first = new ArrayList<>();
  private final List<String> suspects;
  private long count;

  /**
   * None so far.
   *
   * @param suspects helpers that the programs call and whose results no two kernels share
   */
  Differences(List<String> suspects) {
    this.suspects = List.copyOf(suspects);
  }

  void add(Difference difference) {
    count++;
    if (first.size() < KEPT) {
      first.add(difference);
    }
  }

  long count() {
    return count;
  }

  List<Difference> first() {
    return first;
  }

  List<String> suspects() {
    return suspects;
  }
}
