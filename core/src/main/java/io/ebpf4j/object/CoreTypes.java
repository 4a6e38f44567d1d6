package io.ebpf4j.object;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.btf.BtfType.Composite;
import io.ebpf4j.btf.BtfType.Enumeration;
import io.ebpf4j.btf.BtfType.Enumerator;
import io.ebpf4j.btf.BtfType.Forward;
import io.ebpf4j.btf.BtfType.FunctionPrototype;
import io.ebpf4j.btf.BtfType.Member;
import java.util.List;

/**
 * Whether a type of an object means the same as one of a kernel, by libbpf's three rules: fields
 * that can be read for each other, types that are compatible, and types that match in full.
 */
final class CoreTypes {
  private static final int DEEPEST = 32;

  private final Btf local;
  private final Btf target;

  CoreTypes(Btf local, Btf target) {
    this.local = local;
    this.target = target;
  }

  /** Whether names agree but for their flavours. */
  static boolean sameEssentialName(String one, String other) {
    return Btf.essentialName(one).equals(Btf.essentialName(other));
  }

  /** The same kind, where the two widths of enums are one kind. */
  static boolean sameKind(BtfType one, BtfType other) {
    return one.kind() == other.kind() || (one.kind().isEnum() && other.kind().isEnum());
  }

  /** Whether a field of one type can be read for one of the other: sizes may differ. */
  boolean fieldsAreCompatible(int localId, int targetId) {
    int localField = localId;
    int targetField = targetId;
    for (int depth = 0; depth < DEEPEST; depth++) {
      BtfType one = local.type(local.strip(localField));
      BtfType other = target.type(target.strip(targetField));
      if (one instanceof Composite && other instanceof Composite) {
        return true;
      }
      if (!sameKind(one, other)) {
        return false;
      }
      switch (one) {
        case BtfType.Array array when other instanceof BtfType.Array targetArray -> {
          localField = array.elementType();
          targetField = targetArray.elementType();
        }
        case BtfType.Pointer _, BtfType.FloatType _ -> {
          return true;
        }
        case BtfType.Int number when other instanceof BtfType.Int targetNumber -> {
          return number.offset() == 0 && targetNumber.offset() == 0;
        }
        case Forward _, Enumeration _ -> {
          return one.name().isEmpty()
              || other.name().isEmpty()
              || sameEssentialName(one.name(), other.name());
        }
        default -> {
          return false;
        }
      }
    }
    return false;
  }

  /** Whether the types are of one shape, where names and members of structs do not count. */
  boolean areCompatible(int localId, int targetId) {
    return sameKind(local.type(localId), target.type(targetId))
        && areCompatible(localId, targetId, DEEPEST);
  }

  private boolean areCompatible(int localId, int targetId, int level) {
    int localNext = localId;
    int targetNext = targetId;
    for (int depth = 0; depth < DEEPEST; depth++) {
      BtfType one = local.type(local.strip(localNext));
      BtfType other = target.type(target.strip(targetNext));
      if (!sameKind(one, other)) {
        return false;
      }
      switch (one) {
        case BtfType.VoidType _, Composite _, Enumeration _, Forward _ -> {
          return true;
        }
        case BtfType.Int number when other instanceof BtfType.Int targetNumber -> {
          return number.offset() == 0 && targetNumber.offset() == 0;
        }
        case BtfType.Pointer pointer when other instanceof BtfType.Pointer targetPointer -> {
          localNext = pointer.target();
          targetNext = targetPointer.target();
        }
        case BtfType.Array array when other instanceof BtfType.Array targetArray -> {
          localNext = array.elementType();
          targetNext = targetArray.elementType();
        }
        case FunctionPrototype function when other instanceof FunctionPrototype targetFunction -> {
          if (!parametersAgree(
              function, targetFunction, (a, b) -> level > 1 && areCompatible(a, b, level - 1))) {
            return false;
          }
          localNext = function.result();
          targetNext = targetFunction.result();
        }
        default -> {
          return false;
        }
      }
    }
    return false;
  }

  /** Whether the target has all that the local type has, names and members too. */
  boolean match(int localId, int targetId) {
    return match(localId, targetId, false, DEEPEST);
  }

  private boolean match(int localId, int targetId, boolean behindPointer, int level) {
    if (level <= 0) {
      return false;
    }
    boolean pointed = behindPointer;
    int localNext = localId;
    int targetNext = targetId;
    for (int depth = 0; depth < DEEPEST; depth++) {
      BtfType one = local.type(local.strip(localNext));
      BtfType other = target.type(target.strip(targetNext));
      if (!sameEssentialName(one.name(), other.name())) {
        return false;
      }
      switch (one) {
        case Forward forward -> {
          return forwardMatches(forward, other, pointed);
        }
        case Composite composite -> {
          return pointed
              ? namedMatches(composite, other)
              : other instanceof Composite targetComposite
                  && composite.union() == targetComposite.union()
                  && membersMatch(composite, targetComposite, level);
        }
        case Enumeration enumeration -> {
          return other instanceof Enumeration targetEnumeration
              && enumeratorsMatch(enumeration, targetEnumeration);
        }
        case BtfType.VoidType _ -> {
          return other instanceof BtfType.VoidType;
        }
        case BtfType.Int number -> {
          return other instanceof BtfType.Int targetNumber
              && number.size() == targetNumber.size()
              && number.signed() == targetNumber.signed();
        }
        case BtfType.Pointer pointer when other instanceof BtfType.Pointer targetPointer -> {
          pointed = true;
          localNext = pointer.target();
          targetNext = targetPointer.target();
        }
        case BtfType.Array array when other instanceof BtfType.Array targetArray -> {
          if (array.length() != targetArray.length()) {
            return false;
          }
          localNext = array.elementType();
          targetNext = targetArray.elementType();
        }
        case FunctionPrototype function when other instanceof FunctionPrototype targetFunction -> {
          boolean parametersPointed = pointed;
          if (!parametersAgree(
              function, targetFunction, (a, b) -> match(a, b, parametersPointed, level - 1))) {
            return false;
          }
          localNext = function.result();
          targetNext = targetFunction.result();
        }
        default -> {
          return false;
        }
      }
    }
    return false;
  }

  private static boolean forwardMatches(Forward forward, BtfType other, boolean behindPointer) {
    return switch (other) {
      case Forward targetForward -> forward.union() == targetForward.union();
      case Composite composite -> behindPointer && forward.union() == composite.union();
      default -> false;
    };
  }

  private static boolean namedMatches(Composite composite, BtfType other) {
    return switch (other) {
      case Composite targetComposite -> composite.union() == targetComposite.union();
      case Forward forward -> composite.union() == forward.union();
      default -> false;
    };
  }

  private boolean membersMatch(Composite composite, Composite targetComposite, int level) {
    List<Member> members = targetComposite.members();
    return composite.members().size() <= members.size()
        && composite.members().stream()
            .allMatch(member ->
                members.stream()
                    .anyMatch(candidate ->
                        sameEssentialName(member.name(), candidate.name())
                            && match(member.type(), candidate.type(), false, level - 1)));
  }

  private static boolean enumeratorsMatch(Enumeration enumeration, Enumeration target) {
    List<Enumerator> values = target.values();
    return enumeration.size() == target.size()
        && enumeration.values().size() <= values.size()
        && enumeration.values().stream()
            .allMatch(value ->
                values.stream()
                    .anyMatch(candidate -> sameEssentialName(value.name(), candidate.name())));
  }

  private interface ParameterRule {
    boolean agree(int localId, int targetId);
  }

  private static boolean parametersAgree(
      FunctionPrototype function, FunctionPrototype target, ParameterRule rule) {
    int count = function.parameters().size();
    if (count != target.parameters().size()) {
      return false;
    }
    for (int i = 0; i < count; i++) {
      if (!rule.agree(function.parameters().get(i).type(), target.parameters().get(i).type())) {
        return false;
      }
    }
    return true;
  }
}
