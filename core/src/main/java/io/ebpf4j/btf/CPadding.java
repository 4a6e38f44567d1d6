package io.ebpf4j.btf;

import io.ebpf4j.btf.BtfType.Composite;
import io.ebpf4j.btf.BtfType.Member;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Where a struct in C needs fillers or an attribute so that its members lie as BTF says. */
final class CPadding {
  /** Types whose bit fields fill gaps, the largest first. */
  private enum Filler {
    LONG(64),
    INT(32),
    SHORT(16),
    CHAR(8);

    private final int bits;

    Filler(int bits) {
      this.bits = bits;
    }

    private long nextBoundary(long bit) {
      return (bit + bits - 1) / bits * bits;
    }

    private String of(long width) {
      return name().toLowerCase(Locale.ROOT) + ": " + width;
    }

    /** The smallest that has so many bits. */
    private static Filler atLeast(long width) {
      for (int i = values().length - 1; i > 0; i--) {
        if (values()[i].bits >= width) {
          return values()[i];
        }
      }
      return LONG;
    }
  }

  private final BtfLayout layout;

  CPadding(BtfLayout layout) {
    this.layout = layout;
  }

  /** Whether C would lay the members out another way without the attribute. */
  boolean isPacked(Composite type) {
    int largest = 1;
    for (Member member : type.members()) {
      int alignment = layout.alignment(member.type());
      long at = Integer.toUnsignedLong(member.bitOffset());
      if (member.bitFieldSize() == 0 && at % (8L * alignment) != 0) {
        return true;
      }
      largest = Math.max(largest, alignment);
    }
    return type.size() % largest != 0;
  }

  /**
   * The fillers that reach from one bit to another, where C leaves no such gap by itself: first up
   * to a boundary of the largest type that has one in the gap, then whole ones of that type.
   *
   * @param alignment bytes to whose multiple C moves what comes behind the gap
   * @param amongBitFields whether there are bit fields on both sides, which C packs without a gap
   */
  static List<String> between(long end, long next, int alignment, boolean amongBitFields) {
    List<String> fillers = new ArrayList<>();
    if (end >= next) {
      return fillers;
    }
    Filler filler = Filler.CHAR;
    for (Filler each : Filler.values()) {
      if (each.nextBoundary(end) <= next) {
        filler = each;
        break;
      }
    }
    long at = end;
    long boundary = filler.nextBoundary(end);
    if (boundary > end && boundary <= next) {
      long alignedByC = (end + alignment * 8L - 1) / (alignment * 8L) * (alignment * 8L);
      boolean otherThanC = boundary == next && alignedByC != boundary;
      boolean swallowed = boundary != next && next - boundary <= boundary - end;
      if (amongBitFields) {
        fillers.add(filler.of(boundary - end));
      } else if (otherThanC || swallowed) {
        fillers.add(filler.of(0));
      }
      at = boundary;
    }
    for (; next - at >= filler.bits; at += filler.bits) {
      fillers.add(filler.of(filler.bits));
    }
    if (at < next) {
      fillers.add(Filler.atLeast(next - at).of(next - at));
    }
    return fillers;
  }
}
