package io.ebpf4j.isa;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The texts are what Linux 6.18's verifier log shows for these bytes. */
class DisassemblerTest {
  private static final Disassembler NUMBERS_ONLY = new Disassembler(InstructionNames.NONE);

  private static List<Instruction> program(String hex) {
    return Instruction.decode(HexFormat.of().parseHex(hex));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "b700000002000000 | (b7) r0 = 2",
        "b400000000000000 | (b4) w0 = 0",
        "bf16000000000000 | (bf) r6 = r1",
        "bc21000000000000 | (bc) w1 = w2",
        "bf21080000000000 | (bf) r1 = (s8)r2",
        "bc21100000000000 | (bc) w1 = (s16)w2",
        "bf21200000000000 | (bf) r1 = (s32)r2",
        "bf00010001000000 | (bf) r0 = addr_space_cast(r0, 0, 1)",
        "bf00ffff00000000 | (bf) r0 = &(void __percpu *)(r0)",
        "0401000000000000 | (04) w1 += 0",
        "3701000010000000 | (37) r1 /= 16",
        "3701010007000000 | (37) r1 s/= 7",
        "9f21010000000000 | (9f) r1 s%= r2",
        "37010000fbffffff | (37) r1 /= -5",
        "cc21000000000000 | (cc) w1 s>>= w2",
        "6700000040000000 | (67) r0 <<= 64",
        "8400000000000000 | (84) w0 = -w0",
        "8701000000000000 | (87) r1 = -r1",
        "d401000010000000 | (d4) r1 = le16 r1",
        "dc01000040000000 | (dc) r1 = be64 r1",
        "d701000020000000 | (d7) r1 = bswap32 r1",
        "6112000000000000 | (61) r2 = *(u32 *)(r1 +0)",
        "91a0f8ff00000000 | (91) r0 = *(s8 *)(r10 -8)",
        "7a0af8ff01000000 | (7a) *(u64 *)(r10 -8) = 1",
        "6311040000000000 | (63) *(u32 *)(r1 +4) = r1",
        "db10000000000000 | (db) lock *(u64 *)(r0 +0) += r1",
        "c31af8ff41000000 | (c3) r1 = atomic_fetch_or((u32 *)(r10 -8), r1)",
        "dbaaf8ff01000000 | (db) r10 = atomic64_fetch_add((u64 *)(r10 -8), r10)",
        "db1af8fff1000000 | (db) r0 = atomic64_cmpxchg((u64 *)(r10 -8), r0, r1)",
        "c31af8ffe1000000 | (c3) r1 = atomic_xchg((u32 *)(r10 -8), r1)",
        "d3a0f8ff00010000 | (d3) r0 = load_acquire((u8 *)(r10 -8))",
        "cb1af8ff10010000 | (cb) store_release((u16 *)(r10 -8), r1)",
        "c311000077000000 | BUG_c3",
        "280000000c000000 | (28) r0 = *(u16 *)skb[12]",
        "48600000f4ffffff | (48) r0 = *(u16 *)skb[r6 + -12]",
        "05000100fbffffff | (05) goto pc+1",
        "0600000080ffffff | (06) gotol pc-128",
        "e500010000000000 | (e5) may_goto pc+1",
        "e510000000000000 | (e5) if r0 (null) 0x0 goto pc+0",
        "550001000a000000 | (55) if r0 != 0xa goto pc+1",
        "36010000fbffffff | (36) if w1 >= 0xfffffffb goto pc+0",
        "6d21ffff00000000 | (6d) if r1 s> r2 goto pc-1",
        "4612000001000000 | (46) if w2 & 0x1 goto pc+0",
        "8500000007000000 | (85) call unknown#7",
        "8510000001000000 | (85) call pc+1",
        "85200000d2040000 | (85) call kernel-function#1234",
        "9500000000000000 | (95) exit",
      })
  void isTheKernelsTextForEachForm(String hex, String text) {
    assertThat(NUMBERS_ONLY.line(program(hex), 0)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "180000000100000000000000efbeadde | (18) r0 = 0xdeadbeef00000001",
        "18110000050000000000000000000000 | (18) r1 = map[id:5]",
        "18210000050000000000000008000000 | (18) r1 = map[id:5][0]+8",
        "18310000070000000000000000000000 | (18) r1 = btf[id:7]",
        "18310000070000000000000003000000 | (18) r1 = btf[id:7,fd:3]",
        "18410000030000000000000000000000 | (18) r1 = subprog[+3]",
        "18510000020000000000000000000000 | (18) r1 = map[idx:2]",
        "18610000020000000000000008000000 | (18) r1 = map[idx:2]+8",
      })
  void showsWhatA64BitImmediateStandsFor(String hex, String text) {
    assertThat(NUMBERS_ONLY.line(program(hex), 0)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0d12340056000000 | (0d) unknown 0x000000560034120d",
        "1800000001000000 | (18) unknown 0x0000000100000018",
        "8d01000000000000 | (8d) callx r1",
      })
  void hasATextForWhatTheKernelNeverShows(String hex, String text) {
    assertThat(NUMBERS_ONLY.line(program(hex), 0)).isEqualTo(text);
  }

  @Test
  void countsBothSlotsOfA64BitImmediateAndPrintsOneLine() {
    assertThat(NUMBERS_ONLY.lines(program("1801000002000000000000000000000095" + "0".repeat(14))))
        .containsExactly("   0: (18) r1 = 0x2", "   2: (95) exit");
  }

  @Test
  void usesTheNamesThatItsCallerKnows() {
    InstructionNames names =
        new InstructionNames() {
          @Override
          public String helper(int id) {
            return "bpf_map_lookup_elem#" + id;
          }

          @Override
          public String kernelFunction(int btfId) {
            return "bpf_task_acquire#" + btfId;
          }

          @Override
          public String function(int slot, int relative) {
            return "pc%+d#f_%d".formatted(relative, slot);
          }

          @Override
          public String wide(int slot, int kind, int low, int high) {
            return "map[cnt_%d_%d_%d][0]+%d".formatted(slot, kind, low, high);
          }
        };
    List<Instruction> program =
        Assembler.assemble(
                """
                r2 = map[id:4][0]+16
                call 1
                call pc+1
                call kernel-function#99
                """)
            .instructions();
    assertThat(new Disassembler(names).lines(program))
        .containsExactly(
            "   0: (18) r2 = map[cnt_0_2_4][0]+16",
            "   2: (85) call bpf_map_lookup_elem#1",
            "   3: (85) call pc+1#f_5",
            "   4: (85) call bpf_task_acquire#99");
  }
}
