package io.ebpf4j.isa;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Text to instructions, the inverse of the {@link Disassembler}: it reads what that writes, one
 * instruction a line, with or without the slot's number and the opcode in front (both are checked
 * where they stand), and in addition
 *
 * <ul>
 *   <li>comments, from {@code ;} or {@code //} to the end of the line, and empty lines;
 *   <li>labels, {@code again:}, alone or before an instruction, in {@code goto again}, {@code gotol
 *       again}, {@code may_goto again}, {@code if r1 == 0 goto again}, {@code call again} and
 *       {@code r2 = subprog[again]};
 *   <li>names that the caller resolves ({@link Assembly#references}): {@code call
 *       bpf_map_lookup_elem}, {@code r1 = map[cnt]}, {@code r1 = map[.data][0]+16}, {@code r1 =
 *       btf[bpf_prog_active]}, {@code call kernel-function#bpf_task_acquire};
 *   <li>blanks between any two symbols or none, {@code *(u32 *)(r1)} for {@code *(u32 *)(r1 +0)},
 *       {@code goto +2} for {@code goto pc+2}, {@code call 1} for {@code call unknown#1}, and
 *       numbers in decimal or, after {@code 0x}, hexadecimal; an immediate of 32 bits may be
 *       written signed or unsigned.
 * </ul>
 *
 * <p>The spelling decides the encoding, as in the kernel's text: {@code r1 = 2} is a move of a
 * 32-bit immediate, {@code r1 = 0x2} a 64-bit immediate load of two slots; {@code r1 = -5 ll} is
 * the latter too.
 *
 * <p>Several encodings can share one text. The assembler writes the canonical one: every field that
 * the instruction does not use is zero. Numbers are not judged: {@code r1 <<= 64} is assembled, and
 * refused by {@link InstructionCheck}.
 */
public final class Assembler {
  private final Map<String, Integer> labels = new HashMap<>();
  private final Slots slots = new Slots();
  private final StatementReader statements = new StatementReader(slots);

  private Assembler() {}

  /**
   * Assembles a program.
   *
   * @throws AssemblyException where the text is none, with line, column and what is expected there
   */
  public static Assembly assemble(String text) {
    Assembler assembler = new Assembler();
    int number = 0;
    for (String line : text.split("\n", -1)) {
      number++;
      assembler.read(new SourceLine(line, number));
    }
    return assembler.finish();
  }

  private void read(SourceLine line) {
    int slotColumn = line.column();
    int slot = line.takeSlot();
    if (slot >= 0 && slot != slots.nextSlot()) {
      throw line.error(
          slotColumn, "the line says slot %d, this is slot %d".formatted(slot, slots.nextSlot()));
    }
    readLabels(line);
    if (line.atEnd()) {
      return;
    }
    int first = slots.nextSlot();
    int opcodeColumn = line.column();
    int opcode = line.takeOpcode();
    statements.read(line);
    line.expectEnd();
    int assembled = slots.instructions().get(first).opcode();
    if (opcode >= 0 && opcode != assembled) {
      throw line.error(
          opcodeColumn,
          "the line says opcode (%02x), its text is (%02x)".formatted(opcode, assembled));
    }
  }

  private void readLabels(SourceLine line) {
    int column = line.column();
    String label = line.takeLabel();
    while (label != null) {
      if (label.equals("pc")) {
        throw line.error(column, "\"pc\" cannot be a label, it stands for the next slot");
      }
      if (labels.putIfAbsent(label, slots.nextSlot()) != null) {
        throw line.error(column, "the label \"%s\" is already defined".formatted(label));
      }
      column = line.column();
      label = line.takeLabel();
    }
  }

  private Assembly finish() {
    List<Instruction> instructions = new ArrayList<>(slots.instructions());
    List<Assembly.Reference> references = new ArrayList<>(slots.references());
    for (LabelUse use : slots.labelUses()) {
      Integer target = labels.get(use.label());
      if (target != null) {
        instructions.set(use.slot(), use.resolve(instructions.get(use.slot()), target));
      } else if (use.kind() == LabelUse.Kind.CALL) {
        references.add(new Assembly.Reference(use.slot(), Assembly.Kind.HELPER, use.label()));
      } else {
        throw use.error("there is no label \"%s\"".formatted(use.label()));
      }
    }
    references.sort(Comparator.comparingInt(Assembly.Reference::slot));
    return new Assembly(instructions, references);
  }
}
