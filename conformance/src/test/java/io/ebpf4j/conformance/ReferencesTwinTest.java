package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.Elements.answer;
import static io.ebpf4j.conformance.Elements.lookup;
import static io.ebpf4j.conformance.Elements.u32;
import static io.ebpf4j.conformance.Elements.update;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.junit.LeaksAllowed;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import io.ebpf4j.spec.ProgramType;
import java.util.List;
import java.util.Map;

/** What holds what: programs their maps, arrays their entries, and how programs are refused. */
@LeaksAllowed
class ReferencesTwinTest {
  private static final MapSpec TAILS = MapSpec.of("tails", MapType.PROG_ARRAY, 4, 4, 2);

  @TwinTest
  void aTailCallReplacesTheProgram(Kernel kernel) {
    BpfMap tails = kernel.createMap(TAILS);
    Program caller = caller(kernel, tails);
    assertThat(run(caller)).isEqualTo(1);
    assertThat(update(tails, 0, u32(returning(kernel, 2).fd()), 0)).isEqualTo("OK");
    assertThat(run(caller)).isEqualTo(2);
    assertThat(answer(() -> tails.delete(u32(0)))).isEqualTo("OK");
    assertThat(run(caller)).isEqualTo(1);
  }

  @TwinTest
  void aProgramArrayForgetsItsEntriesWithItsLastUser(Kernel kernel) throws InterruptedException {
    BpfMap tails = kernel.createMap(TAILS);
    Program caller = caller(kernel, tails);
    update(tails, 0, u32(returning(kernel, 2).fd()), 0);
    assertThat(run(caller)).isEqualTo(2);
    tails.close();
    long start = System.nanoTime();
    while (run(caller) != 1 && System.nanoTime() - start < 2_000_000_000L) {
      Thread.sleep(5);
    }
    assertThat(run(caller)).isEqualTo(1);
  }

  @TwinTest
  void anEntryKeepsItsProgramAlive(Kernel kernel) {
    BpfMap tails = kernel.createMap(TAILS);
    Program caller = caller(kernel, tails);
    Program callee = returning(kernel, 2);
    update(tails, 0, u32(callee.fd()), 0);
    callee.close();
    assertThat(run(caller)).isEqualTo(2);
  }

  @TwinTest
  void aFrozenProgramArrayKeepsItsEntries(Kernel kernel) {
    BpfMap tails = kernel.createMap(TAILS);
    Program callee = returning(kernel, 2);
    update(tails, 0, u32(callee.fd()), 0);
    assertThat(answer(tails::freeze)).isEqualTo("OK");
    assertThat(update(tails, 1, u32(callee.fd()), 0)).isEqualTo("EPERM");
    assertThat(answer(() -> tails.delete(u32(0)))).isEqualTo("EPERM");
    assertThat(lookup(tails, 0, 0)).isEqualTo("OK");
  }

  @TwinTest
  void aMappedArrayCannotBeFrozenWhileItIsWritable(Kernel kernel) {
    BpfMap map = kernel.createMap(MapSpec.array("a", 8, 4).withFlags(MapFlags.MMAPABLE));
    try (BpfMap.Mapping writable = map.mmap(0, 4096, true)) {
      assertThat(writable.segment().byteSize()).isEqualTo(4096);
      assertThat(answer(map::freeze)).isEqualTo("EBUSY");
    }
    assertThat(answer(map::freeze)).isEqualTo("OK");
    assertThat(answer(() -> map.mmap(0, 4096, true).close())).isEqualTo("EPERM");
    assertThat(answer(() -> map.mmap(0, 4096, false).close())).isEqualTo("OK");
  }

  @TwinTest
  void malformedProgramsAreInvalid(Kernel kernel) {
    Instruction exit = new Instruction(0x95, 0, 0, 0, 0);
    Instruction zero = new Instruction(0xb7, 0, 0, 0, 0);
    assertThat(load(kernel, List.of(new Instruction(0xff, 0, 0, 0, 0), exit))).isEqualTo("EINVAL");
    assertThat(load(kernel, List.of(zero, new Instruction(0x05, 0, 0, 7, 0), exit)))
        .isEqualTo("EINVAL");
    assertThat(load(kernel, List.of(zero))).isEqualTo("EINVAL");
    assertThat(load(kernel, List.of(new Instruction(0xb7, 0, 3, 0, 0), exit))).isEqualTo("EINVAL");
    assertThat(load(kernel, List.of(new Instruction(0x18, 0, 0, 0, 0), exit))).isEqualTo("EINVAL");
    assertThat(load(kernel, List.of(zero, exit))).isEqualTo("OK");
  }

  @TwinTest
  void aMapNamedByIndexNeedsAListOfMaps(Kernel kernel) {
    Instruction exit = new Instruction(0x95, 0, 0, 0, 0);
    Instruction zero = new Instruction(0xb7, 0, 0, 0, 0);
    Instruction second = new Instruction(0, 0, 0, 0, 0);
    for (int pseudo : List.of(Isa.BPF_PSEUDO_MAP_IDX, Isa.BPF_PSEUDO_MAP_IDX_VALUE)) {
      Instruction wide = new Instruction(0x18, 1, pseudo, 0, 0);
      assertThat(load(kernel, List.of(wide, second, zero, exit))).isEqualTo("EPROTO");
    }
  }

  @TwinTest
  void aMapIsNamedByItsIndexInAList(Kernel kernel) {
    BpfMap first = kernel.createMap(MapSpec.array("first", 8, 1));
    BpfMap second = kernel.createMap(MapSpec.array("second", 8, 1));
    update(second, 0, Elements.u64(77), 0);
    ProgramSpec reading =
        xdp(List.of(
                new Instruction(0x18, 1, Isa.BPF_PSEUDO_MAP_IDX_VALUE, 0, 1),
                new Instruction(0, 0, 0, 0, 0),
                new Instruction(0x61, 0, 1, 0, 0),
                new Instruction(0x95, 0, 0, 0, 0)))
            .withMapsByIndex(List.of("first", "second"));
    Map<String, BpfMap> maps = Map.of("first", first, "second", second);
    Program program = kernel.loadProgram(reading, maps);
    assertThat(run(program)).isEqualTo(77);
    assertThat(program.info().mapIds()).contains(second.id());
    assertThat(answer(() -> kernel.loadProgram(reading.withMapsByIndex(List.of("first")), maps)))
        .isEqualTo("EINVAL");
  }

  @TwinTest
  void aKernelFunctionThatIsMissingIsNamed(Kernel kernel) {
    ProgramSpec calling =
        xdp(List.of(
                new Instruction(0x85, 0, Isa.BPF_PSEUDO_KFUNC_CALL, 0, 0),
                new Instruction(0xb7, 0, 0, 0, 0),
                new Instruction(0x95, 0, 0, 0, 0)))
            .withReferences(List.of(new Reference.ToKernelFunction(0, "bpf_no_such", 0, false)));
    assertThatThrownBy(() -> kernel.loadProgram(calling, Map.of()))
        .isInstanceOfSatisfying(
            BpfException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT))
        .hasMessageContaining("bpf_no_such");
  }

  @TwinTest
  void someHelpersAreForGplProgramsAlone(Kernel kernel) {
    ProgramSpec printing =
        xdp(
            List.of(
                new Instruction(0x7a, 10, 0, -8, 0x6968),
                new Instruction(0xbf, 1, 10, 0, 0),
                new Instruction(0x07, 1, 0, 0, -8),
                new Instruction(0xb7, 2, 0, 0, 3),
                new Instruction(0x85, 0, 0, 0, 6),
                new Instruction(0x95, 0, 0, 0, 0)));
    assertThat(load(kernel, printing)).isEqualTo("OK");
    assertThat(load(kernel, printing.withLicense("Dual MIT/GPL"))).isEqualTo("OK");
    assertThat(load(kernel, printing.withLicense("Proprietary"))).isEqualTo("EINVAL");
    assertThat(load(kernel, printing.withLicense(""))).isEqualTo("EINVAL");
  }

  @TwinTest
  void aMapLiesOnTheNodeThatIsAskedFor(Kernel kernel) {
    MapSpec map = MapSpec.array("a", 8, 4).withFlags(MapFlags.NUMA_NODE);
    assertThat(answer(() -> kernel.createMap(map.withNumaNode(0)).close())).isEqualTo("OK");
    assertThat(answer(() -> kernel.createMap(map.withNumaNode(100_000)).close()))
        .isEqualTo("EINVAL");
  }

  private static String load(Kernel kernel, List<Instruction> instructions) {
    return load(kernel, xdp(instructions));
  }

  private static String load(Kernel kernel, ProgramSpec program) {
    try {
      kernel.loadProgram(program, Map.of()).close();
      return "OK";
    } catch (BpfException e) {
      return e.errno().name();
    }
  }

  private static int run(Program program) {
    return program.testRun(TestRun.of(new byte[64])).returnValue();
  }

  private static ProgramSpec xdp(List<Instruction> instructions) {
    return ProgramSpec.of("twin", ProgramType.XDP, instructions)
        .withExpectedAttachType(AttachType.XDP);
  }

  private static Program returning(Kernel kernel, int value) {
    return kernel.loadProgram(
        xdp(List.of(new Instruction(0xb7, 0, 0, 0, value), new Instruction(0x95, 0, 0, 0, 0))),
        Map.of());
  }

  /** Calls the first program of the array, and gives 1 where there is none. */
  private static Program caller(Kernel kernel, BpfMap tails) {
    ProgramSpec spec =
        xdp(
            List.of(
                new Instruction(0x18, 2, 1, 0, 0),
                new Instruction(0, 0, 0, 0, 0),
                new Instruction(0xb7, 3, 0, 0, 0),
                new Instruction(0x85, 0, 0, 0, 12),
                new Instruction(0xb7, 0, 0, 0, 1),
                new Instruction(0x95, 0, 0, 0, 0)));
    return kernel.loadProgram(
        spec.withReferences(List.of(new Reference.ToMap(0, "tails"))), Map.of("tails", tails));
  }
}
