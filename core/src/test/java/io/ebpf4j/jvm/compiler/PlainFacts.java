package io.ebpf4j.jvm.compiler;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.cpu.Cpu;
import java.util.BitSet;
import java.util.List;

/** Facts of a program without a context: its slots are reached as its jumps say. */
final class PlainFacts implements Facts {
  private final BitSet reached = new BitSet();

  PlainFacts(List<Instruction> program) {
    for (Functions.Function function : Functions.of(program).all()) {
      follow(program, function.start());
    }
  }

  @Override
  public boolean reached(int slot) {
    return reached.get(slot);
  }

  @Override
  public boolean accessesContext(int slot) {
    return false;
  }

  @Override
  public long constantKey(int slot) {
    return -1;
  }

  @Override
  public int stackBytes(int function) {
    return Cpu.FRAME_BYTES;
  }

  private void follow(List<Instruction> program, int slot) {
    int at = slot;
    while (!reached.get(at)) {
      reached.set(at);
      Instruction i = program.get(at);
      int target = Functions.target(i, at);
      if (target >= 0) {
        follow(program, target);
      }
      if (!Flow.goesOn(i)) {
        return;
      }
      at += i.isWide() ? 2 : 1;
    }
  }
}
