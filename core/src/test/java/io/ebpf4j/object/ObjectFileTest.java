package io.ebpf4j.object;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.btf.BtfType;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import io.ebpf4j.spec.ProgramType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ObjectFileTest {
  private static final long EXIT = 0x95;

  @Test
  void licenseAndVersionAreRead() {
    ObjectFile object = TestObjects.read("globals");
    assertThat(object.license()).isEqualTo("GPL");
    assertThat(object.kernelVersion()).isEqualTo(0x61200);
    assertThat(object.program("count").license()).isEqualTo("GPL");
    assertThat(object.program("count").kernelVersion()).isEqualTo(0x61200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"globals", "globals.clang13"})
  void sectionsOfGlobalDataAreMapsNamedAsByLibbpf(String name) {
    ObjectFile object = ObjectFile.parse("globals.bpf.o", TestObjects.bytes(name));
    assertThat(object.maps().sequencedKeySet())
        .containsExactly("counts", ".data", ".rodata", ".data.custom", ".rodata.custom", ".bss");
    int writable = MapFlags.MMAPABLE;
    int constant = MapFlags.MMAPABLE | MapFlags.RDONLY_PROG;
    checkGlobal(object.map(".data"), "globals.data", 32, writable);
    checkGlobal(object.map(".rodata"), "globals.rodata", 21, constant);
    checkGlobal(object.map(".data.custom"), ".data.custom", 8, writable);
    checkGlobal(object.map(".rodata.custom"), ".rodata.custom", 8, constant);
    checkGlobal(object.map(".bss"), "globals.bss", 20, writable);
    assertThat(hex(object.map(".data.custom"))).isEqualTo("8877665544332211");
    assertThat(hex(object.map(".data"))).startsWith("07000000ffffffff0200");
    assertThat(object.map(".bss").contents()).isNull();
  }

  private static void checkGlobal(MapSpec map, String kernelName, int size, int flags) {
    assertThat(map.name()).isEqualTo(kernelName);
    assertThat(map.type()).isEqualTo(MapType.ARRAY);
    assertThat(map.keySize()).isEqualTo(4);
    assertThat(map.valueSize()).isEqualTo(size);
    assertThat(map.maxEntries()).isEqualTo(1);
    assertThat(map.flags()).isEqualTo(flags);
    assertThat(map.frozen()).isEqualTo((flags & MapFlags.RDONLY_PROG) != 0);
    assertThat(map.keyType()).isZero();
    assertThat(Objects.requireNonNull(map.btf()).sizeOf(map.valueType())).isEqualTo(size);
  }

  @Test
  void theNameOfTheFileIsCutToLeaveRoomForTheSection() {
    ObjectFile object = ObjectFile.parse("packet-counter.v2.o", TestObjects.bytes("globals"));
    assertThat(object.map(".bss").name()).isEqualTo("packet_c.bss");
    assertThat(object.map(".rodata").name()).isEqualTo("packet_c.rodata");
    assertThat(object.map(".data.custom").name()).isEqualTo(".data.custom");
  }

  @Test
  void instructionsReferToMapsAndToPlacesInGlobalData() {
    ProgramSpec program = TestObjects.read("globals").program("count");
    assertThat(program.references())
        .contains(
            new Reference.ToMap(4, "counts"),
            new Reference.ToMapValue(11, ".rodata.custom", 0),
            new Reference.ToMapValue(14, ".data", 28),
            new Reference.ToMapValue(17, ".bss", 16),
            new Reference.ToMapValue(58, ".rodata", 12));
    assertThat(program.instructions().get(4).src()).isEqualTo(Isa.BPF_PSEUDO_MAP_FD);
    assertThat(program.instructions().get(14).src()).isEqualTo(Isa.BPF_PSEUDO_MAP_VALUE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"maps", "maps.clang13"})
  void declaredMapsAreReadFromBtf(String name) {
    ObjectFile object = TestObjects.read(name);
    MapSpec hash = object.map("a_hash_with_a_long_name");
    assertThat(hash.name()).isEqualTo("a_hash_with_a_l");
    assertThat(hash.type()).isEqualTo(MapType.HASH);
    assertThat(hash.keySize()).isEqualTo(16);
    assertThat(hash.valueSize()).isEqualTo(2);
    assertThat(hash.maxEntries()).isEqualTo(100);
    assertThat(hash.flags()).isEqualTo(MapFlags.NO_PREALLOC | MapFlags.NUMA_NODE);
    assertThat(hash.pinning()).isEqualTo(MapSpec.Pinning.BY_NAME);
    assertThat(Objects.requireNonNull(hash.btf()).name(hash.keyType())).isEqualTo("pair");
    assertThat(object.map("bloom").extra()).isEqualTo(3);
    assertThat(object.map("bloom").keySize()).isZero();
    assertThat(object.map("events").valueSize()).isEqualTo(4);
    assertThat(object.map("queue").btf()).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"maps", "maps.clang13"})
  void mapsOfMapsAndOfProgramsHaveTemplatesAndInitialValues(String name) {
    ObjectFile object = TestObjects.read(name);
    MapSpec outer = object.map("outer");
    assertThat(outer.type()).isEqualTo(MapType.ARRAY_OF_MAPS);
    assertThat(outer.valueSize()).isEqualTo(4);
    assertThat(outer.values()).isEqualTo(Map.of(0, "inner_one", 3, "inner_two"));
    MapSpec inner = Objects.requireNonNull(outer.inner());
    assertThat(inner.type()).isEqualTo(MapType.ARRAY);
    assertThat(inner.maxEntries()).isEqualTo(2);
    MapSpec hash = object.map("outer_hash");
    assertThat(hash.values()).isEmpty();
    assertThat(Objects.requireNonNull(hash.inner()).keySize()).isEqualTo(8);
    assertThat(object.map("tails").values()).isEqualTo(Map.of(1, "tail_one", 7, "tail_two"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"calls", "calls.clang13"})
  void aProgramBringsEachFunctionThatItReachesOnce(String name) {
    ProgramSpec first = TestObjects.read(name).program("first");
    List<String> functions =
        first.functions().stream()
            .map(info -> Objects.requireNonNull(first.btf()).name(info.typeId()))
            .toList();
    assertThat(functions).containsExactly("first", "add_weak", "add_global", "add_static");
    List<Integer> starts = first.functions().stream().map(info -> info.slot()).toList();
    assertThat(callTargets(first)).isSubsetOf(starts).contains(starts.get(1), starts.get(3));
    assertThat(first.lines().stream().map(ProgramSpec.LineInfo::slot)).isSorted();
    assertThat(first.lines().getLast().slot()).isGreaterThan(starts.get(3));
    for (Reference reference : first.references()) {
      assertThat(first.instructions().get(reference.slot()).isWide()).isTrue();
    }
  }

  @Test
  void theAddressOfAFunctionIsALoadThatPointsAtIt() {
    ProgramSpec second = TestObjects.read("calls").program("second");
    int slot =
        second.instructions().stream()
            .filter(i -> i.isWide() && i.src() == Isa.BPF_PSEUDO_FUNC)
            .findFirst()
            .map(second.instructions()::indexOf)
            .orElseThrow();
    int target = slot + 1 + second.instructions().get(slot).imm();
    assertThat(second.functions().stream().map(ProgramSpec.FunctionInfo::slot)).contains(target);
  }

  @Test
  void programsAreInFileOrderAndFunctionsOfTextAreNone() {
    assertThat(TestObjects.read("calls").programs().sequencedKeySet())
        .containsExactly("first", "second", "optional", "alone");
  }

  @Test
  void programsBehindAQuestionMarkAreLeftOutUntilIncluded() {
    ObjectFile object = TestObjects.read("calls");
    assertThat(object.omittedPrograms()).containsExactly("optional");
    object.include("optional");
    object.omit("alone");
    assertThat(object.omittedPrograms()).containsExactly("alone");
    assertThat(object.program("optional").type()).isEqualTo(ProgramType.SCHED_CLS);
  }

  @Test
  void hiddenFunctionsBecomeStatic() {
    ObjectFile object = TestObjects.read("calls");
    assertThat(object.btf().orElseThrow().types())
        .filteredOn(type -> type.name().equals("add_hidden"))
        .singleElement()
        .hasFieldOrPropertyWithValue("linkage", BtfType.Linkage.STATIC);
  }

  @Test
  void mapsCanBeReplaced() {
    ObjectFile object = TestObjects.read("globals");
    object.replaceMap("counts", object.map("counts").withMaxEntries(1000));
    assertThat(object.map("counts").maxEntries()).isEqualTo(1000);
    assertThatThrownBy(() -> object.replaceMap("count", object.map("counts")))
        .hasMessageContaining("has no map count; it has counts, .data");
  }

  @Test
  void helpersAreListed() {
    ObjectFile object = TestObjects.read("maps");
    assertThat(object.helpers("entry")).containsExactly(1, 12, 87, 89);
    assertThat(object.helpers("tail_one")).isEmpty();
  }

  @Test
  void aProgramInAnUnknownSectionIsReadWithoutAType() {
    ElfBuilder elf = new ElfBuilder();
    elf.function("f", elf.code("xdq", EXIT), 0, 8);
    ObjectFile object = ObjectFile.parse("a.o", elf.build());
    assertThat(object.program("f").type()).isEqualTo(ProgramType.UNSPEC);
  }

  @Test
  void mapsOfGlobalDataAreNamedByTheFileNotItsPath() {
    ObjectFile object = ObjectFile.parse("some.where/globals.bpf.o", TestObjects.bytes("globals"));
    assertThat(object.map(".data").name()).isEqualTo("globals.data");
    assertThat(object.name()).isEqualTo("some.where/globals.bpf.o");
  }

  @Test
  void aProgramIsReplacedInItsPlace() {
    ObjectFile object = TestObjects.read("maps");
    List<String> names = List.copyOf(object.programs().keySet());
    ProgramSpec changed = object.program(names.getFirst()).withLicense("Proprietary");
    object.replaceProgram(names.getFirst(), changed);
    assertThat(object.program(names.getFirst())).isSameAs(changed);
    assertThat(object.programs().keySet()).containsExactlyElementsOf(names);
  }

  @Test
  void aProgramThatIsNotThereCannotBeReplaced() {
    ObjectFile object = TestObjects.read("maps");
    ProgramSpec entry = object.program("entry");
    assertThatThrownBy(() -> object.replaceProgram("entri", entry))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("maps.bpf.o has no program entri; it has tail_one, tail_two, entry");
  }

  @Test
  void theOldMapsSectionIsRefusedWithWhatToDo() {
    ElfBuilder elf = new ElfBuilder();
    elf.section("maps", ElfBuilder.DATA, new byte[20]);
    refused(elf, "declare them with __uint and __type in SEC(\".maps\")");
  }

  @Test
  void declaredMapsNeedBtf() {
    ElfBuilder elf = new ElfBuilder();
    elf.section(".maps", ElfBuilder.DATA, new byte[32]);
    refused(elf, "describes its maps by BTF, which is missing; compile with -g");
  }

  @Test
  void aFunctionThatLeavesItsSectionIsRefused() {
    ElfBuilder elf = new ElfBuilder();
    elf.function("f", elf.code("xdp", EXIT), 0, 16);
    refused(elf, "function f with 16 bytes from byte 0 on does not fit section xdp, which has 8");
  }

  @Test
  void aCallIntoTheMiddleOfAFunctionIsRefused() {
    ElfBuilder elf = new ElfBuilder();
    int text = elf.code(".text", 0xb7, EXIT);
    int xdp = elf.code("xdp", 0xffffffff_0000_1085L, EXIT);
    elf.function("g", text, 0, 16);
    elf.function("f", xdp, 0, 16);
    elf.relocate(xdp, 0, ElfFile.R_BPF_64_32, elf.symbol("inside", 0x10, text, 8, 0));
    refused(elf, "instruction 0 of f calls instruction 1 of section .text, where no function");
  }

  @Test
  void aCallWithinTheSectionNeedsNoRelocation() {
    ElfBuilder elf = new ElfBuilder();
    int xdp = elf.code("xdp", 0x1_0000_1085L, EXIT, 0xb7, EXIT);
    elf.function("f", xdp, 0, 16);
    elf.symbol("g", 0x02, xdp, 16, 16);
    ProgramSpec f = ObjectFile.parse("x.o", elf.build()).program("f");
    assertThat(f.instructions()).hasSize(4);
    assertThat(callTargets(f)).containsExactly(2);
  }

  @Test
  void whatNothingDefinesIsNamed() {
    ElfBuilder elf = new ElfBuilder();
    int xdp = elf.code("xdp", 0xffffffff_0000_1085L, EXIT);
    elf.function("f", xdp, 0, 16);
    elf.relocate(xdp, 0, ElfFile.R_BPF_64_32, elf.symbol("missing", 0x10, 0, 0, 0));
    refused(elf, "instruction 0 of f calls missing, which nothing defines");
  }

  @Test
  void aPointerToAFunctionInDataIsRefused() {
    ElfBuilder elf = new ElfBuilder();
    int xdp = elf.code("xdp", EXIT);
    int data = elf.section(".data", ElfBuilder.DATA, new byte[8]);
    elf.relocate(data, 0, ElfFile.R_BPF_64_ABS64, elf.function("f", xdp, 0, 8));
    refused(elf, "byte 0 of section .data is a pointer to function f");
  }

  @Test
  void zerosOfManyMegabytesTakeNoMemory() {
    ElfBuilder elf = new ElfBuilder();
    elf.zeros(".bss", Integer.MAX_VALUE);
    MapSpec bss = ObjectFile.parse("x.o", elf.build()).map(".bss");
    assertThat(bss.valueSize()).isEqualTo(Integer.MAX_VALUE);
    assertThat(bss.contents()).isNull();
  }

  @Test
  void theAddressThatOldGnuAssemblersWriteTwiceCountsOnce() {
    ElfBuilder elf = new ElfBuilder();
    // lddw r0, 4 (v); call 15 (g, at byte 16)
    int xdp = elf.code("xdp", 0x4_0000_0018L, 0, 0xf_0000_1085L, EXIT);
    int text = elf.code(".text", 0xb7, EXIT, 0xb7, EXIT);
    int data = elf.section(".data", ElfBuilder.DATA, new byte[8]);
    elf.section(".comment", 0, "\0GCC: (12.2.0-14+deb12u1+) 12.2.0\0".getBytes(UTF_8));
    elf.function("f", xdp, 0, 32);
    elf.relocate(xdp, 0, ElfFile.R_BPF_64_64, elf.symbol("v", 0x11, data, 4, 4));
    elf.relocate(xdp, 16, ElfFile.R_BPF_64_32, elf.function("g", text, 16, 16));
    ProgramSpec f = ObjectFile.parse("x.o", elf.build()).program("f");
    assertThat(f.references()).containsExactly(new Reference.ToMapValue(0, ".data", 4));
    assertThat(callTargets(f)).containsExactly(4);
  }

  private static List<Integer> callTargets(ProgramSpec program) {
    List<Instruction> code = program.instructions();
    return IntStream.range(0, code.size())
        .filter(slot -> code.get(slot).opcode() == (Isa.BPF_JMP | Isa.BPF_CALL))
        .filter(slot -> code.get(slot).src() == Isa.BPF_PSEUDO_CALL)
        .mapToObj(slot -> slot + 1 + code.get(slot).imm())
        .toList();
  }

  private static String hex(MapSpec map) {
    MemorySegment contents = Objects.requireNonNull(map.contents());
    return HexFormat.of().formatHex(contents.toArray(ValueLayout.JAVA_BYTE));
  }

  private static void refused(ElfBuilder elf, String... parts) {
    assertThatThrownBy(() -> ObjectFile.parse("x.o", elf.build()))
        .isInstanceOf(ObjectFormatException.class)
        .hasMessageStartingWith("x.o: ")
        .hasMessageContainingAll(parts);
  }
}
