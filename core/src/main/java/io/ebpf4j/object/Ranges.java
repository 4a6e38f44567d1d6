package io.ebpf4j.object;

import java.util.List;
import java.util.function.ToLongFunction;

/** Parts of sorted lists. */
final class Ranges {
  private Ranges() {}

  /** Those whose place is {@code from} or behind it, and before {@code to}. */
  static <T> List<T> between(List<T> sorted, ToLongFunction<T> place, long from, long to) {
    return sorted.subList(firstFrom(sorted, place, from), firstFrom(sorted, place, to));
  }

  private static <T> int firstFrom(List<T> sorted, ToLongFunction<T> place, long from) {
    int low = 0;
    int high = sorted.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (place.applyAsLong(sorted.get(middle)) < from) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
