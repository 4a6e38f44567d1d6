package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

/**
 * Random operations on owners and maps that come and go, on either kernel against a plain table of
 * what must be there. The seed is in the failure's description.
 */
class StorageRandomTwinTest {
  private static final int STEPS = 400;
  private static final BtfBuilder BUILDER = new BtfBuilder();
  private static final int U32 = BUILDER.unsigned("unsigned int", 4);
  private static final int U64 = BUILDER.unsigned("unsigned long", 8);
  private static final Btf BTF = BUILDER.build();

  private static final class State {
    final Map<BpfMap, Map<StorageOwners.Owner, Long>> values = new HashMap<>();
    final List<BpfMap> maps = new ArrayList<>();
    final List<StorageOwners.Owner> alive = new ArrayList<>();
  }

  @TwinTest
  void operationsOnOwnersAndMapsThatComeAndGo(Kernel kernel) {
    for (MapType type :
        List.of(
            MapType.SK_STORAGE,
            MapType.TASK_STORAGE,
            MapType.INODE_STORAGE,
            MapType.CGRP_STORAGE)) {
      long seed = Long.getLong("ebpf4j.storage.seed", System.nanoTime());
      State state = new State();
      try (StorageOwners owners = new StorageOwners(kernel)) {
        Random random = new Random(seed);
        for (int step = 0; step < STEPS; step++) {
          step(
              kernel,
              type,
              owners,
              state,
              random,
              "%s, seed %d, step %d".formatted(type, seed, step));
        }
      } finally {
        state.maps.forEach(BpfMap::close);
      }
    }
  }

  private static void step(
      Kernel kernel, MapType type, StorageOwners owners, State state, Random random, String where) {
    int choice = random.nextInt(100);
    if (state.alive.isEmpty() || (choice < 3 && state.alive.size() < 8)) {
      state.alive.add(owners.open(type));
    } else if (state.maps.isEmpty() || (choice < 8 && state.maps.size() < 20)) {
      BpfMap map =
          kernel.createMap(
              MapSpec.of("values", type, 4, 8, 0)
                  .withFlags(MapFlags.NO_PREALLOC)
                  .withTypes(BTF, U32, U64));
      state.maps.add(map);
      state.values.put(map, new HashMap<>());
    } else if (choice < 10) {
      BpfMap gone = state.maps.remove(random.nextInt(state.maps.size()));
      state.values.remove(gone);
      gone.close();
    } else if (choice < 12) {
      StorageOwners.Owner gone = state.alive.remove(random.nextInt(state.alive.size()));
      gone.end().run();
      gone.descriptor().close();
      state.values.values().forEach(values -> values.remove(gone));
    } else {
      operate(state, random, where);
    }
  }

  private static void operate(State state, Random random, String where) {
    BpfMap map = state.maps.get(random.nextInt(state.maps.size()));
    StorageOwners.Owner owner = state.alive.get(random.nextInt(state.alive.size()));
    Map<StorageOwners.Owner, Long> values = Objects.requireNonNull(state.values.get(map));
    Long there = values.get(owner);
    switch (random.nextInt(3)) {
      case 0 -> {
        String expected = there == null ? "ENOENT" : "OK";
        assertThat(Elements.lookup(map, owner.fd(), 0)).as(where).isEqualTo(expected);
        if (there != null) {
          assertThat(Elements.value(map, owner.fd())).as(where).isEqualTo(there);
        }
      }
      case 1 -> {
        long value = random.nextLong();
        long flags = random.nextInt(3);
        String expected = "OK";
        if (flags == MapFlags.NOEXIST && there != null) {
          expected = "EEXIST";
        } else if (flags == MapFlags.EXIST && there == null) {
          expected = "ENOENT";
        } else {
          values.put(owner, value);
        }
        assertThat(Elements.update(map, owner.fd(), Elements.u64(value), flags))
            .as(where)
            .isEqualTo(expected);
      }
      default -> {
        assertThat(Elements.delete(map, owner.fd()))
            .as(where)
            .isEqualTo(there == null ? "ENOENT" : "OK");
        values.remove(owner);
      }
    }
  }
}
