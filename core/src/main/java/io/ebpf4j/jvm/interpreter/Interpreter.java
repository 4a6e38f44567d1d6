package io.ebpf4j.jvm.interpreter;

import static io.ebpf4j.isa.Isa.*;

import io.ebpf4j.isa.Isa;
import io.ebpf4j.jvm.cpu.Arithmetic;
import io.ebpf4j.jvm.memory.Memory;

/**
 * The main loop. Java compiles no method above 8,000 bytes of bytecode, so what is rare is
 * elsewhere, and everything else is one line in one switch.
 */
final class Interpreter {
  private Interpreter() {}

  /**
   * Runs the frame that was made last, from a slot on, until it ends.
   *
   * @return R0
   */
  static long execute(Run run, int start) {
    long[] r = run.registers;
    LiveRegions regions = run.regions;
    Frames frames = run.frames;
    int base = frames.depth();
    long[] slots = frames.code().slots;
    // An activation pays for the functions that it calls; a callback, a global function (which
    // Linux verifies on its own) and a program after a tail call have a whole budget each. What
    // Linux accepts makes at most a million instructions on such a budget.
    long budget = frames.code().budget;
    long left = budget;
    int pc = start;
    while (true) {
      if (--left < 0) {
        throw Faults.outOfBudget(run, pc);
      }
      long i = slots[pc++];
      int opcode = (int) i & 0xff;
      int dst = (int) i >>> 8 & 0xf;
      switch (opcode) {
        // 64-bit arithmetic: shifts take the low six bits of the operand, as Java's do.
        case BPF_ALU64 | BPF_ADD | BPF_K -> r[dst] += i >> 32;
        case BPF_ALU64 | BPF_ADD | BPF_X -> r[dst] += r[src(i)];
        case BPF_ALU64 | BPF_SUB | BPF_K -> r[dst] -= i >> 32;
        case BPF_ALU64 | BPF_SUB | BPF_X -> r[dst] -= r[src(i)];
        case BPF_ALU64 | BPF_MUL | BPF_K -> r[dst] *= i >> 32;
        case BPF_ALU64 | BPF_MUL | BPF_X -> r[dst] *= r[src(i)];
        case BPF_ALU64 | BPF_OR | BPF_K -> r[dst] |= i >> 32;
        case BPF_ALU64 | BPF_OR | BPF_X -> r[dst] |= r[src(i)];
        case BPF_ALU64 | BPF_AND | BPF_K -> r[dst] &= i >> 32;
        case BPF_ALU64 | BPF_AND | BPF_X -> r[dst] &= r[src(i)];
        case BPF_ALU64 | BPF_XOR | BPF_K -> r[dst] ^= i >> 32;
        case BPF_ALU64 | BPF_XOR | BPF_X -> r[dst] ^= r[src(i)];
        case BPF_ALU64 | BPF_MOV | BPF_K -> r[dst] = i >> 32;
        case BPF_ALU64 | BPF_MOV | BPF_X -> r[dst] = r[src(i)];
        case BPF_ALU64 | BPF_LSH | BPF_K -> r[dst] <<= i >> 32;
        case BPF_ALU64 | BPF_LSH | BPF_X -> r[dst] <<= r[src(i)];
        case BPF_ALU64 | BPF_RSH | BPF_K -> r[dst] >>>= i >> 32;
        case BPF_ALU64 | BPF_RSH | BPF_X -> r[dst] >>>= r[src(i)];
        case BPF_ALU64 | BPF_ARSH | BPF_K -> r[dst] >>= i >> 32;
        case BPF_ALU64 | BPF_ARSH | BPF_X -> r[dst] >>= r[src(i)];
        case BPF_ALU64 | BPF_DIV | BPF_K -> r[dst] = Arithmetic.divide(r[dst], i >> 32);
        case BPF_ALU64 | BPF_DIV | BPF_X -> r[dst] = Arithmetic.divide(r[dst], r[src(i)]);
        case BPF_ALU64 | BPF_MOD | BPF_K -> r[dst] = Arithmetic.modulo(r[dst], i >> 32);
        case BPF_ALU64 | BPF_MOD | BPF_X -> r[dst] = Arithmetic.modulo(r[dst], r[src(i)]);
        case Op.SDIV64_K -> r[dst] = Arithmetic.signedDivide(r[dst], i >> 32);
        case Op.SDIV64_X -> r[dst] = Arithmetic.signedDivide(r[dst], r[src(i)]);
        case Op.SMOD64_K -> r[dst] = Arithmetic.signedModulo(r[dst], i >> 32);
        case Op.SMOD64_X -> r[dst] = Arithmetic.signedModulo(r[dst], r[src(i)]);
        case BPF_ALU64 | BPF_NEG -> r[dst] = -r[dst];
        case Op.MOVSX64_8 -> r[dst] = (byte) r[src(i)];
        case Op.MOVSX64_16 -> r[dst] = (short) r[src(i)];
        case Op.MOVSX64_32 -> r[dst] = (int) r[src(i)];

        // 32-bit arithmetic: the upper half of the result is zero.
        case BPF_ALU | BPF_ADD | BPF_K -> r[dst] = low((int) r[dst] + immediate(i));
        case BPF_ALU | BPF_ADD | BPF_X -> r[dst] = low((int) r[dst] + (int) r[src(i)]);
        case BPF_ALU | BPF_SUB | BPF_K -> r[dst] = low((int) r[dst] - immediate(i));
        case BPF_ALU | BPF_SUB | BPF_X -> r[dst] = low((int) r[dst] - (int) r[src(i)]);
        case BPF_ALU | BPF_MUL | BPF_K -> r[dst] = low((int) r[dst] * immediate(i));
        case BPF_ALU | BPF_MUL | BPF_X -> r[dst] = low((int) r[dst] * (int) r[src(i)]);
        case BPF_ALU | BPF_OR | BPF_K -> r[dst] = low((int) r[dst] | immediate(i));
        case BPF_ALU | BPF_OR | BPF_X -> r[dst] = low((int) r[dst] | (int) r[src(i)]);
        case BPF_ALU | BPF_AND | BPF_K -> r[dst] = low((int) r[dst] & immediate(i));
        case BPF_ALU | BPF_AND | BPF_X -> r[dst] = low((int) r[dst] & (int) r[src(i)]);
        case BPF_ALU | BPF_XOR | BPF_K -> r[dst] = low((int) r[dst] ^ immediate(i));
        case BPF_ALU | BPF_XOR | BPF_X -> r[dst] = low((int) r[dst] ^ (int) r[src(i)]);
        case BPF_ALU | BPF_MOV | BPF_K -> r[dst] = low(immediate(i));
        case BPF_ALU | BPF_MOV | BPF_X -> r[dst] = low((int) r[src(i)]);
        case BPF_ALU | BPF_LSH | BPF_K -> r[dst] = low((int) r[dst] << immediate(i));
        case BPF_ALU | BPF_LSH | BPF_X -> r[dst] = low((int) r[dst] << (int) r[src(i)]);
        case BPF_ALU | BPF_RSH | BPF_K -> r[dst] = low((int) r[dst] >>> immediate(i));
        case BPF_ALU | BPF_RSH | BPF_X -> r[dst] = low((int) r[dst] >>> (int) r[src(i)]);
        case BPF_ALU | BPF_ARSH | BPF_K -> r[dst] = low((int) r[dst] >> immediate(i));
        case BPF_ALU | BPF_ARSH | BPF_X -> r[dst] = low((int) r[dst] >> (int) r[src(i)]);
        case BPF_ALU | BPF_DIV | BPF_K ->
            r[dst] = low(Arithmetic.divide((int) r[dst], immediate(i)));
        case BPF_ALU | BPF_DIV | BPF_X ->
            r[dst] = low(Arithmetic.divide((int) r[dst], (int) r[src(i)]));
        case BPF_ALU | BPF_MOD | BPF_K ->
            r[dst] = low(Arithmetic.modulo((int) r[dst], immediate(i)));
        case BPF_ALU | BPF_MOD | BPF_X ->
            r[dst] = low(Arithmetic.modulo((int) r[dst], (int) r[src(i)]));
        case Op.SDIV32_K -> r[dst] = low(Arithmetic.signedDivide((int) r[dst], immediate(i)));
        case Op.SDIV32_X -> r[dst] = low(Arithmetic.signedDivide((int) r[dst], (int) r[src(i)]));
        case Op.SMOD32_K -> r[dst] = low(Arithmetic.signedModulo((int) r[dst], immediate(i)));
        case Op.SMOD32_X -> r[dst] = low(Arithmetic.signedModulo((int) r[dst], (int) r[src(i)]));
        case BPF_ALU | BPF_NEG -> r[dst] = low(-(int) r[dst]);
        case Op.MOVSX32_8 -> r[dst] = low((byte) r[src(i)]);
        case Op.MOVSX32_16 -> r[dst] = low((short) r[src(i)]);

        // Byte order.
        case Op.NOTHING -> {}
        case Op.CUT16 -> r[dst] &= 0xffff;
        case Op.CUT32 -> r[dst] = low((int) r[dst]);
        case Op.SWAP16 -> r[dst] = Short.reverseBytes((short) r[dst]) & 0xffff;
        case Op.SWAP32 -> r[dst] = low(Integer.reverseBytes((int) r[dst]));
        case Op.SWAP64 -> r[dst] = Long.reverseBytes(r[dst]);

        // Jumps.
        case BPF_JMP | BPF_JA -> pc += immediate(i);
        case BPF_JMP | BPF_JEQ | BPF_K -> pc += r[dst] == i >> 32 ? offset(i) : 0;
        case BPF_JMP | BPF_JEQ | BPF_X -> pc += r[dst] == r[src(i)] ? offset(i) : 0;
        case BPF_JMP | BPF_JNE | BPF_K -> pc += r[dst] != i >> 32 ? offset(i) : 0;
        case BPF_JMP | BPF_JNE | BPF_X -> pc += r[dst] != r[src(i)] ? offset(i) : 0;
        case BPF_JMP | BPF_JSET | BPF_K -> pc += (r[dst] & (i >> 32)) != 0 ? offset(i) : 0;
        case BPF_JMP | BPF_JSET | BPF_X -> pc += (r[dst] & r[src(i)]) != 0 ? offset(i) : 0;
        case BPF_JMP | BPF_JSGT | BPF_K -> pc += r[dst] > i >> 32 ? offset(i) : 0;
        case BPF_JMP | BPF_JSGT | BPF_X -> pc += r[dst] > r[src(i)] ? offset(i) : 0;
        case BPF_JMP | BPF_JSGE | BPF_K -> pc += r[dst] >= i >> 32 ? offset(i) : 0;
        case BPF_JMP | BPF_JSGE | BPF_X -> pc += r[dst] >= r[src(i)] ? offset(i) : 0;
        case BPF_JMP | BPF_JSLT | BPF_K -> pc += r[dst] < i >> 32 ? offset(i) : 0;
        case BPF_JMP | BPF_JSLT | BPF_X -> pc += r[dst] < r[src(i)] ? offset(i) : 0;
        case BPF_JMP | BPF_JSLE | BPF_K -> pc += r[dst] <= i >> 32 ? offset(i) : 0;
        case BPF_JMP | BPF_JSLE | BPF_X -> pc += r[dst] <= r[src(i)] ? offset(i) : 0;
        case BPF_JMP | BPF_JGT | BPF_K ->
            pc += Long.compareUnsigned(r[dst], i >> 32) > 0 ? offset(i) : 0;
        case BPF_JMP | BPF_JGT | BPF_X ->
            pc += Long.compareUnsigned(r[dst], r[src(i)]) > 0 ? offset(i) : 0;
        case BPF_JMP | BPF_JGE | BPF_K ->
            pc += Long.compareUnsigned(r[dst], i >> 32) >= 0 ? offset(i) : 0;
        case BPF_JMP | BPF_JGE | BPF_X ->
            pc += Long.compareUnsigned(r[dst], r[src(i)]) >= 0 ? offset(i) : 0;
        case BPF_JMP | BPF_JLT | BPF_K ->
            pc += Long.compareUnsigned(r[dst], i >> 32) < 0 ? offset(i) : 0;
        case BPF_JMP | BPF_JLT | BPF_X ->
            pc += Long.compareUnsigned(r[dst], r[src(i)]) < 0 ? offset(i) : 0;
        case BPF_JMP | BPF_JLE | BPF_K ->
            pc += Long.compareUnsigned(r[dst], i >> 32) <= 0 ? offset(i) : 0;
        case BPF_JMP | BPF_JLE | BPF_X ->
            pc += Long.compareUnsigned(r[dst], r[src(i)]) <= 0 ? offset(i) : 0;
        case BPF_JMP32 | BPF_JEQ | BPF_K -> pc += (int) r[dst] == immediate(i) ? offset(i) : 0;
        case BPF_JMP32 | BPF_JEQ | BPF_X -> pc += (int) r[dst] == (int) r[src(i)] ? offset(i) : 0;
        case BPF_JMP32 | BPF_JNE | BPF_K -> pc += (int) r[dst] != immediate(i) ? offset(i) : 0;
        case BPF_JMP32 | BPF_JNE | BPF_X -> pc += (int) r[dst] != (int) r[src(i)] ? offset(i) : 0;
        case BPF_JMP32 | BPF_JSET | BPF_K ->
            pc += ((int) r[dst] & immediate(i)) != 0 ? offset(i) : 0;
        case BPF_JMP32 | BPF_JSET | BPF_X ->
            pc += ((int) r[dst] & (int) r[src(i)]) != 0 ? offset(i) : 0;
        case BPF_JMP32 | BPF_JSGT | BPF_K -> pc += (int) r[dst] > immediate(i) ? offset(i) : 0;
        case BPF_JMP32 | BPF_JSGT | BPF_X -> pc += (int) r[dst] > (int) r[src(i)] ? offset(i) : 0;
        case BPF_JMP32 | BPF_JSGE | BPF_K -> pc += (int) r[dst] >= immediate(i) ? offset(i) : 0;
        case BPF_JMP32 | BPF_JSGE | BPF_X -> pc += (int) r[dst] >= (int) r[src(i)] ? offset(i) : 0;
        case BPF_JMP32 | BPF_JSLT | BPF_K -> pc += (int) r[dst] < immediate(i) ? offset(i) : 0;
        case BPF_JMP32 | BPF_JSLT | BPF_X -> pc += (int) r[dst] < (int) r[src(i)] ? offset(i) : 0;
        case BPF_JMP32 | BPF_JSLE | BPF_K -> pc += (int) r[dst] <= immediate(i) ? offset(i) : 0;
        case BPF_JMP32 | BPF_JSLE | BPF_X -> pc += (int) r[dst] <= (int) r[src(i)] ? offset(i) : 0;
        case BPF_JMP32 | BPF_JGT | BPF_K ->
            pc += Integer.compareUnsigned((int) r[dst], immediate(i)) > 0 ? offset(i) : 0;
        case BPF_JMP32 | BPF_JGT | BPF_X ->
            pc += Integer.compareUnsigned((int) r[dst], (int) r[src(i)]) > 0 ? offset(i) : 0;
        case BPF_JMP32 | BPF_JGE | BPF_K ->
            pc += Integer.compareUnsigned((int) r[dst], immediate(i)) >= 0 ? offset(i) : 0;
        case BPF_JMP32 | BPF_JGE | BPF_X ->
            pc += Integer.compareUnsigned((int) r[dst], (int) r[src(i)]) >= 0 ? offset(i) : 0;
        case BPF_JMP32 | BPF_JLT | BPF_K ->
            pc += Integer.compareUnsigned((int) r[dst], immediate(i)) < 0 ? offset(i) : 0;
        case BPF_JMP32 | BPF_JLT | BPF_X ->
            pc += Integer.compareUnsigned((int) r[dst], (int) r[src(i)]) < 0 ? offset(i) : 0;
        case BPF_JMP32 | BPF_JLE | BPF_K ->
            pc += Integer.compareUnsigned((int) r[dst], immediate(i)) <= 0 ? offset(i) : 0;
        case BPF_JMP32 | BPF_JLE | BPF_X ->
            pc += Integer.compareUnsigned((int) r[dst], (int) r[src(i)]) <= 0 ? offset(i) : 0;

        // Loads.
        case BPF_LD | BPF_IMM | BPF_DW -> {
          r[dst] = i >>> 32 | slots[pc] & 0xffff_ffff_0000_0000L;
          pc++;
        }
        case BPF_LDX | BPF_MEM | BPF_B -> {
          long address = r[src(i)] + offset(i);
          r[dst] =
              regions.readable(address, 1)
                  ? Memory.getByte(address) & 0xff
                  : run.load(pc - 1, address, 1, false);
        }
        case BPF_LDX | BPF_MEM | BPF_H -> {
          long address = r[src(i)] + offset(i);
          r[dst] =
              regions.readable(address, 2)
                  ? Memory.getShort(address) & 0xffff
                  : run.load(pc - 1, address, 2, false);
        }
        case BPF_LDX | BPF_MEM | BPF_W -> {
          long address = r[src(i)] + offset(i);
          r[dst] =
              regions.readable(address, 4)
                  ? Memory.getInt(address) & 0xffff_ffffL
                  : run.load(pc - 1, address, 4, false);
        }
        case BPF_LDX | BPF_MEM | BPF_DW -> {
          long address = r[src(i)] + offset(i);
          r[dst] =
              regions.readable(address, 8)
                  ? Memory.getLong(address)
                  : run.load(pc - 1, address, 8, false);
        }
        case BPF_LDX | BPF_MEMSX | BPF_B -> {
          long address = r[src(i)] + offset(i);
          r[dst] =
              regions.readable(address, 1)
                  ? Memory.getByte(address)
                  : (byte) run.load(pc - 1, address, 1, true);
        }
        case BPF_LDX | BPF_MEMSX | BPF_H -> {
          long address = r[src(i)] + offset(i);
          r[dst] =
              regions.readable(address, 2)
                  ? Memory.getShort(address)
                  : (short) run.load(pc - 1, address, 2, true);
        }
        case BPF_LDX | BPF_MEMSX | BPF_W -> {
          long address = r[src(i)] + offset(i);
          r[dst] =
              regions.readable(address, 4)
                  ? Memory.getInt(address)
                  : (int) run.load(pc - 1, address, 4, true);
        }
        case Op.STACK_LDX_B -> r[dst] = Memory.getByte(r[10] + offset(i)) & 0xff;
        case Op.STACK_LDX_H -> r[dst] = Memory.getShort(r[10] + offset(i)) & 0xffff;
        case Op.STACK_LDX_W -> r[dst] = Memory.getInt(r[10] + offset(i)) & 0xffff_ffffL;
        case Op.STACK_LDX_DW -> r[dst] = Memory.getLong(r[10] + offset(i));
        case BPF_LD | BPF_ABS | BPF_W, BPF_LD | BPF_ABS | BPF_H, BPF_LD | BPF_ABS | BPF_B -> {
          if (!run.loadPacket(pc - 1, i >> 32, Isa.accessSize(opcode))) {
            pc = slots.length - 1;
          }
        }
        case BPF_LD | BPF_IND | BPF_W, BPF_LD | BPF_IND | BPF_H, BPF_LD | BPF_IND | BPF_B -> {
          if (!run.loadPacket(pc - 1, (i >> 32) + r[src(i)], Isa.accessSize(opcode))) {
            pc = slots.length - 1;
          }
        }

        // Stores.
        case BPF_STX | BPF_MEM | BPF_B -> {
          long address = r[dst] + offset(i);
          if (regions.writable(address, 1)) {
            Memory.putByte(address, (byte) r[src(i)]);
          } else {
            run.store(pc - 1, address, 1, r[src(i)]);
          }
        }
        case Op.STACK_STX_B -> Memory.putByte(r[10] + offset(i), (byte) r[src(i)]);
        case BPF_STX | BPF_MEM | BPF_H -> {
          long address = r[dst] + offset(i);
          if (regions.writable(address, 2)) {
            Memory.putShort(address, (short) r[src(i)]);
          } else {
            run.store(pc - 1, address, 2, r[src(i)]);
          }
        }
        case Op.STACK_STX_H -> Memory.putShort(r[10] + offset(i), (short) r[src(i)]);
        case BPF_STX | BPF_MEM | BPF_W -> {
          long address = r[dst] + offset(i);
          if (regions.writable(address, 4)) {
            Memory.putInt(address, (int) r[src(i)]);
          } else {
            run.store(pc - 1, address, 4, r[src(i)]);
          }
        }
        case Op.STACK_STX_W -> Memory.putInt(r[10] + offset(i), (int) r[src(i)]);
        case BPF_STX | BPF_MEM | BPF_DW -> {
          long address = r[dst] + offset(i);
          if (regions.writable(address, 8)) {
            Memory.putLong(address, r[src(i)]);
          } else {
            run.store(pc - 1, address, 8, r[src(i)]);
          }
        }
        case Op.STACK_STX_DW -> Memory.putLong(r[10] + offset(i), r[src(i)]);
        case BPF_ST | BPF_MEM | BPF_B -> {
          long address = r[dst] + offset(i);
          if (regions.writable(address, 1)) {
            Memory.putByte(address, (byte) (i >> 32));
          } else {
            run.store(pc - 1, address, 1, i >> 32);
          }
        }
        case Op.STACK_ST_B -> Memory.putByte(r[10] + offset(i), (byte) (i >> 32));
        case BPF_ST | BPF_MEM | BPF_H -> {
          long address = r[dst] + offset(i);
          if (regions.writable(address, 2)) {
            Memory.putShort(address, (short) (i >> 32));
          } else {
            run.store(pc - 1, address, 2, i >> 32);
          }
        }
        case Op.STACK_ST_H -> Memory.putShort(r[10] + offset(i), (short) (i >> 32));
        case BPF_ST | BPF_MEM | BPF_W -> {
          long address = r[dst] + offset(i);
          if (regions.writable(address, 4)) {
            Memory.putInt(address, (int) (i >> 32));
          } else {
            run.store(pc - 1, address, 4, i >> 32);
          }
        }
        case Op.STACK_ST_W -> Memory.putInt(r[10] + offset(i), (int) (i >> 32));
        case BPF_ST | BPF_MEM | BPF_DW -> {
          long address = r[dst] + offset(i);
          if (regions.writable(address, 8)) {
            Memory.putLong(address, i >> 32);
          } else {
            run.store(pc - 1, address, 8, i >> 32);
          }
        }
        case Op.STACK_ST_DW -> Memory.putLong(r[10] + offset(i), i >> 32);
        case BPF_STX | BPF_ATOMIC | BPF_B,
            BPF_STX | BPF_ATOMIC | BPF_H,
            BPF_STX | BPF_ATOMIC | BPF_W,
            BPF_STX | BPF_ATOMIC | BPF_DW ->
            Atomics.execute(run, pc - 1, i);

        // Calls.
        case Op.CALL_HELPER -> {
          if (run.callHelper(pc - 1, immediate(i))) {
            slots = frames.code().slots;
            budget = frames.code().budget;
            left = budget;
            pc = 0;
          }
        }
        case Op.CALL_KFUNC -> run.callKfunc(pc - 1, immediate(i));
        case Op.CALL_BY_REGISTER -> run.callHelper(pc - 1, r[dst]);
        case Op.CALL_FUNCTION -> {
          frames.push(pc - 1, pc, -1);
          pc += immediate(i);
        }
        case Op.CALL_GLOBAL_FUNCTION -> {
          frames.push(pc - 1, pc, left);
          pc += immediate(i);
          left = budget;
        }
        case BPF_JMP | BPF_EXIT -> {
          if (frames.depth() == base) {
            return r[0];
          }
          pc = frames.pop();
          slots = frames.code().slots;
          budget = frames.code().budget;
          left = frames.budgetAfterCall() < 0 ? left : frames.budgetAfterCall();
        }
        case BPF_JMP | BPF_JCOND -> {
          if (frames.mayGoOn()) {
            // The loop ends by the clock: it does not pay.
            left = budget;
          } else {
            pc += offset(i);
          }
        }
        default -> throw Faults.refused(run, pc - 1, immediate(i));
      }
    }
  }

  private static int src(long i) {
    return (int) i >>> 12 & 0xf;
  }

  private static int offset(long i) {
    return (int) i >> 16;
  }

  private static int immediate(long i) {
    return (int) (i >> 32);
  }

  private static long low(int value) {
    return value & 0xffff_ffffL;
  }
}
