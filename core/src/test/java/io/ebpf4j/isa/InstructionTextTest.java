package io.ebpf4j.isa;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class InstructionTextTest {
  private static final Disassembler DISASSEMBLER = new Disassembler(InstructionNames.NONE);
  private static final int[] OFFSETS = {0, 0, 0, 1, 8, 16, 32, -1, -8, 32767, -32768};
  private static final int[] IMMEDIATES = {
    0,
    0,
    0,
    1,
    16,
    32,
    64,
    -1,
    0x40,
    0x41,
    0x51,
    0xa0,
    0xa1,
    0xe1,
    0xf1,
    0x100,
    0x110,
    -5,
    Integer.MIN_VALUE,
    Integer.MAX_VALUE
  };

  /** Instructions that are whole and use each of their fields as they may. */
  private static List<Instruction> acceptable(Random random) {
    while (true) {
      Instruction instruction =
          new Instruction(
              random.nextInt(256),
              random.nextInt(11),
              random.nextBoolean() ? 0 : random.nextInt(11),
              OFFSETS[random.nextInt(OFFSETS.length)],
              random.nextBoolean()
                  ? IMMEDIATES[random.nextInt(IMMEDIATES.length)]
                  : random.nextInt());
      if (isCanonical(instruction) && InstructionCheck.checkInstruction(instruction, 0).isEmpty()) {
        return instruction.isWide()
            ? List.of(
                instruction, new Instruction(0, 0, 0, 0, secondImmediate(instruction, random)))
            : List.of(instruction);
      }
    }
  }

  private static boolean isCanonical(Instruction instruction) {
    boolean exit = instruction.opcode() == (Isa.BPF_JMP | Isa.BPF_EXIT);
    boolean call = instruction.opcode() == (Isa.BPF_JMP | Isa.BPF_CALL);
    boolean load = instruction.instructionClass() == Isa.BPF_LDX;
    return Isa.isKnownOpcode(instruction.opcode())
        && !((exit || call) && instruction.offset() != 0)
        && !(load && instruction.imm() != 0)
        && !(instruction.isWide() && instruction.src() > Isa.BPF_PSEUDO_MAP_IDX_VALUE);
  }

  private static int secondImmediate(Instruction first, Random random) {
    return switch (first.src()) {
      case Isa.BPF_PSEUDO_MAP_FD, Isa.BPF_PSEUDO_MAP_IDX, Isa.BPF_PSEUDO_FUNC -> 0;
      default -> random.nextInt();
    };
  }

  private static String text(List<Instruction> program) {
    return String.join("\n", DISASSEMBLER.lines(program));
  }

  @Provide
  Arbitrary<List<Instruction>> programs() {
    return Arbitraries.randomValue(random -> {
      List<Instruction> program = new ArrayList<>();
      int instructions = random.nextInt(20);
      for (int i = 0; i < instructions; i++) {
        program.addAll(acceptable(random));
      }
      return program;
    });
  }

  @Property(tries = 500)
  void assemblingTheTextGivesTheInstructionsBack(@ForAll("programs") List<Instruction> program) {
    String text = text(program);
    Assembly assembly = Assembler.assemble(text);
    assertThat(assembly.instructions()).isEqualTo(program);
    assertThat(assembly.references()).isEmpty();
  }

  @Property(tries = 500)
  void disassemblingGivesTheTextBack(@ForAll("programs") List<Instruction> program) {
    String text = text(program);
    assertThat(text(Assembler.assemble(text).instructions())).isEqualTo(text);
  }

  @Property(tries = 500)
  void assemblingNeedsNeitherSlotNumberNorOpcode(@ForAll("programs") List<Instruction> program) {
    String text = text(program).replaceAll("(?m)^ *\\d+: \\([0-9a-f]{2}\\) ", "");
    assertThat(Assembler.assemble(text).instructions()).isEqualTo(program);
  }

  @Property(tries = 1000)
  void decodingIsTheInverseOfEncoding(@ForAll long[] slots) {
    List<Instruction> program = new ArrayList<>();
    for (long slot : slots) {
      program.add(Instruction.of(slot));
      assertThat(Instruction.of(slot).toLong()).isEqualTo(slot);
    }
    assertThat(Instruction.decode(Instruction.encode(program))).isEqualTo(program);
  }

  @Property(tries = 1000)
  void anySlotsCanBePrintedAndChecked(@ForAll long[] slots) {
    List<Instruction> program = new ArrayList<>();
    for (long slot : slots) {
      program.add(Instruction.of(slot));
    }
    assertThat(DISASSEMBLER.lines(program)).hasSizeLessThanOrEqualTo(slots.length);
    InstructionCheck.check(program)
        .ifPresent(problem -> assertThat(problem.slot()).isBetween(0, slots.length));
  }

  @Property(tries = 1000)
  void anyTextIsAssembledOrRefusedWithItsPlace(@ForAll String text) {
    assertAssembledOrRefused(text);
  }

  @Property(tries = 1000)
  void aTextWithAMistakeIsAssembledOrRefusedWithItsPlace(
      @ForAll("programs") List<Instruction> program, @ForAll int place, @ForAll char mistake) {
    StringBuilder text = new StringBuilder(text(program)).append('\n');
    int at = Math.floorMod(place, text.length());
    assertAssembledOrRefused(text.toString().substring(0, at));
    text.setCharAt(at, mistake);
    assertAssembledOrRefused(text.toString());
    text.deleteCharAt(at);
    assertAssembledOrRefused(text.toString());
  }

  private static void assertAssembledOrRefused(String text) {
    try {
      assertThat(Assembler.assemble(text).instructions()).isNotNull();
    } catch (AssemblyException refused) {
      assertThat(refused.line()).isBetween(1, (int) text.lines().count() + 1);
      assertThat(refused.column()).isPositive();
    }
  }
}
