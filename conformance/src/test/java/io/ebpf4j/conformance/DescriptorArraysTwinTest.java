package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.Elements.answer;
import static io.ebpf4j.conformance.Elements.delete;
import static io.ebpf4j.conformance.Elements.lookup;
import static io.ebpf4j.conformance.Elements.next;
import static io.ebpf4j.conformance.Elements.room;
import static io.ebpf4j.conformance.Elements.u32;
import static io.ebpf4j.conformance.Elements.update;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.junit.LeaksAllowed;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;

/** Arrays whose elements are descriptors: programs, perf events, cgroups, inner maps. */
@LeaksAllowed
class DescriptorArraysTwinTest {
  private static final int BAD_FD = 999;

  private static MapSpec of(MapType type) {
    return MapSpec.of("m", type, 4, 4, 4);
  }

  private static ProgramSpec pass(AttachType attachType) {
    List<Instruction> code =
        List.of(new Instruction(0xb7, 0, 0, 0, 2), new Instruction(0x95, 0, 0, 0, 0));
    return ProgramSpec.of("pass", ProgramType.XDP, code).withExpectedAttachType(attachType);
  }

  @TwinTest
  void aProgramArrayAnswersToWrongElements(Kernel kernel) {
    BpfMap map = kernel.createMap(of(MapType.PROG_ARRAY));
    assertThat(lookup(map, 0, 0)).isEqualTo("ENOENT");
    assertThat(lookup(map, 4, 0)).isEqualTo("ENOENT");
    assertThat(update(map, 0, u32(BAD_FD), 0)).isEqualTo("EBADF");
    assertThat(update(map, 0, u32(BAD_FD), MapFlags.NOEXIST)).isEqualTo("EINVAL");
    assertThat(update(map, 0, u32(map.fd()), 0)).isEqualTo("EINVAL");
    assertThat(update(map, 4, u32(BAD_FD), 0)).isEqualTo("E2BIG");
    assertThat(delete(map, 0)).isEqualTo("ENOENT");
    assertThat(delete(map, 4)).isEqualTo("E2BIG");
    assertThat(next(map, null)).isEqualTo("0");
    assertThat(answer(map::freeze)).isEqualTo("OK");
    assertThat(update(map, 0, u32(BAD_FD), 0)).isEqualTo("EPERM");
    assertThat(delete(map, 0)).isEqualTo("EPERM");
  }

  @TwinTest
  void aProgramGoesInByDescriptorAndComesOutById(Kernel kernel) {
    BpfMap map = kernel.createMap(of(MapType.PROG_ARRAY));
    Program program = kernel.loadProgram(pass(AttachType.XDP), Map.of());
    assertThat(update(map, 1, u32(program.fd()), 0)).isEqualTo("OK");
    MemorySegment id = room(4);
    assertThat(map.lookup(u32(1), id, 0)).isTrue();
    assertThat(id.get(ValueLayout.JAVA_INT_UNALIGNED, 0)).isEqualTo(program.id());
    assertThat(delete(map, 1)).isEqualTo("OK");
    assertThat(lookup(map, 1, 0)).isEqualTo("ENOENT");
  }

  @TwinTest
  void aProgramArrayTakesOnlyProgramsLikeItsFirst(Kernel kernel) {
    BpfMap map = kernel.createMap(of(MapType.PROG_ARRAY));
    Program xdp = kernel.loadProgram(pass(AttachType.XDP), Map.of());
    Program devmap = kernel.loadProgram(pass(AttachType.XDP_DEVMAP), Map.of());
    Program frags = kernel.loadProgram(pass(AttachType.XDP).withFlags(false, true), Map.of());
    assertThat(update(map, 0, u32(xdp.fd()), 0)).isEqualTo("OK");
    assertThat(update(map, 1, u32(devmap.fd()), 0)).isEqualTo("EINVAL");
    assertThat(update(map, 1, u32(frags.fd()), 0)).isEqualTo("EINVAL");
  }

  @TwinTest
  void aPerfEventArrayAnswersToWrongElements(Kernel kernel) {
    BpfMap map = kernel.createMap(of(MapType.PERF_EVENT_ARRAY));
    assertThat(lookup(map, 0, 0)).isEqualTo("ENOTSUPP");
    assertThat(update(map, 0, u32(BAD_FD), 0)).isEqualTo("EBADF");
    assertThat(update(map, 0, u32(map.fd()), 0)).isEqualTo("EBADF");
    assertThat(delete(map, 0)).isEqualTo("ENOENT");
  }

  @TwinTest
  void aCgroupArrayAnswersToWrongElements(Kernel kernel) {
    BpfMap map = kernel.createMap(of(MapType.CGROUP_ARRAY));
    assertThat(lookup(map, 0, 0)).isEqualTo("ENOTSUPP");
    assertThat(update(map, 0, u32(BAD_FD), 0)).isEqualTo("EBADF");
    assertThat(update(map, 0, u32(map.fd()), 0)).isEqualTo("EBADF");
  }

  @TwinTest
  void innerMapsMustMatchTheTemplate(Kernel kernel) {
    MapSpec inner = MapSpec.array("inner", 8, 4);
    assertThat(answer(() -> kernel.createMap(of(MapType.ARRAY_OF_MAPS)))).isEqualTo("EINVAL");
    BpfMap map = kernel.createMap(of(MapType.ARRAY_OF_MAPS).withInner(inner));
    BpfMap same = kernel.createMap(inner);
    BpfMap longer = kernel.createMap(inner.withMaxEntries(5));
    BpfMap wider = kernel.createMap(inner.withValueSize(16));
    assertThat(lookup(map, 0, 0)).isEqualTo("ENOENT");
    assertThat(update(map, 0, u32(same.fd()), 0)).isEqualTo("OK");
    MemorySegment id = room(4);
    assertThat(map.lookup(u32(0), id, 0)).isTrue();
    assertThat(id.get(ValueLayout.JAVA_INT_UNALIGNED, 0)).isEqualTo(same.id());
    assertThat(update(map, 0, u32(longer.fd()), 0)).isEqualTo("EINVAL");
    assertThat(update(map, 0, u32(wider.fd()), 0)).isEqualTo("EINVAL");
    assertThat(update(map, 0, u32(same.fd()), MapFlags.NOEXIST)).isEqualTo("EINVAL");
    assertThat(update(map, 0, u32(same.fd()), MapFlags.EXIST)).isEqualTo("EINVAL");
    assertThat(update(map, 4, u32(same.fd()), 0)).isEqualTo("E2BIG");
    assertThat(delete(map, 0)).isEqualTo("OK");
    assertThat(delete(map, 0)).isEqualTo("ENOENT");
    assertThat(delete(map, 4)).isEqualTo("E2BIG");
  }

  @TwinTest
  void theTemplateDecidesWhatAMapOfMapsMayHold(Kernel kernel) {
    MapSpec outer = of(MapType.ARRAY_OF_MAPS);
    MapSpec array = MapSpec.array("inner", 8, 4);
    assertThat(create(kernel, outer.withInner(outer.withInner(array)))).isEqualTo("EINVAL");
    assertThat(create(kernel, outer.withInner(of(MapType.PROG_ARRAY)))).isEqualTo("ENOTSUPP");
    assertThat(create(kernel, outer.withInner(of(MapType.PERF_EVENT_ARRAY)))).isEqualTo("OK");
    assertThat(create(kernel, outer.withValueSize(8).withInner(array))).isEqualTo("EINVAL");
  }

  @TwinTest
  void mapsMadeToBeInnerMayDifferInLength(Kernel kernel) {
    MapSpec inner = MapSpec.array("inner", 8, 4).withFlags(MapFlags.INNER_MAP);
    BpfMap map = kernel.createMap(of(MapType.ARRAY_OF_MAPS).withInner(inner));
    BpfMap longer = kernel.createMap(inner.withMaxEntries(9));
    BpfMap flagless = kernel.createMap(inner.withFlags(0));
    assertThat(update(map, 0, u32(longer.fd()), 0)).isEqualTo("OK");
    assertThat(update(map, 0, u32(flagless.fd()), 0)).isEqualTo("EINVAL");
  }

  private static String create(Kernel kernel, MapSpec spec) {
    return answer(() -> kernel.createMap(spec).close());
  }
}
