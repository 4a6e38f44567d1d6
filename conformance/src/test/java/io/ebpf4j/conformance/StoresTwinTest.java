package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.Elements.answer;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.TestRun;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/** What programs do with QUEUE, STACK, BLOOM_FILTER and LPM_TRIE, and how these are made. */
class StoresTwinTest {
  private static final int PUSH = 0;
  private static final int POP = 1;
  private static final int PEEK = 2;
  private static final int UPDATE = 0;
  private static final int LOOKUP = 1;
  private static final int DELETE = 2;

  @TwinTest
  void aQueueGivesTheOldestAndAStackTheNewest(Kernel kernel) {
    try (BpfObject object = load(kernel)) {
      for (String store : new String[] {"queue", "stack"}) {
        assertThat(run(object, store, POP, 0, 5, 0)).isEqualTo(-Errno.ENOENT.number());
        assertThat(told(object)).isZero();
        assertThat(run(object, store, PUSH, 0, 5, 0)).isZero();
        assertThat(run(object, store, PUSH, 0, 6, 0)).isZero();
        assertThat(run(object, store, PUSH, 0, 7, 0)).isEqualTo(-Errno.E2BIG.number());
        assertThat(run(object, store, PUSH, 0, 7, 1)).isEqualTo(-Errno.EINVAL.number());
        assertThat(run(object, store, PUSH, 0, 7, 4)).isEqualTo(-Errno.EINVAL.number());
        assertThat(run(object, store, PUSH, 0, 7, MapFlags.EXIST)).isZero();
        assertThat(run(object, store, PEEK, 0, 0, 0)).isZero();
        assertThat(told(object)).isEqualTo(store.equals("queue") ? 6 : 7);
        assertThat(run(object, store, POP, 0, 0, 0)).isZero();
        assertThat(run(object, store, POP, 0, 0, 0)).isZero();
        assertThat(told(object)).isEqualTo(store.equals("queue") ? 7 : 6);
        assertThat(run(object, store, POP, 0, 0, 0)).isEqualTo(-Errno.ENOENT.number());
      }
    }
  }

  @TwinTest
  void aFilterKnowsWhatWasPutIn(Kernel kernel) {
    try (BpfObject object = load(kernel)) {
      assertThat(run(object, "filter", PEEK, 0, 5, 0)).isEqualTo(-Errno.ENOENT.number());
      assertThat(run(object, "filter", PUSH, 0, 5, 0)).isZero();
      assertThat(run(object, "filter", PUSH, 0, 5, 1)).isEqualTo(-Errno.EINVAL.number());
      assertThat(run(object, "filter", PEEK, 0, 5, 0)).isZero();
    }
  }

  @TwinTest
  void theLongestPrefixIsFound(Kernel kernel) {
    try (BpfObject object = load(kernel)) {
      assertThat(run(object, "prefixes", UPDATE, 8, 0x0000000a, 0)).isZero();
      assertThat(run(object, "prefixes", UPDATE, 24, 0x0003020a, 0)).isZero();
      assertThat(run(object, "prefixes", UPDATE, 24, 0x0003020a, 1))
          .isEqualTo(-Errno.EEXIST.number());
      assertThat(run(object, "prefixes", UPDATE, 9, 0x0a, 2)).isEqualTo(-Errno.ENOENT.number());
      assertThat(run(object, "prefixes", UPDATE, 33, 0x0a, 0)).isEqualTo(-Errno.EINVAL.number());
      assertThat(run(object, "prefixes", UPDATE, 8, 0x0a, 3)).isEqualTo(-Errno.EINVAL.number());
      assertThat(run(object, "prefixes", UPDATE, 16, 0x0000040a, 0)).isZero();
      assertThat(run(object, "prefixes", UPDATE, 17, 0x0000040b, 0))
          .isEqualTo(-Errno.ENOSPC.number());
      assertThat(run(object, "prefixes", LOOKUP, 32, 0x0503020a, 0)).isEqualTo(1);
      assertThat(told(object)).isEqualTo(0x0003020a);
      assertThat(run(object, "prefixes", LOOKUP, 32, 0x0504020a, 0)).isEqualTo(1);
      assertThat(told(object)).isEqualTo(0x0000000a);
      assertThat(run(object, "prefixes", LOOKUP, 32, 0x0504020b, 0)).isZero();
      assertThat(run(object, "prefixes", LOOKUP, 33, 0x0503020a, 0)).isZero();
      assertThat(run(object, "prefixes", DELETE, 8, 0x0000000a, 0)).isZero();
      assertThat(run(object, "prefixes", DELETE, 8, 0x0000000a, 0))
          .isEqualTo(-Errno.ENOENT.number());
      assertThat(run(object, "prefixes", DELETE, 33, 0, 0)).isEqualTo(-Errno.EINVAL.number());
      assertThat(run(object, "prefixes", LOOKUP, 32, 0x0504020a, 0)).isZero();
    }
  }

  @TwinTest
  void aTrieAllocatesAsItGoesAndItsKeysBeginWithTheirLength(Kernel kernel) {
    MapSpec trie = MapSpec.of("t", MapType.LPM_TRIE, 8, 8, 4).withFlags(MapFlags.NO_PREALLOC);
    assertThat(create(kernel, trie)).isEqualTo("OK");
    assertThat(create(kernel, trie.withFlags(0))).isEqualTo("EINVAL");
    assertThat(create(kernel, trie.withFlags(MapFlags.NO_PREALLOC | MapFlags.ZERO_SEED)))
        .isEqualTo("EINVAL");
    for (int size : new int[] {0, 4, 261, -1}) {
      assertThat(create(kernel, trie.withKeySize(size))).isEqualTo("EINVAL");
    }
    assertThat(create(kernel, trie.withKeySize(5))).isEqualTo("OK");
    assertThat(create(kernel, trie.withKeySize(260))).isEqualTo("OK");
    assertThat(create(kernel, trie.withValueSize(0))).isEqualTo("EINVAL");
    assertThat(create(kernel, trie.withValueSize(4 << 20))).isEqualTo("EINVAL");
    BtfBuilder types = new BtfBuilder();
    int u32 = types.unsigned("u32", 4);
    int u64 = types.unsigned("u64", 8);
    int key = types.struct("key", s -> s.member("bits", u32).member("data", u32));
    assertThat(create(kernel, trie.withTypes(types.build(), key, u64))).isEqualTo("OK");
    assertThat(create(kernel, trie.withTypes(types.build(), u64, u64))).isEqualTo("EINVAL");
    assertThat(create(kernel, trie.withTypes(types.build(), 0, u64))).isEqualTo("EINVAL");
  }

  @TwinTest
  void storesHaveNoKeys(Kernel kernel) {
    for (MapType type : new MapType[] {MapType.QUEUE, MapType.STACK, MapType.BLOOM_FILTER}) {
      MapSpec store = MapSpec.of("s", type, 0, 8, 4);
      assertThat(create(kernel, store)).isEqualTo("OK");
      assertThat(create(kernel, store.withKeySize(4))).isEqualTo("EINVAL");
      assertThat(create(kernel, store.withValueSize(0))).isEqualTo("EINVAL");
      assertThat(create(kernel, store.withMaxEntries(0))).isEqualTo("EINVAL");
      assertThat(create(kernel, store.withFlags(MapFlags.NO_PREALLOC))).isEqualTo("EINVAL");
      assertThat(create(kernel, store.withFlags(MapFlags.ZERO_SEED)))
          .isEqualTo(type == MapType.BLOOM_FILTER ? "OK" : "EINVAL");
      assertThat(create(kernel, store.withFlags(MapFlags.RDONLY_PROG))).isEqualTo("OK");
      BtfBuilder types = new BtfBuilder();
      int u64 = types.unsigned("u64", 8);
      assertThat(create(kernel, store.withTypes(types.build(), 0, u64)))
          .isEqualTo(type == MapType.BLOOM_FILTER ? "OK" : "EINVAL");
    }
    MapSpec filter = MapSpec.of("s", MapType.BLOOM_FILTER, 0, 8, 4);
    assertThat(create(kernel, filter.withExtra(15))).isEqualTo("OK");
    assertThat(create(kernel, filter.withExtra(16))).isEqualTo("EINVAL");
    MapSpec large = MapSpec.of("s", MapType.QUEUE, 0, (4 << 20) + 1, 1);
    assertThat(create(kernel, large)).isEqualTo("E2BIG");
  }

  private static String create(Kernel kernel, MapSpec spec) {
    return answer(() -> kernel.createMap(spec).close());
  }

  private static long told(BpfObject object) {
    return Elements.value(object.map("answer"), 0);
  }

  private static int run(
      BpfObject object, String store, int operation, int bits, long value, long flags) {
    byte[] packet = new byte[64];
    MemorySegment request = MemorySegment.ofArray(packet).asSlice(14);
    request.set(ValueLayout.JAVA_INT_UNALIGNED, 0, operation);
    request.set(ValueLayout.JAVA_INT_UNALIGNED, 4, bits);
    request.set(ValueLayout.JAVA_LONG_UNALIGNED, 8, value);
    request.set(ValueLayout.JAVA_LONG_UNALIGNED, 16, flags);
    return object.program("on_" + store).testRun(TestRun.of(packet)).returnValue();
  }

  private static BpfObject load(Kernel kernel) {
    try (InputStream in = StoresTwinTest.class.getResourceAsStream("/stores.bpf.o")) {
      return kernel.load(
          ObjectFile.parse("stores.bpf.o", Objects.requireNonNull(in).readAllBytes()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
