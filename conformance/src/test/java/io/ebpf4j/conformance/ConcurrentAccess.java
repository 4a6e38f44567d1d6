package io.ebpf4j.conformance;

import static io.ebpf4j.isa.Isa.*;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import io.ebpf4j.spec.ProgramType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;

/**
 * Several threads at once on one array, so that the outcome does not depend on who is first: by the
 * user each thread has elements of its own; programs add to the same element, of all CPUs
 * atomically or of their own CPU.
 */
final class ConcurrentAccess {
  private static final int THREADS = 3;
  private static final int ROUNDS = 20;
  private static final int RUN_ON_CPU = 1;
  private static final int LOOKUP = 1;

  private final Kernel kernel;
  private final BpfMap map;
  private final SplittableRandom random;

  ConcurrentAccess(Kernel kernel, BpfMap map, long seed) {
    this.kernel = kernel;
    this.map = map;
    random = new SplittableRandom(seed);
  }

  /** Each thread sets and reads the elements whose index is its own number, modulo threads. */
  List<String> byUser() {
    long seed = random.nextLong();
    return together(
        THREADS,
        thread -> {
          SplittableRandom own = new SplittableRandom(seed + thread);
          byte[] bytes = new byte[map.userValueSize()];
          List<String> answers = new ArrayList<>();
          for (int round = 0; round < ROUNDS; round++) {
            for (int index = thread; index < map.spec().maxEntries(); index += THREADS) {
              own.nextBytes(bytes);
              MemorySegment key = key(index);
              MemorySegment value = MemorySegment.ofArray(bytes);
              MemorySegment read = Elements.room(bytes.length);
              answers.add(Elements.answer(() -> map.update(key, value, MapFlags.ANY)));
              answers.add(Elements.answer(() -> map.lookup(key, read, 0)));
              answers.add(Integer.toString(Arrays.hashCode(read.toArray(ValueLayout.JAVA_BYTE))));
            }
          }
          return "thread %d: %s".formatted(thread, String.join(" ", answers));
        });
  }

  /** On each CPU a thread runs a program that adds to one element. */
  List<String> byPrograms() {
    int index = random.nextInt(map.spec().maxEntries() + 1);
    int step = random.nextInt();
    boolean closed = (map.spec().flags() & (MapFlags.RDONLY_PROG | MapFlags.WRONLY_PROG)) != 0;
    if (map.spec().valueSize() < 8 || closed) {
      return List.of();
    }
    try (Program program = kernel.loadProgram(adding(index, step), Map.of("map", map))) {
      List<String> runs =
          together(
              kernel.possibleCpus(),
              cpu -> {
                TestRun run =
                    TestRun.ofContext(new byte[16])
                        .withRepeat(0)
                        .withCpu(cpu)
                        .withFlags(RUN_ON_CPU);
                StringBuilder answers = new StringBuilder("cpu %d:".formatted(cpu));
                for (int round = 0; round < ROUNDS * (cpu + 1); round++) {
                  try {
                    answers.append(' ').append(program.testRun(run).returnValue());
                  } catch (BpfException e) {
                    answers.append(' ').append(e.errno());
                  }
                }
                return answers.toString();
              });
      List<String> said = new ArrayList<>(runs);
      said.addFirst("add %d to element %d on each CPU".formatted(step, index));
      return said;
    } catch (BpfException e) {
      return List.of("the adding program: " + e.errno());
    }
  }

  private static ProgramSpec adding(int index, int step) {
    List<Instruction> code = new ArrayList<>();
    code.add(new Instruction(BPF_ST | BPF_MEM | BPF_W, 10, 0, -4, index));
    code.add(new Instruction(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, 0));
    code.add(Instruction.of(0));
    code.add(new Instruction(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0));
    code.add(new Instruction(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4));
    code.add(new Instruction(BPF_JMP | BPF_CALL, 0, 0, 0, LOOKUP));
    code.add(new Instruction(BPF_JMP | BPF_JNE | BPF_K, 0, 0, 2, 0));
    code.add(new Instruction(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 7));
    code.add(new Instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
    code.add(new Instruction(BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, step));
    code.add(new Instruction(BPF_STX | BPF_ATOMIC | BPF_DW, 0, 1, 0, BPF_ADD));
    code.add(new Instruction(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1));
    code.add(new Instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
    return ProgramSpec.of("adding", ProgramType.RAW_TRACEPOINT, code)
        .withReferences(List.of(new Reference.ToMap(1, "map")));
  }

  private MemorySegment key(int index) {
    MemorySegment key = Elements.room(map.spec().keySize());
    key.set(ValueLayout.JAVA_INT_UNALIGNED, 0, index);
    return key;
  }

  private static List<String> together(int threads, IntFunction<String> work) {
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      List<Future<String>> futures = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        int number = thread;
        futures.add(executor.submit(() -> work.apply(number)));
      }
      List<String> answers = new ArrayList<>();
      for (Future<String> future : futures) {
        answers.add(future.get());
      }
      return answers;
    } catch (InterruptedException | ExecutionException e) {
      throw new AssertionError("a thread was stopped", e);
    }
  }
}
