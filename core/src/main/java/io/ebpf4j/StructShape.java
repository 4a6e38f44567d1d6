package io.ebpf4j;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.btf.BtfType.Composite;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where the members of a struct lie, whoever described it.
 *
 * @param size bytes of the struct
 * @param members by name; bit fields are left out
 */
record StructShape(int size, Map<String, Member> members) {
  /** A member: its place in bytes, and what is in it where it is a struct itself. */
  record Member(int offset, int size, @Nullable StructShape nested) {}

  static StructShape of(Btf btf, int type) {
    BtfType stripped = btf.stripped(type);
    if (!(stripped instanceof Composite struct)) {
      throw new IllegalArgumentException("%s is no struct".formatted(btf.typeName(type)));
    }
    Map<String, Member> members = new LinkedHashMap<>();
    for (BtfType.Member member : struct.members()) {
      if (member.bitFieldSize() == 0 && btf.hasSize(member.type())) {
        boolean nested = btf.stripped(member.type()) instanceof Composite;
        members.put(
            member.name(),
            new Member(
                member.bitOffset() / 8,
                btf.sizeOf(member.type()),
                nested ? of(btf, member.type()) : null));
      }
    }
    return new StructShape(struct.size(), members);
  }

  static StructShape of(MemoryLayout layout) {
    if (!(layout instanceof GroupLayout group)) {
      throw new IllegalArgumentException(layout + " is no struct");
    }
    Map<String, Member> members = new LinkedHashMap<>();
    for (MemoryLayout member : group.memberLayouts()) {
      member
          .name()
          .ifPresent(name ->
              members.put(
                  name,
                  new Member(
                      Math.toIntExact(
                          group.byteOffset(MemoryLayout.PathElement.groupElement(name))),
                      Math.toIntExact(member.byteSize()),
                      member instanceof GroupLayout ? of(member) : null)));
    }
    return new StructShape(Math.toIntExact(layout.byteSize()), members);
  }
}
