package io.ebpf4j.jvm.interpreter;

import io.ebpf4j.jvm.helper.KfuncArgument;
import io.ebpf4j.spec.Errno;

/** Calls kernel functions, after it has seen that the arguments are what the prototype says. */
final class KfuncCalls {
  private final Run run;

  KfuncCalls(Run run) {
    this.run = run;
  }

  /** Checks R1 to R5, calls, and sets R0. */
  void call(int slot, KfuncCall call) {
    for (int i = 0; i < call.arguments.length; i++) {
      if (!fits(slot, call.arguments[i], i + 1)) {
        throw Faults.of(
            run,
            slot,
            Errno.EINVAL,
            "argument %d of %s is 0x%x, which is no %s"
                .formatted(
                    i + 1,
                    call.prototype.name(),
                    run.registers[i + 1],
                    expected(call.arguments[i])));
      }
    }
    run.registers[0] = call.call(run.cpu, run.registers);
  }

  private boolean fits(int slot, KfuncArgument argument, int number) {
    long value = run.registers[number];
    return switch (argument.kind()) {
      case NUMBER, IGNORED -> true;
      case SIZE -> value >= 0;
      case MAP -> run.mapAt(value) != null;
      case FUNCTION -> run.frames.code().function(value) >= 0;
      case ITERATOR, IRQ_FLAGS -> memory(slot, value, argument.bytes());
      case DYNPTR -> memory(slot, value, argument.bytes());
      case STRING -> true;
      case POINTER -> pointer(slot, argument, value, run.registers[(number + 1) & 7]);
    };
  }

  private boolean pointer(int slot, KfuncArgument argument, long value, long size) {
    if (value == 0) {
      return argument.optional() || argument.nullable();
    }
    if (argument.sized()) {
      return size == 0 || memory(slot, value, size);
    }
    return value == run.context() || memory(slot, value, argument.bytes());
  }

  private boolean memory(int slot, long address, long bytes) {
    if (bytes > 0) {
      run.check(slot, address, bytes, true);
    }
    return bytes > 0;
  }

  private static String expected(KfuncArgument argument) {
    return switch (argument.kind()) {
      case NUMBER, IGNORED -> "value";
      case SIZE -> "size";
      case MAP -> "map that the program has";
      case FUNCTION -> "function of the program";
      case ITERATOR -> "iterator";
      case IRQ_FLAGS -> "memory for the flags";
      case DYNPTR -> "dynptr";
      case STRING -> "zero-terminated string";
      case POINTER -> "pointer that it takes";
    };
  }
}
