package io.ebpf4j.jvm.map;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfKind;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.btf.BtfType.Array;
import io.ebpf4j.btf.BtfType.Composite;
import io.ebpf4j.btf.BtfType.DataSection;
import io.ebpf4j.btf.BtfType.DeclarationTag;
import io.ebpf4j.btf.BtfType.Member;
import io.ebpf4j.btf.BtfType.Modifier;
import io.ebpf4j.btf.BtfType.Pointer;
import io.ebpf4j.btf.BtfType.Qualifier;
import io.ebpf4j.btf.BtfType.SectionVariable;
import io.ebpf4j.btf.BtfType.TypeTag;
import io.ebpf4j.btf.BtfType.Variable;
import io.ebpf4j.jvm.map.SpecialFields.Field;
import io.ebpf4j.jvm.map.SpecialFields.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Finds the special fields of a value by its BTF type, as Linux does: structs by their own name
 * (not by a typedef), in nested structs but not in unions, pointers by their type tag. A type in
 * which something about them is wrong (two locks, an array of timers, a field out of alignment) has
 * none at all, and is an ordinary value.
 */
final class SpecialFieldFinder {
  private static final int MAX_FIELDS = 11;
  private static final int MAX_DEPTH = 32;
  private static final Set<String> POINTER_TAGS = Set.of("kptr", "kptr_untrusted", "percpu_kptr");
  private static final String USER_POINTER_TAG = "uptr";
  private static final String CONTAINS = "contains:";

  private final Btf btf;
  private final List<Field> found = new ArrayList<>();
  private final Set<Kind> seen = EnumSet.noneOf(Kind.class);

  private SpecialFieldFinder(Btf btf) {
    this.btf = btf;
  }

  /** The fields of values of a type, by offset. */
  static List<Field> find(Btf btf, int type) {
    SpecialFieldFinder finder = new SpecialFieldFinder(btf);
    try {
      switch (btf.stripped(type)) {
        case Composite composite when !composite.union() ->
            finder.searchStruct(finder.strippedId(type), composite, 0, 0);
        case DataSection section -> finder.searchSection(section);
        default -> {}
      }
      finder.mustHaveLock();
    } catch (UnusableException e) {
      return List.of();
    }
    finder.found.sort(Comparator.comparingInt(Field::offset));
    return finder.found;
  }

  private void searchSection(DataSection section) throws UnusableException {
    for (SectionVariable place : section.variables()) {
      if (btf.type(place.type()) instanceof Variable variable) {
        searchField(place.type(), -1, variable.type(), place.offset(), 0);
      }
    }
  }

  private void searchStruct(int id, Composite struct, long base, int depth)
      throws UnusableException {
    if (depth == MAX_DEPTH) {
      throw new UnusableException();
    }
    for (int i = 0; i < struct.members().size(); i++) {
      Member member = struct.members().get(i);
      if (member.bitFieldSize() == 0) {
        searchField(id, i, member.type(), base + member.bitOffset() / 8, depth);
      }
    }
  }

  /**
   * Searches a field.
   *
   * @param owner the struct or variable that it is in
   * @param component its number in the struct, -1 for a variable
   */
  private void searchField(int owner, int component, int fieldType, long offset, int depth)
      throws UnusableException {
    long count = 1;
    int typeId = fieldType;
    BtfType type = btf.type(typeId);
    for (int nested = 0; type instanceof Array array && nested < MAX_DEPTH; nested++) {
      count *= array.length();
      typeId = array.elementType();
      type = btf.type(typeId);
    }
    if (type instanceof Composite struct && !struct.union()) {
      Optional<Kind> kind = Kind.ofStruct(struct.name()).filter(k -> k.size() == struct.size());
      if (kind.isEmpty()) {
        searchNested(typeId, struct, offset, count, depth);
      } else {
        if (kind.get().isGraphRoot() && !isTagged(kind.get(), owner, component)) {
          throw new UnusableException();
        }
        add(kind.get(), offset, count);
      }
    } else if (isPointer(type, Set.of(USER_POINTER_TAG))) {
      add(Kind.USER_POINTER, offset, count);
    } else if (isPointer(type, POINTER_TAGS)) {
      add(Kind.KERNEL_POINTER, offset, 1);
      repeat(found.size() - 1, count, Long.BYTES);
    }
  }

  private void searchNested(int id, Composite struct, long offset, long count, int depth)
      throws UnusableException {
    int before = found.size();
    searchStruct(id, struct, offset, depth + 1);
    repeat(before, count, struct.size());
  }

  private void add(Kind kind, long offset, long count) throws UnusableException {
    boolean again = !seen.add(kind) && !kind.mayRepeat();
    if (again || count != 1 || offset % kind.alignment() != 0 || found.size() == MAX_FIELDS) {
      throw new UnusableException();
    }
    found.add(new Field(kind, Math.toIntExact(offset)));
  }

  /** Adds what was found in an array's first element for the others: only pointers may repeat. */
  private void repeat(int first, long count, int stride) throws UnusableException {
    List<Field> fields = List.copyOf(found.subList(first, found.size()));
    if (fields.isEmpty() || count == 1) {
      return;
    }
    for (long element = 1; element < count; element++) {
      for (Field field : fields) {
        if (field.kind() != Kind.KERNEL_POINTER) {
          throw new UnusableException();
        }
        add(field.kind(), field.offset() + element * stride, 1);
      }
    }
  }

  /** A list or a tree needs a lock beside it. */
  private void mustHaveLock() throws UnusableException {
    boolean graph = seen.stream().anyMatch(Kind::isGraphRoot);
    if (graph && !seen.contains(Kind.SPIN_LOCK) && !seen.contains(Kind.RESILIENT_SPIN_LOCK)) {
      throw new UnusableException();
    }
  }

  /** Whether a declaration tag says which struct lies in the list or tree, and by which member. */
  private boolean isTagged(Kind root, int owner, int component) {
    for (int id = 1; id < btf.size(); id++) {
      if (btf.kind(id) == BtfKind.DECL_TAG
          && btf.type(id) instanceof DeclarationTag tag
          && tag.target() == owner
          && tag.component() == component
          && tag.name().startsWith(CONTAINS)) {
        return containsNode(root, tag.name().substring(CONTAINS.length()));
      }
    }
    return false;
  }

  private boolean containsNode(Kind root, String place) {
    int colon = place.indexOf(':');
    OptionalInt struct =
        colon < 0 ? OptionalInt.empty() : btf.find(place.substring(0, colon), BtfKind.STRUCT);
    return struct.isPresent()
        && btf.type(struct.getAsInt()) instanceof Composite content
        && content.members().stream()
            .anyMatch(member ->
                member.name().equals(place.substring(colon + 1))
                    && btf.type(member.type()) instanceof Composite node
                    && node.name().equals(root.nodeStruct()));
  }

  private int strippedId(int type) {
    int id = type;
    while (btf.type(id) instanceof Modifier modifier) {
      id = modifier.target();
    }
    return id;
  }

  private boolean isPointer(BtfType type, Set<String> tags) throws UnusableException {
    BtfType unqualified =
        type instanceof Modifier modifier && modifier.qualifier() == Qualifier.VOLATILE
            ? btf.type(modifier.target())
            : type;
    if (!(unqualified instanceof Pointer pointer
        && btf.type(pointer.target()) instanceof TypeTag tag
        && !tag.attribute()
        && tags.contains(tag.name()))) {
      return false;
    }
    if (!(btf.stripped(tag.target()) instanceof Composite target) || target.union()) {
      throw new UnusableException();
    }
    return true;
  }

  /** Something about a special field is wrong. */
  private static final class UnusableException extends Exception {
    private static final long serialVersionUID = 1L;
  }
}
