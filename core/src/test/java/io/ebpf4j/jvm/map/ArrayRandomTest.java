package io.ebpf4j.jvm.map;

import static io.ebpf4j.jvm.map.TestKernel.key;
import static io.ebpf4j.jvm.map.TestKernel.value;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.MapSpec;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Random operations of users and programs on an array, against a {@code long[]}. */
class ArrayRandomTest {
  private static final int ENTRIES = 5;

  private enum Kind {
    USER_UPDATE,
    USER_LOOKUP,
    PROGRAM_UPDATE,
    PROGRAM_STORE,
    PROGRAM_LOOKUP,
    NEXT_KEY
  }

  private record Operation(Kind kind, int index, long value, long flags) {}

  @Property(tries = 150)
  void anArrayAnswersAsItsModel(
      @ForAll("operations") List<Operation> operations, @ForAll boolean masked) {
    try (TestKernel kernel = new TestKernel()) {
      JvmMap map = kernel.create(MapSpec.array("m", 8, ENTRIES).withSpeculationMasked(masked));
      long[] model = new long[ENTRIES];
      for (Operation operation : operations) {
        apply(kernel, map, model, operation);
      }
      for (int i = 0; i < ENTRIES; i++) {
        assertThat(TestKernel.get(map, i)).isEqualTo(model[i]);
      }
      map.release();
    }
  }

  @Provide
  Arbitrary<List<Operation>> operations() {
    return Combinators.combine(
            Arbitraries.of(Kind.class),
            Arbitraries.integers().between(-1, ENTRIES + 2),
            Arbitraries.longs(),
            Arbitraries.longs().between(0, 8))
        .as(Operation::new)
        .list()
        .ofMaxSize(30);
  }

  private static void apply(TestKernel kernel, JvmMap map, long[] model, Operation operation) {
    int index = operation.index();
    boolean inside = index >= 0 && index < ENTRIES;
    boolean sets = inside && (operation.flags() == 0 || operation.flags() == 2);
    switch (operation.kind()) {
      case USER_UPDATE -> {
        Answer answer =
            Answer.of(
                () -> map.user().update(key(index), value(operation.value()), operation.flags()));
        assertThat(answer.outcome().equals("OK")).isEqualTo(sets);
        store(model, operation, sets);
      }
      case PROGRAM_UPDATE -> {
        long result =
            map.update(
                kernel.cpu(),
                kernel.rawKey(index),
                kernel.rawValue(operation.value()),
                operation.flags());
        assertThat(result == 0).isEqualTo(sets);
        store(model, operation, sets);
      }
      case PROGRAM_STORE -> {
        long address = map.lookup(kernel.cpu(), kernel.rawKey(index));
        assertThat(address != 0).isEqualTo(inside);
        if (inside) {
          Memory.putLong(address, operation.value());
        }
        store(model, operation, inside);
      }
      case PROGRAM_LOOKUP -> {
        long address = map.lookup(kernel.cpu(), kernel.rawKey(index));
        assertThat(address == 0 ? -1 : Memory.getLong(address))
            .isEqualTo(inside ? model[index] : -1);
      }
      case USER_LOOKUP ->
          assertThat(TestKernel.get(map, index)).isEqualTo(inside ? model[index] : -1);
      case NEXT_KEY -> {
        var next = key(99);
        boolean found = map.user().nextKey(key(index), next);
        assertThat(found).isEqualTo(index != ENTRIES - 1);
        assertThat(next.mismatch(key(found ? (inside ? index + 1 : 0) : 99))).isEqualTo(-1);
      }
    }
  }

  private static void store(long[] model, Operation operation, boolean done) {
    if (done) {
      model[operation.index()] = operation.value();
    }
  }
}
