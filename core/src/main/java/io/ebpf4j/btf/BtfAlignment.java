package io.ebpf4j.btf;

import java.util.HashMap;
import java.util.Map;

/** Finds alignments; it remembers those of structs, which may share parts many times. */
final class BtfAlignment {
  private static final int LARGEST = 8;

  private final Btf btf;
  private final Map<Integer, Integer> known = new HashMap<>();

  BtfAlignment(Btf btf) {
    this.btf = btf;
  }

  int of(int id) {
    int stripped = btf.strip(id);
    return switch (btf.type(stripped)) {
      case BtfType.Int _, BtfType.Enumeration _, BtfType.FloatType _, BtfType.Pointer _ ->
          Math.min(LARGEST, Integer.highestOneBit(btf.sizeOf(stripped)));
      case BtfType.Array array -> of(array.elementType());
      case BtfType.Variable variable -> of(variable.type());
      case BtfType.DataSection _ -> LARGEST;
      case BtfType.Composite composite -> {
        Integer found = known.get(stripped);
        if (found == null) {
          found = ofComposite(composite);
          known.put(stripped, found);
        }
        yield found;
      }
      default -> 1;
    };
  }

  private int ofComposite(BtfType.Composite composite) {
    int largest = 1;
    for (BtfType.Member member : composite.members()) {
      int alignment = of(member.type());
      if (member.bitFieldSize() == 0 && member.bitOffset() % (alignment * 8) != 0) {
        return 1;
      }
      largest = Math.max(largest, alignment);
    }
    return composite.size() % largest == 0 ? largest : 1;
  }
}
