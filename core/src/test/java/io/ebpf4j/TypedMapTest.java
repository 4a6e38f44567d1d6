package io.ebpf4j;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemoryLayout;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TypedMapTest {
  private final JvmKernel kernel = JvmKernel.builder().cpus(2).build();

  @AfterEach
  void close() {
    kernel.close();
  }

  record Flow(long packets, short port, boolean seen) {}

  record Wide(long packets) {}

  record Nested(int id, Flow flow) {}

  @Test
  void numbersGoInAndOut() {
    BpfMap map = kernel.createMap(MapSpec.array("cnt", 8, 2));
    TypedMap<Integer, Long> counts = TypedMap.of(map, Codec.int32(), Codec.int64());
    counts.put(1, -5L);
    assertThat(counts.get(1)).contains(-5L);
    assertThat(counts.get(2)).isEmpty();
    assertThat(counts).containsExactly(Map.entry(0, 0L), Map.entry(1, -5L));
  }

  @Test
  void narrowNumbersKeepTheirSign() {
    TypedMap<Integer, Short> shorts =
        TypedMap.of(kernel.createMap(MapSpec.array("shorts", 2, 1)), Codec.int32(), Codec.int16());
    shorts.put(0, (short) -2);
    assertThat(shorts.get(0)).contains((short) -2);
    assertThat(shorts.map().lookup(new byte[4])).containsExactly(-2, -1);
    TypedMap<Integer, Byte> octets =
        TypedMap.of(kernel.createMap(MapSpec.array("octets", 1, 1)), Codec.int32(), Codec.int8());
    octets.put(0, (byte) -128);
    assertThat(octets.get(0)).contains((byte) -128);
    assertThat(octets.map().lookup(new byte[4])).containsExactly(-128);
  }

  @Test
  void whatACodecDoesNotWriteIsZero() {
    Codec<Integer> sparse =
        Codec.of(
            8,
            bytes -> bytes.get(JAVA_INT_UNALIGNED, 0),
            (value, bytes) -> bytes.set(JAVA_INT_UNALIGNED, value < 0 ? 4 : 0, value));
    TypedMap<Integer, Integer> map =
        TypedMap.of(kernel.createMap(MapSpec.array("sparse", 8, 1)), Codec.int32(), sparse);
    map.put(0, -1);
    map.put(0, 1);
    assertThat(map.map().lookup(new byte[4])).containsExactly(1, 0, 0, 0, 0, 0, 0, 0);
  }

  @Test
  void aCodecMayUseTheMapItself() {
    BpfMap map = kernel.createMap(MapSpec.array("sums", 4, 2));
    AtomicReference<TypedMap<Integer, Integer>> itself = new AtomicReference<>();
    Codec<Integer> added =
        Codec.of(
            4,
            bytes -> bytes.get(JAVA_INT_UNALIGNED, 0),
            (value, bytes) -> {
              bytes.set(JAVA_INT_UNALIGNED, 0, value);
              bytes.set(
                  JAVA_INT_UNALIGNED,
                  0,
                  value + Objects.requireNonNull(itself.get()).get(1).orElseThrow());
            });
    TypedMap<Integer, Integer> sums = TypedMap.of(map, Codec.int32(), added);
    itself.set(sums);
    sums.put(1, 40);
    sums.put(0, 2);
    assertThat(sums.get(0)).contains(42);
  }

  @Test
  void recordsAreLaidOutByBtf() {
    BtfBuilder types = new BtfBuilder();
    int u16 = types.unsigned("u16", 2);
    int u32 = types.unsigned("u32", 4);
    int u8 = types.unsigned("u8", 1);
    int flow =
        types.struct("flow", m -> m.member("port", u16).member("packets", u32).member("seen", u8));
    int nested = types.struct("nested", m -> m.member("id", u32).member("flow", flow));
    Btf btf = types.build();
    BpfMap map = kernel.createMap(MapSpec.array("flows", btf.sizeOf(nested), 1));
    TypedMap<Integer, Nested> flows =
        TypedMap.of(map, Codec.int32(), Codec.record(Nested.class, btf, nested));
    Nested value = new Nested(-1, new Flow(0xffff_ffffL, (short) -2, true));
    flows.put(0, value);
    assertThat(flows.get(0)).contains(value);
    assertThat(map.lookup(new byte[4]))
        .containsExactly(-1, -1, -1, -1, -2, -1, 0, 0, -1, -1, -1, -1, 1, 0, 0, 0);
    assertThatThrownBy(() -> flows.put(0, new Nested(0, new Flow(1L << 32, (short) 0, true))))
        .hasMessage("4294967296 does not fit into a member of 4 bytes");
  }

  @Test
  void recordsAreLaidOutByHand() {
    MemoryLayout layout =
        MemoryLayout.structLayout(
            JAVA_LONG.withName("packets"),
            JAVA_SHORT.withName("port"),
            java.lang.foreign.ValueLayout.JAVA_BOOLEAN.withName("seen"),
            MemoryLayout.paddingLayout(5));
    BpfMap map = kernel.createMap(MapSpec.array("flows", 16, 1));
    TypedMap<Integer, Flow> flows =
        TypedMap.of(map, Codec.int32(), Codec.record(Flow.class, layout));
    flows.put(0, new Flow(7, (short) 80, true));
    assertThat(flows.get(0)).contains(new Flow(7, (short) 80, true));
  }

  @Test
  void whatDoesNotFitIsNamed() {
    MemoryLayout layout = MemoryLayout.structLayout(JAVA_INT.withName("bytes"));
    assertThatThrownBy(() -> Codec.record(Wide.class, layout))
        .hasMessage("Wide.packets is no member of the struct, which has [bytes]");
    BpfMap map = kernel.createMap(MapSpec.array("cnt", 8, 2));
    assertThatThrownBy(() -> TypedMap.of(map, Codec.int32(), Codec.int32()))
        .hasMessage("map cnt has values of 8 bytes, not 4");
  }

  @Test
  void perCpuValuesAreLists() {
    BpfMap map = kernel.createMap(MapSpec.of("cnt", MapType.PERCPU_ARRAY, 4, 4, 2));
    TypedMap<Integer, List<Integer>> counts =
        TypedMap.of(map, Codec.int32(), Codec.perCpu(Codec.int32(), kernel.possibleCpus()));
    counts.put(1, List.of(3, 4));
    assertThat(counts.get(1)).contains(List.of(3, 4));
  }
}
