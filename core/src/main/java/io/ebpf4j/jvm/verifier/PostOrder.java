package io.ebpf4j.jvm.verifier;

import java.util.Arrays;

/** The slots of a function in the order in which a walk depth first leaves them. */
final class PostOrder {
  private final int[] slots;

  PostOrder(Flow flow, int start, int end) {
    int size = end - start;
    int[] found = new int[size];
    int[] path = new int[size];
    int[] edge = new int[size];
    boolean[] seen = new boolean[size];
    int count = 0;
    int depth = 0;
    path[depth++] = start;
    seen[0] = true;
    while (depth > 0) {
      int slot = path[depth - 1];
      int[] successors = flow.successors(slot);
      int next = edge[slot - start]++;
      if (next == successors.length) {
        found[count++] = slot;
        depth--;
      } else if (!seen[successors[next] - start]) {
        seen[successors[next] - start] = true;
        path[depth++] = successors[next];
      }
    }
    slots = Arrays.copyOf(found, count);
  }

  int[] slots() {
    return slots;
  }
}
