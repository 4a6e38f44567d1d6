package io.ebpf4j.isa;

/**
 * What the disassembler calls the things that an instruction only numbers. The defaults are what
 * Linux prints where it knows no name.
 */
public interface InstructionNames {
  /** Names nothing. */
  InstructionNames NONE = new InstructionNames() {};

  /** What is called by that helper number: {@code bpf_map_lookup_elem#1}. */
  default String helper(int id) {
    return "unknown#" + id;
  }

  /** What is called by a kernel function's BTF id: {@code bpf_task_acquire#1234}. */
  default String kernelFunction(int btfId) {
    return "kernel-function#" + btfId;
  }

  /**
   * What a call within the program reaches.
   *
   * @param slot the function's first slot
   * @param relative the same, relative to the slot behind the call, as in {@code pc+3}
   */
  default String function(int slot, int relative) {
    return "pc%+d".formatted(relative);
  }

  /**
   * What a 64-bit immediate load loads.
   *
   * @param slot the instruction's first slot
   * @param kind 0, or one of the {@code BPF_PSEUDO_} kinds
   * @param low the first slot's immediate
   * @param high the second slot's immediate
   */
  default String wide(int slot, int kind, int low, int high) {
    String number = Integer.toUnsignedString(low);
    String next = Integer.toUnsignedString(high);
    return switch (kind) {
      case Isa.BPF_PSEUDO_MAP_FD -> "map[id:%s]".formatted(number);
      case Isa.BPF_PSEUDO_MAP_VALUE -> "map[id:%s][0]+%s".formatted(number, next);
      case Isa.BPF_PSEUDO_MAP_IDX -> "map[idx:%s]".formatted(number);
      case Isa.BPF_PSEUDO_MAP_IDX_VALUE -> "map[idx:%s]+%s".formatted(number, next);
      case Isa.BPF_PSEUDO_BTF_ID ->
          high == 0 ? "btf[id:%s]".formatted(number) : "btf[id:%s,fd:%s]".formatted(number, next);
      case Isa.BPF_PSEUDO_FUNC -> "subprog[%+d]".formatted(low);
      default -> "0x%x".formatted((long) high << 32 | low & 0xffffffffL);
    };
  }
}
