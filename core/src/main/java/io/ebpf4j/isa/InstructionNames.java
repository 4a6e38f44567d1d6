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

  /** What is called by a kernel function's BTF id. */
  default String kernelFunction(int btfId) {
    return "kernel-function";
  }

  /** What a call within the program reaches: {@code pc+3} is relative to the next slot. */
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
    return switch (kind) {
      case Isa.BPF_PSEUDO_MAP_FD -> "map[fd:%d]".formatted(low);
      case Isa.BPF_PSEUDO_MAP_VALUE -> "map[fd:%d][0]%+d".formatted(low, high);
      case Isa.BPF_PSEUDO_MAP_IDX -> "map[idx:%d]".formatted(low);
      case Isa.BPF_PSEUDO_MAP_IDX_VALUE -> "map[idx:%d]%+d".formatted(low, high);
      case Isa.BPF_PSEUDO_BTF_ID -> "btf[id:%d]".formatted(low);
      case Isa.BPF_PSEUDO_FUNC -> "subprog[%+d]".formatted(low);
      default -> "0x%x".formatted((long) high << 32 | low & 0xffffffffL);
    };
  }
}
