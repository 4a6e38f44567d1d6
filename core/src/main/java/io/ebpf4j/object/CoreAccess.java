package io.ebpf4j.object;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfExt.CoreKind;
import io.ebpf4j.btf.BtfType.Array;
import io.ebpf4j.btf.BtfType.Composite;
import io.ebpf4j.btf.BtfType.Enumeration;
import io.ebpf4j.btf.BtfType.Member;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A CO-RE access string with its types: the way from a root type through named members and array
 * elements. Anonymous members are passed through, so that the way is by name alone.
 */
final class CoreAccess {
  private static final int LONGEST = 64;

  private final Btf btf;
  private final int root;
  private final List<Step> steps;
  private final long bitOffset;

  /**
   * A step: a member of, or an enumerator in, type {@code type}; an element of that type where the
   * name is empty.
   */
  record Step(int type, int index, String name) {
    boolean isElement() {
      return name.isEmpty();
    }
  }

  private CoreAccess(Btf btf, int root, List<Step> steps, long bitOffset) {
    this.btf = btf;
    this.root = root;
    this.steps = steps;
    this.bitOffset = bitOffset;
  }

  Btf btf() {
    return btf;
  }

  /** The type the way begins at. */
  int root() {
    return root;
  }

  /** The place in the root type, in bits. */
  long bitOffset() {
    return bitOffset;
  }

  Step last() {
    return steps.getLast();
  }

  /** The type and member names, as a C programmer would write them. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(btf.typeName(root));
    for (int i = 0; i < steps.size(); i++) {
      Step step = steps.get(i);
      if (!step.isElement()) {
        text.append(btf.type(step.type) instanceof Enumeration ? "::" : ".").append(step.name);
      } else if (i > 0 || step.index > 0) {
        text.append('[').append(step.index).append(']');
      }
    }
    return text.toString();
  }

  /**
   * Reads an access string.
   *
   * @throws ObjectFormatException where it does not fit the type
   */
  static CoreAccess parse(Btf btf, int root, String access, CoreKind kind) {
    List<Integer> indexes = indexes(access);
    if (root <= 0 || root >= btf.size()) {
      throw unfit(btf, root, access, kind);
    }
    if (isField(kind)) {
      return parseField(btf, root, access, indexes, kind);
    }
    if (isEnumerator(kind)) {
      int id = btf.strip(root);
      if (indexes.size() != 1
          || !(btf.type(id) instanceof Enumeration enumeration)
          || indexes.getFirst() >= enumeration.values().size()) {
        throw unfit(btf, root, access, kind);
      }
      int index = indexes.getFirst();
      Step step = new Step(id, index, enumeration.values().get(index).name());
      return new CoreAccess(btf, root, List.of(step), 0);
    }
    if (!access.equals("0")) {
      throw unfit(btf, root, access, kind);
    }
    return new CoreAccess(btf, root, List.of(), 0);
  }

  /** The same way from a type of other types, or empty where there is none. */
  Optional<CoreAccess> in(Btf target, int candidate, CoreKind kind, CoreTypes types) {
    if (isField(kind)) {
      return new FieldSearch(target, candidate, types).find();
    }
    if (isEnumerator(kind)) {
      return enumeratorIn(target, candidate);
    }
    boolean fits =
        kind == CoreKind.TYPE_MATCHES
            ? types.match(root, candidate)
            : types.areCompatible(root, candidate);
    return fits ? Optional.of(new CoreAccess(target, candidate, List.of(), 0)) : Optional.empty();
  }

  private static CoreAccess parseField(
      Btf btf, int root, String access, List<Integer> indexes, CoreKind kind) {
    List<Step> steps = new ArrayList<>();
    int id = btf.strip(root);
    steps.add(new Step(id, indexes.getFirst(), ""));
    long bits = sizeInBits(btf, id, root, access, kind) * indexes.getFirst();
    for (int index : indexes.subList(1, indexes.size())) {
      id = btf.strip(id);
      switch (btf.type(id)) {
        case Composite composite when index < composite.members().size() -> {
          Member member = composite.members().get(index);
          bits += member.bitOffset();
          if (!member.name().isEmpty()) {
            steps.add(new Step(id, index, member.name()));
          }
          id = member.type();
        }
        case Array array
            when index < (array.length() & 0xffffffffL)
                || isFlexible(btf, steps.getLast(), array) -> {
          id = btf.strip(array.elementType());
          steps.add(new Step(id, index, ""));
          bits += sizeInBits(btf, id, root, access, kind) * index;
        }
        default -> throw unfit(btf, root, access, kind);
      }
    }
    return new CoreAccess(btf, root, steps, bits);
  }

  private static long sizeInBits(Btf btf, int id, int root, String access, CoreKind kind) {
    if (!btf.hasSize(id)) {
      throw unfit(btf, root, access, kind);
    }
    return (long) btf.sizeOf(id) * Byte.SIZE;
  }

  /** An array without a length at the end of a struct has as many elements as one likes. */
  private static boolean isFlexible(Btf btf, Step parent, Array array) {
    return !parent.isElement()
        && array.length() == 0
        && btf.type(parent.type) instanceof Composite composite
        && parent.index == composite.members().size() - 1;
  }

  private Optional<CoreAccess> enumeratorIn(Btf target, int candidate) {
    int id = target.strip(candidate);
    if (target.type(id) instanceof Enumeration enumeration) {
      for (int index = 0; index < enumeration.values().size(); index++) {
        String name = enumeration.values().get(index).name();
        if (CoreTypes.sameEssentialName(last().name, name)) {
          return Optional.of(
              new CoreAccess(target, candidate, List.of(new Step(id, index, name)), 0));
        }
      }
    }
    return Optional.empty();
  }

  /** Follows the steps by name in the target. */
  private final class FieldSearch {
    private final Btf target;
    private final int candidate;
    private final CoreTypes types;
    private final List<Step> found = new ArrayList<>();
    private long bits;
    private int next;
    private int passed;

    FieldSearch(Btf target, int candidate, CoreTypes types) {
      this.target = target;
      this.candidate = candidate;
      this.types = types;
      this.next = candidate;
    }

    Optional<CoreAccess> find() {
      for (int i = 0; i < steps.size(); i++) {
        Step step = steps.get(i);
        boolean fits = step.isElement() ? element(step, i == 0) : member(step, next);
        if (!fits || passed > LONGEST) {
          return Optional.empty();
        }
      }
      return Optional.of(new CoreAccess(target, candidate, found, bits));
    }

    private boolean element(Step step, boolean first) {
      next = target.strip(next);
      if (!first) {
        if (!(target.type(next) instanceof Array array)
            || (step.index >= (array.length() & 0xffffffffL)
                && !isFlexible(target, found.getLast(), array))) {
          return false;
        }
        next = target.strip(array.elementType());
      }
      if (!target.hasSize(next)) {
        return false;
      }
      found.add(new Step(next, step.index, ""));
      passed++;
      bits += (long) target.sizeOf(next) * Byte.SIZE * step.index;
      return true;
    }

    private boolean member(Step step, int of) {
      int id = target.strip(of);
      Member wanted = ((Composite) btf.type(step.type)).members().get(step.index);
      if (!(target.type(id) instanceof Composite composite) || passed >= LONGEST) {
        return false;
      }
      passed++;
      for (int index = 0; index < composite.members().size(); index++) {
        Member member = composite.members().get(index);
        bits += member.bitOffset();
        if (member.name().isEmpty()) {
          if (member(step, member.type())) {
            return true;
          }
        } else if (member.name().equals(step.name)) {
          if (!types.fieldsAreCompatible(wanted.type(), member.type())) {
            return false;
          }
          found.add(new Step(id, index, member.name()));
          next = member.type();
          return true;
        }
        bits -= member.bitOffset();
      }
      passed--;
      return false;
    }
  }

  private static boolean isField(CoreKind kind) {
    return kind.compareTo(CoreKind.FIELD_RSHIFT_U64) <= 0;
  }

  private static boolean isEnumerator(CoreKind kind) {
    return kind == CoreKind.ENUMVAL_EXISTS || kind == CoreKind.ENUMVAL_VALUE;
  }

  private static List<Integer> indexes(String access) {
    List<Integer> indexes = new ArrayList<>();
    for (String index : access.split(":", LONGEST + 1)) {
      try {
        indexes.add(Integer.parseUnsignedInt(index));
      } catch (NumberFormatException _) {
        throw new ObjectFormatException(
            "the CO-RE access string \"%s\" is not numbers with colons between them"
                .formatted(access));
      }
      if (indexes.getLast() < 0 || indexes.size() > LONGEST) {
        throw new ObjectFormatException(
            "the CO-RE access string \"%s\" has more than %d steps or one that is too large"
                .formatted(access, LONGEST));
      }
    }
    return indexes;
  }

  private static ObjectFormatException unfit(Btf btf, int root, String access, CoreKind kind) {
    return new ObjectFormatException(
        "the CO-RE relocation %s with access string \"%s\" does not fit type %d%s"
            .formatted(
                kind.name(),
                access,
                root,
                root > 0 && root < btf.size() ? " (" + btf.typeName(root) + ")" : ""));
  }
}
