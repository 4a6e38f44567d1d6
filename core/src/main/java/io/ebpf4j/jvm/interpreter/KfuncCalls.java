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
    long bytes = sliceBytes(call);
    long result = call.call(run.cpu, run.registers);
    run.registers[0] = result;
    if (result != 0 && bytes > 0 && !run.regions.find(result, bytes, false)) {
      run.regions.grants().add(result, result + bytes, true, "a slice");
    }
  }

  /** Bytes of the memory that the function gives, where an argument says it. */
  private long sliceBytes(KfuncCall call) {
    for (int i = 0; call.prototype.givesPointer() && i < call.arguments.length; i++) {
      if (call.arguments[i].kind() == KfuncArgument.Kind.SIZE) {
        return run.registers[i + 1];
      }
    }
    return 0;
  }

  private boolean fits(int slot, KfuncArgument argument, int number) {
    long value = run.registers[number];
    return switch (argument.kind()) {
      case NUMBER, IGNORED -> true;
      case SIZE -> value >= 0;
      case MAP -> run.mapAt(value) != null;
      case FUNCTION -> run.frames.code().function(value) >= 0;
      case ITERATOR, IRQ_FLAGS -> memory(slot, value, argument.bytes());
      case DYNPTR ->
          argument.uninitialized()
              ? memory(slot, value, argument.bytes())
              : run.helperCalls().dynptr(slot, value);
      case STRING -> true;
      case WORK_QUEUE -> run.helperCalls().inElement(slot, value, argument.bytes());
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
      case WORK_QUEUE -> "bpf_wq in a map's value";
      case POINTER -> "pointer that it takes";
    };
  }
}
