package io.ebpf4j.jvm.trace;

import io.ebpf4j.BpfException;
import io.ebpf4j.Kernel;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.Repetition;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.helper.SequenceFile;
import io.ebpf4j.jvm.map.ElementWalk;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * One walk of an iterator over the elements of an array or a hash, read to its end as by large
 * read(2)s: an element that does not fit behind those before it is visited again for the next read.
 */
final class ElementIteration implements AutoCloseable {
  /** Elements after which Linux ends a read. */
  private static final int MAX_ELEMENTS = 1_000_000;

  private static final int ELEMENTS_UNINTERRUPTED = 64;

  private final Machine machine;
  private final LoadedProgram program;
  private final JvmMap map;
  private final long count;
  private final @Nullable ElementWalk walk;
  private final int cpuValueBytes;
  private final ElementContext context;
  private final SequenceFile file;
  private long index;

  /** Of a map and program that live until this is closed. */
  ElementIteration(Machine machine, LoadedProgram program, JvmMap map, long session) {
    this.machine = machine;
    this.program = program;
    this.map = map;
    count = Integer.toUnsignedLong(map.spec().maxEntries());
    walk = map.walk();
    if (isPerCpu(map)) {
      cpuValueBytes = map.userValueSize() / machine.cpus().size();
      context = new ElementContext(map, session, map.userValueSize(), map.userValueSize());
    } else {
      cpuValueBytes = 0;
      context = new ElementContext(map, session, map.spec().valueSize(), 0);
    }
    file = new SequenceFile(context.sequenceFile());
  }

  /** Goes to the end and gives what was written. */
  byte[] run() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Cpu cpu = Repetition.enterCpu(machine, -1);
    try {
      SequenceFile outer = file.enter(cpu);
      try {
        boolean more = true;
        while (more) {
          file.truncate(0);
          more = fill(cpu);
          if (out.size() + file.length() > Kernel.MAX_ITERATOR_OUTPUT) {
            throw refusal(
                Errno.EFBIG, "wrote more than %d bytes".formatted(Kernel.MAX_ITERATOR_OUTPUT));
          }
          file.writeTo(out);
        }
      } finally {
        SequenceFile.leave(cpu, outer);
      }
    } finally {
      cpu.exit();
    }
    return out.toByteArray();
  }

  @Override
  public void close() {
    context.close();
  }

  /** Fills the file as for one read, and says whether there is more. */
  private boolean fill(Cpu cpu) {
    for (int visited = 0; find(); pass(), visited++) {
      int before = file.length();
      if (visited == MAX_ELEMENTS) {
        if (before == 0) {
          throw refusal(Errno.EAGAIN, "wrote nothing for %d elements".formatted(MAX_ELEMENTS));
        }
        return true;
      }
      boolean again = visit(cpu) != 0;
      if (again || file.overflowed()) {
        file.truncate(before);
        if (before > 0) {
          return true;
        }
        if (again) {
          throw refusal(Errno.EAGAIN, "did not give 0 for element %d".formatted(index));
        }
        throw overflow();
      }
    }
    int before = file.length();
    context.noElement();
    program.run(cpu, context.address());
    if (!file.overflowed()) {
      return false;
    }
    file.truncate(before);
    if (before == 0) {
      throw overflow();
    }
    return true;
  }

  /** Whether there is an element more. */
  private boolean find() {
    return walk == null ? index < count : walk.find();
  }

  private void pass() {
    index++;
    if (walk != null) {
      walk.pass();
    }
  }

  /** Whether the program gets the values of all CPUs. */
  static boolean isPerCpu(JvmMap map) {
    return switch (map.spec().type()) {
      case PERCPU_ARRAY, PERCPU_HASH, LRU_PERCPU_HASH -> true;
      default -> false;
    };
  }

  /** Runs the program for the element at the index; the low 32 bits of R0. */
  private int visit(Cpu cpu) {
    if (index % ELEMENTS_UNINTERRUPTED == 0) {
      if (Thread.currentThread().isInterrupted()) {
        throw refusal(Errno.EINTR, "was interrupted at element %d".formatted(index));
      }
      cpu.quiescent();
    }
    context.sequenceNumber(index);
    if (walk == null) {
      context.index(index);
      context.element(
          context.key(), cpuValueBytes == 0 ? map.lookup(cpu, context.key()) : gather(walk));
    } else {
      context.element(walk.key(), cpuValueBytes == 0 ? walk.value(cpu) : gather(walk));
    }
    return (int) program.run(cpu, context.address());
  }

  /** Copies the values of all CPUs behind each other, and gives the address of the first. */
  private long gather(@Nullable ElementWalk found) {
    for (int cpu = 0; cpu < machine.cpus().size(); cpu++) {
      Memory.copy(
          found == null ? map.lookupOn(cpu, context.key()) : found.value(machine.cpus().get(cpu)),
          context.room() + (long) cpu * cpuValueBytes,
          cpuValueBytes);
    }
    return context.room();
  }

  private BpfException overflow() {
    return refusal(
        Errno.E2BIG,
        "wrote %d bytes or more in one run, the last at element %d"
            .formatted(SequenceFile.BYTES, walk == null ? Math.min(index, count - 1) : index));
  }

  private BpfException refusal(Errno errno, String what) {
    return new BpfException(
        errno, "program %s, iterating over %s, %s".formatted(program.spec().name(), map, what));
  }
}
