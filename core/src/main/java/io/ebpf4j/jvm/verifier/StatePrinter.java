package io.ebpf4j.jvm.verifier;

import io.ebpf4j.isa.Isa;
import io.ebpf4j.jvm.verifier.Register.Kind;
import java.util.ArrayList;
import java.util.List;

/** What is known of registers and stack, as the kernel's log writes it. */
final class StatePrinter {
  private static final String BYTES = "?rm0dif";

  private StatePrinter() {}

  /**
   * The state of a frame.
   *
   * @param registers which registers, as bits
   * @param slots which slots of the stack, as bits
   */
  static String print(State state, int frameNumber, int registers, long slots) {
    Frame frame = state.frame(frameNumber);
    StringBuilder text = new StringBuilder();
    if (frame.number != 0) {
      text.append(" frame").append(frame.number).append(':');
    }
    for (int i = 0; i < Isa.REGISTERS; i++) {
      if ((registers >> i & 1) != 0 && frame.registers[i].isInitialized()) {
        text.append(" R").append(i).append('=').append(print(frame, frame.registers[i]));
      }
    }
    for (int i = 0; i < frame.slots(); i++) {
      if ((slots >> i & 1) != 0) {
        printSlot(frame, i, text);
      }
    }
    if (state.references.length > 0) {
      List<String> ids = new ArrayList<>();
      for (State.Reference reference : state.references) {
        ids.add(Integer.toString(reference.id()));
      }
      text.append(" refs=").append(String.join(",", ids));
    }
    if (frame.inCallback) {
      text.append(" cb");
    }
    if (frame.inAsyncCallback) {
      text.append(" async_cb");
    }
    return text.toString();
  }

  private static void printSlot(Frame frame, int slot, StringBuilder text) {
    boolean valid = false;
    StringBuilder bytes = new StringBuilder();
    for (int i = 0; i < Frame.SLOT_BYTES; i++) {
      byte type = frame.bytes[slot * Frame.SLOT_BYTES + i];
      valid |= type != Frame.INVALID;
      bytes.append(BYTES.charAt(type));
    }
    if (!valid) {
      return;
    }
    byte type = frame.bytes[slot * Frame.SLOT_BYTES];
    if (type == Frame.DYNPTR) {
      printDynptr(frame.spill(slot), slot, text);
      return;
    }
    if (type == Frame.ITERATOR) {
      printIterator(frame.spill(slot), slot, text);
      return;
    }
    text.append(" fp").append(-(slot + 1) * Frame.SLOT_BYTES).append('=');
    if (frame.isSpilled(slot)) {
      text.append(bytes, 0, bytes.indexOf("r"));
      text.append(print(frame, frame.spill(slot)));
    } else {
      text.append(bytes);
    }
  }

  private static void printDynptr(Register dynptr, int slot, StringBuilder text) {
    if (dynptr.first) {
      text.append(" fp").append(-(slot + 1) * Frame.SLOT_BYTES);
      text.append("=dynptr_").append(Dynptrs.typeOf(dynptr).label());
      text.append("(id=").append(dynptr.id);
      if (dynptr.reference != 0) {
        text.append(",ref_id=").append(dynptr.reference);
      }
      text.append(')');
    }
  }

  private static void printIterator(Register iterator, int slot, StringBuilder text) {
    if (iterator.reference != 0 && iterator.btf != null) {
      text.append(
          " fp%d=%s(ref_id=%d,state=%s,depth=%d)"
              .formatted(
                  -(slot + 1) * Frame.SLOT_BYTES,
                  iterator.btf.name(iterator.btfId).substring("bpf_".length()),
                  iterator.reference,
                  iterator.drained ? "drained" : "active",
                  iterator.extent));
    }
  }

  /** The name of a pointer's kind. */
  static String kind(Register r) {
    String prefix =
        (r.is(Register.READ_ONLY) ? "rdonly_" : "")
            + (r.is(Register.RECORD) ? "ringbuf_" : "")
            + (r.is(Register.PER_CPU) ? "percpu_" : "")
            + (r.is(Register.UNTRUSTED) ? "untrusted_" : "")
            + (r.is(Register.TRUSTED) ? "trusted_" : "")
            + (r.is(Register.RCU) ? "rcu_" : "");
    if (r.kind == Kind.BTF) {
      return prefix + "ptr_" + (r.mayBeNull() ? "or_null_" : "");
    }
    return prefix + r.kind.label() + (r.mayBeNull() ? "_or_null" : "");
  }

  /** What is known of a register. */
  static String print(Frame frame, Register r) {
    StringBuilder text = new StringBuilder();
    if (r.kind == Kind.SCALAR) {
      if (r.precise) {
        text.append('P');
      }
      if (r.bits.isConstant()) {
        return text.append(signed(r.bits.value() + r.offset)).toString();
      }
    }
    text.append(kind(r));
    if (r.kind == Kind.STACK) {
      if (r.frame != frame.number) {
        text.append('[').append(r.frame).append(']');
      }
      if (r.bits.isConstant()) {
        return text.append(signed(r.bits.value() + r.offset)).toString();
      }
    }
    if (r.kind == Kind.BTF && r.btf != null) {
      text.append(r.btf.name(r.btfId));
    }
    return text.append('(').append(String.join(",", attributes(r))).append(')').toString();
  }

  private static List<String> attributes(Register r) {
    List<String> all = new ArrayList<>();
    if (r.id != 0) {
      String id = "id=" + (r.id & ~Register.PLUS_CONSTANT);
      all.add((r.id & Register.PLUS_CONSTANT) != 0 ? id + "%+d".formatted(r.offset) : id);
    }
    if (r.reference != 0) {
      all.add("ref_obj_id=" + r.reference);
    }
    if (r.map != null && r.isMapKind()) {
      if (!r.map.spec().name().isEmpty()) {
        all.add("map=" + r.map.spec().name());
      }
      all.add("ks=%d,vs=%d".formatted(r.map.spec().keySize(), r.map.spec().valueSize()));
    }
    if (r.kind != Kind.SCALAR && r.offset != 0) {
      all.add("off=" + signed(r.offset));
    }
    if (r.isPacketPointer()) {
      all.add("r=" + unsigned(r.extent));
    }
    if (r.kind == Kind.MEMORY) {
      all.add("sz=" + unsigned(r.extent));
    }
    if (r.bits.isConstant()) {
      if (r.bits.value() != 0) {
        all.add("imm=" + signed(r.bits.value()));
      }
    } else {
      ranges(r, all);
      if (!r.bits.isUnknown()) {
        all.add("var_off=" + r.bits);
      }
    }
    return all;
  }

  private static void ranges(Register r, List<String> all) {
    String[] names = {"smin", "smax", "umin", "umax", "smin32", "smax32", "umin32", "umax32"};
    long[] values = {
      r.smin,
      r.smax,
      r.umin,
      r.umax,
      isSmall(r.s32min) ? r.s32min : r.s32min & 0xffff_ffffL,
      isSmall(r.s32max) ? r.s32max : r.s32max & 0xffff_ffffL,
      r.u32min & 0xffff_ffffL,
      r.u32max & 0xffff_ffffL
    };
    boolean[] omitted = {
      r.smin == Long.MIN_VALUE,
      r.smax == Long.MAX_VALUE,
      r.umin == 0,
      r.umax == -1,
      r.s32min == Integer.MIN_VALUE,
      r.s32max == Integer.MAX_VALUE,
      r.u32min == 0,
      r.u32max == -1
    };
    for (int i = 0; i < names.length; i++) {
      if (omitted[i]) {
        continue;
      }
      boolean signed = names[i].charAt(0) == 's';
      boolean negative = signed && values[i] < 0;
      StringBuilder text = new StringBuilder(names[i]).append('=');
      for (int j = i + 2; j < names.length; j += 2) {
        boolean otherNegative = names[j].charAt(0) == 's' && values[j] < 0;
        if (!omitted[j] && values[j] == values[i] && negative == otherNegative) {
          omitted[j] = true;
          text.append(names[j]).append('=');
        }
      }
      all.add(text + (signed ? signed(values[i]) : unsigned(values[i])));
    }
  }

  private static boolean isSmall(long number) {
    return number == (short) number;
  }

  private static String signed(long number) {
    return isSmall(number) ? Long.toString(number) : "0x" + Long.toHexString(number);
  }

  private static String unsigned(long number) {
    return Long.compareUnsigned(number, 0xffff) <= 0
        ? Long.toString(number)
        : "0x" + Long.toHexString(number);
  }
}
