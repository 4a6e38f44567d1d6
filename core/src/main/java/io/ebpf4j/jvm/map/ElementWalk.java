package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;

/**
 * A walk over the elements of a hash for a program's iterator, by a thread on a CPU. It stands at a
 * place, not at an element: others may change the map meanwhile.
 */
public final class ElementWalk {
  private final HashElements map;
  private int bucket;
  private int passed;
  private long element;

  ElementWalk(HashElements map) {
    this.map = map;
  }

  /** Finds the element at the place or the first behind it, and says whether there is one. */
  public boolean find() {
    HashChains chains = map.chains;
    for (; bucket < chains.count(); bucket++, passed = 0) {
      long at = chains.first(bucket);
      for (int i = 0; i < passed && HashChains.isElement(at); i++) {
        at = HashChains.next(at);
      }
      if (HashChains.isElement(at)) {
        element = at;
        return true;
      }
    }
    return false;
  }

  /** Goes behind the element that was found. */
  public void pass() {
    passed++;
  }

  /** The address of the key that was found. */
  public long key() {
    return element + map.layout.keyOffset();
  }

  /** The address of its value on a CPU. */
  public long value(Cpu cpu) {
    return map.valueAddress(cpu, element);
  }
}
