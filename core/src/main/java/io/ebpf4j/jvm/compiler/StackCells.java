package io.ebpf4j.jvm.compiler;

import static io.ebpf4j.isa.Isa.*;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.compiler.Functions.Function;
import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.HelperPrototype;
import io.ebpf4j.jvm.helper.KfuncPrototype;
import io.ebpf4j.jvm.map.JvmMap;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The places in a function's frame that need no memory: those that are loaded and stored at known
 * offsets, always whole, and that nobody else gets the address of. A key that is stored for an
 * inlined lookup is one of them.
 */
final class StackCells {
  private static final int FRAME_BYTES = 1 << 12;
  private static final int MAP_KEY_BYTES = 4;

  private final ProgramShape program;
  private final Function function;
  private final Flow flow;
  private final Set<Cell> cells = new HashSet<>();
  private final BitSet memory = new BitSet();
  private boolean escaped;

  /**
   * A place.
   *
   * @param offset from the end of the frame, negative
   * @param bytes 1, 2, 4 or 8
   */
  record Cell(long offset, int bytes) {}

  private StackCells(ProgramShape program, Function function, Flow flow) {
    this.program = program;
    this.function = function;
    this.flow = flow;
  }

  /** Finds them. */
  static Set<Cell> of(ProgramShape program, Function function, Flow flow) {
    StackCells cells = new StackCells(program, function, flow);
    cells.look();
    if (cells.escaped) {
      return Set.of();
    }
    cells.removeTorn();
    return cells.cells;
  }

  private void look() {
    List<Instruction> instructions = program.instructions();
    for (int slot = function.start(); slot < function.end() && !escaped; slot++) {
      Instruction i = instructions.get(slot);
      if (program.facts().reached(slot)) {
        look(slot, i);
      }
      if (i.isWide()) {
        slot++;
      }
    }
  }

  private void look(int slot, Instruction i) {
    switch (i.instructionClass()) {
      case BPF_LDX -> access(slot, i.src(), i);
      case BPF_ST -> access(slot, i.dst(), i);
      case BPF_STX -> {
        if ((i.opcode() & 0xe0) == BPF_ATOMIC) {
          // No need for ordering among what nobody sees, but such code is rare.
          inMemory(flow.before(slot, i.dst()), accessSize(i.opcode()), i.offset());
          inMemory(flow.before(slot, i.src()), accessSize(i.opcode()), i.offset());
        } else {
          access(slot, i.dst(), i);
          escaped |= flow.before(slot, i.src()).mayBeFrame();
        }
      }
      case BPF_JMP -> {
        if ((i.opcode() & 0xf0) == BPF_CALL) {
          call(slot, i);
        } else if ((i.opcode() & 0xf0) == BPF_EXIT) {
          escaped |= flow.before(slot, 0).mayBeFrame();
        }
      }
      default -> {}
    }
  }

  private void access(int slot, int register, Instruction i) {
    switch (flow.before(slot, register)) {
      case Flow.Value.Frame(long offset) -> add(offset + i.offset(), accessSize(i.opcode()));
      case Flow.Value.SomeFrame _ -> escaped = true;
      default -> {}
    }
  }

  private void add(long offset, int bytes) {
    if (offset < -FRAME_BYTES || offset + bytes > 0) {
      escaped = true;
    } else {
      cells.add(new Cell(offset, bytes));
    }
  }

  private void inMemory(Flow.Value value, int bytes, int skip) {
    switch (value) {
      case Flow.Value.Frame(long offset) -> memory(offset + skip, bytes);
      case Flow.Value.SomeFrame _ -> escaped = true;
      default -> {}
    }
  }

  private void memory(long offset, long bytes) {
    if (offset < -FRAME_BYTES || offset > 0) {
      escaped = true;
      return;
    }
    int start = (int) offset + FRAME_BYTES;
    memory.set(start, (int) Math.min(start + bytes, FRAME_BYTES));
  }

  /** A function may go anywhere from an address in the frame; a helper goes upwards. */
  private void call(int slot, Instruction i) {
    boolean helperCall = Functions.isHelperCall(i);
    HelperPrototype helper = helperCall ? program.helper(slot, i.imm()) : null;
    KfuncPrototype kfunc = Functions.isKfuncCall(i) ? program.kfunc(slot, i.imm()) : null;
    boolean callsBack =
        helper == null
            ? kfunc == null || ProgramShape.callsBack(kfunc)
            : helper.arguments().contains(Argument.FUNCTION);
    int arguments = program.arguments(i);
    JvmMap inlined = helperCall ? program.inlinedLookup(i, flow.before(slot, 1)) : null;
    for (int register = 1; register <= arguments; register++) {
      switch (flow.before(slot, register)) {
        case Flow.Value.Frame(long offset) -> {
          if (callsBack) {
            escaped |= Functions.isCall(i) ? register <= callee(slot, i) : true;
          } else if (inlined != null && register == 2) {
            add(offset, MAP_KEY_BYTES);
          } else {
            memory(offset, -offset);
          }
        }
        case Flow.Value.SomeFrame _ -> escaped = true;
        default -> {}
      }
    }
  }

  private int callee(int slot, Instruction i) {
    return program.parameters(program.function(slot + 1 + i.imm()));
  }

  /** Leaves out what overlaps with memory or with another cell. */
  private void removeTorn() {
    Cell[] owners = new Cell[FRAME_BYTES];
    for (Cell cell : cells) {
      for (int at = start(cell); at < start(cell) + cell.bytes(); at++) {
        if (owners[at] != null) {
          memory.set(start(cell), start(cell) + cell.bytes());
          memory.set(start(owners[at]), start(owners[at]) + owners[at].bytes());
        }
        owners[at] = cell;
      }
    }
    boolean changed = true;
    while (changed) {
      List<Cell> torn = new ArrayList<>();
      for (Cell cell : cells) {
        int next = memory.nextSetBit(start(cell));
        if (next >= 0 && next < start(cell) + cell.bytes()) {
          torn.add(cell);
        }
      }
      torn.forEach(cell -> memory.set(start(cell), start(cell) + cell.bytes()));
      changed = !torn.isEmpty();
      torn.forEach(cells::remove);
    }
  }

  private static int start(Cell cell) {
    return (int) cell.offset() + FRAME_BYTES;
  }
}
