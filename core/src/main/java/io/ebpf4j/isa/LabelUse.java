package io.ebpf4j.isa;

/** A label's name where a jump or call goes to it, kept until all labels are known. */
record LabelUse(int slot, Kind kind, String label, int line, int column) {
  enum Kind {
    /** A jump with a 16-bit offset. */
    JUMP,
    /** A jump with a 32-bit offset in its immediate. */
    LONG_JUMP,
    /** A call, of a helper where there is no such label. */
    CALL,
    /** A 64-bit load of a function's address. */
    FUNCTION
  }

  /** The instruction, made to go to that slot. */
  Instruction resolve(Instruction instruction, int target) {
    int distance = target - slot - 1;
    return switch (kind) {
      case JUMP -> {
        if (distance != (short) distance) {
          throw error(
              "\"%s\" is %d slots away, a 16-bit offset reaches 32767: use gotol"
                  .formatted(label, distance));
        }
        yield instruction.withOffset(distance);
      }
      case LONG_JUMP, FUNCTION -> instruction.withImm(distance);
      case CALL -> instruction.withSrc(Isa.BPF_PSEUDO_CALL).withImm(distance);
    };
  }

  AssemblyException error(String sentence) {
    return new AssemblyException(line, column, sentence);
  }
}
