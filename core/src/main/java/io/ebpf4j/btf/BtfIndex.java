package io.ebpf4j.btf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The named types of a section by {@linkplain Btf#essentialName essential name}. */
final class BtfIndex {
  private final Map<String, Integer> first = new HashMap<>();
  private final int[] next;

  BtfIndex(RawBtf raw) {
    next = new int[raw.count()];
    for (int id = raw.count() - 1; id > 0; id--) {
      if (raw.nameOffset(id) != 0) {
        Integer after = first.put(Btf.essentialName(raw.name(id)), id);
        next[id] = after == null ? 0 : after;
      }
    }
  }

  List<Integer> find(String essentialName) {
    List<Integer> found = new ArrayList<>();
    for (int id = first.getOrDefault(essentialName, 0); id != 0; id = next[id]) {
      found.add(id);
    }
    return found;
  }
}
