package io.ebpf4j.btf;

import io.ebpf4j.btf.Btf.MemberPlace;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A path to a member, as C writes it: names joined by dots, and indices of arrays. */
final class MemberPath {
  private static final Pattern STEP = Pattern.compile("\\.([^.\\[\\]]+)|\\[(\\d{1,10})\\]");

  private final Btf btf;
  private final String path;

  MemberPath(Btf btf, String path) {
    this.btf = btf;
    this.path = path;
  }

  Optional<MemberPlace> find(int id) {
    String steps = path.startsWith("[") ? path : "." + path;
    Matcher step = STEP.matcher(steps);
    Optional<MemberPlace> place = Optional.of(new MemberPlace(id, 0, 0));
    int end = 0;
    while (end < steps.length()) {
      if (!step.find(end) || step.start() != end || place.isEmpty()) {
        return Optional.empty();
      }
      MemberPlace from = place.get();
      place =
          step.group(1) != null
              ? named(btf, from, step.group(1))
              : element(from, Long.parseLong(step.group(2)));
      end = step.end();
    }
    return place;
  }

  /** The member of one name, without dots, of the struct or union that starts at a place. */
  static Optional<MemberPlace> named(Btf btf, MemberPlace from, String name) {
    return named(btf, from.type(), from.bitOffset(), name, new HashSet<>());
  }

  /** A struct that was searched is not searched again: the same anonymous one may occur often. */
  private static Optional<MemberPlace> named(
      Btf btf, int id, long start, String name, Set<Integer> searched) {
    int stripped = btf.strip(id);
    if (!(btf.type(stripped) instanceof BtfType.Composite composite) || !searched.add(stripped)) {
      return Optional.empty();
    }
    for (BtfType.Member member : composite.members()) {
      long offset = start + member.bitOffset();
      if (member.name().equals(name)) {
        return Optional.of(new MemberPlace(member.type(), offset, member.bitFieldSize()));
      }
      if (member.name().isEmpty()) {
        Optional<MemberPlace> inner = named(btf, member.type(), offset, name, searched);
        if (inner.isPresent()) {
          return inner;
        }
      }
    }
    return Optional.empty();
  }

  private Optional<MemberPlace> element(MemberPlace from, long index) {
    if (btf.stripped(from.type()) instanceof BtfType.Array array
        && index < Integer.toUnsignedLong(array.length())) {
      long offset = from.bitOffset() + index * btf.sizeOf(array.elementType()) * 8L;
      return Optional.of(new MemberPlace(array.elementType(), offset, 0));
    }
    return Optional.empty();
  }
}
