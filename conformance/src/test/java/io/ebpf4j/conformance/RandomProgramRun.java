package io.ebpf4j.conformance;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.isa.Disassembler;
import io.ebpf4j.isa.InstructionNames;
import io.ebpf4j.spec.ProgramSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Runs a {@link RandomProgram} and tells all that it leaves. */
final class RandomProgramRun {
  private RandomProgramRun() {}

  /** The program's lines, then R0, the packet and the maps, or why it was refused. */
  static List<String> run(Kernel kernel, RandomCase drawn) {
    ProgramSpec program = RandomProgram.of(drawn.steps());
    List<String> lines =
        new ArrayList<>(new Disassembler(InstructionNames.NONE).lines(program.instructions()));
    SplittableRandom random = new SplittableRandom(drawn.first());
    byte[] state = new byte[RandomProgram.STATE.valueSize()];
    random.nextBytes(state);
    byte[] packet = new byte[RandomProgram.PACKET_BYTES];
    random.nextBytes(packet);
    try (BpfMap map = kernel.createMap(RandomProgram.STATE);
        BpfMap table = kernel.createMap(RandomProgram.TABLE)) {
      map.update(Elements.u32(0), MemorySegment.ofArray(state), 0);
      try (Program loaded =
          kernel.loadProgram(
              program,
              Map.of(RandomProgram.STATE.name(), map, RandomProgram.TABLE.name(), table))) {
        TestRun.Result result = loaded.testRun(TestRun.of(packet));
        lines.add("r0 %x".formatted(result.returnValue()));
        lines.add("packet " + HexFormat.of().formatHex(result.data()));
      }
      tell(lines, map);
      tell(lines, table);
    } catch (BpfException e) {
      lines.add(e.toString());
    }
    return lines;
  }

  private static void tell(List<String> lines, BpfMap map) {
    for (int key = 0; key < map.spec().maxEntries(); key++) {
      MemorySegment value = Elements.room(map.userValueSize());
      map.lookup(Elements.u32(key), value, 0);
      StringBuilder words = new StringBuilder("%s[%d]".formatted(map.name(), key));
      for (long word : value.toArray(ValueLayout.JAVA_LONG_UNALIGNED)) {
        words.append(" %016x".formatted(word));
      }
      lines.add(words.toString());
    }
  }
}
