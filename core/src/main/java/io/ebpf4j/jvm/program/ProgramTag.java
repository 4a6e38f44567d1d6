package io.ebpf4j.jvm.program;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The tag by which a program is known again: the first 8 bytes of the SHA-256 of its instructions,
 * in which the loads of maps and of their values name no map (as Linux 6.18 computes it).
 */
final class ProgramTag {
  private static final int TAG_BYTES = 8;

  private ProgramTag() {}

  /** The tag, as 16 hexadecimal digits. */
  static String of(ProgramSpec program) {
    List<Instruction> instructions = new ArrayList<>(program.instructions());
    for (Reference reference : program.references()) {
      switch (reference) {
        case Reference.ToMap(int slot, _) -> forget(instructions, slot, Isa.BPF_PSEUDO_MAP_FD);
        case Reference.ToMapValue(int slot, _, _) ->
            forget(instructions, slot, Isa.BPF_PSEUDO_MAP_VALUE);
        default -> {
          // A missing weak symbol is a constant.
        }
      }
    }
    for (int slot = 0; slot < instructions.size(); slot++) {
      Instruction instruction = instructions.get(slot);
      if (instruction.isWide()) {
        int source = instruction.src();
        if (source == Isa.BPF_PSEUDO_MAP_FD || source == Isa.BPF_PSEUDO_MAP_VALUE) {
          forget(instructions, slot, source);
        }
        slot++;
      }
    }
    return HexFormat.of().formatHex(sha256(Instruction.encode(instructions)), 0, TAG_BYTES);
  }

  private static void forget(List<Instruction> instructions, int slot, int source) {
    instructions.set(slot, instructions.get(slot).withSrc(source).withImm(0));
    instructions.set(slot + 1, instructions.get(slot + 1).withImm(0));
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
