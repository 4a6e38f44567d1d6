package io.ebpf4j.jvm.helper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.spec.ProgramType;
import java.util.List;
import org.junit.jupiter.api.Test;

public class HelperTableTest {
  @Test
  void findsHelpersByNumberAndName() {
    HelperTable table = HelperTable.general();
    HelperPrototype loop = table.find(181, ProgramType.XDP).orElseThrow();
    assertThat(loop.name()).isEqualTo("loop");
    assertThat(loop.arguments()).startsWith(Argument.ANYTHING, Argument.FUNCTION);
    assertThat(table.find("bpf_loop")).containsExactly(loop);
    assertThat(table.find("loop")).containsExactly(loop);
    assertThat(table.find(999, ProgramType.XDP)).isEmpty();
    assertThat(table.all()).isSortedAccordingTo((a, b) -> Integer.compare(a.id(), b.id()));
  }

  @Test
  void namesAreLinuxs() {
    assertThat(HelperNames.nameOf(1)).contains("map_lookup_elem");
    assertThat(HelperNames.nameOf(211)).contains("cgrp_storage_delete");
    assertThat(HelperNames.nameOf(0)).isEmpty();
    assertThat(HelperNames.nameOf(212)).isEmpty();
    assertThat(HelperNames.last()).isEqualTo(211);
    assertThat(HelperNames.idOf("perf_event_output")).contains(25);
  }

  @Test
  void oneNumberServesProgramTypesApart() {
    HelperTable table = HelperTable.of(List.of(Apart.class));
    assertThat(table.find(25, ProgramType.XDP).orElseThrow().method().getName()).isEqualTo("xdp");
    assertThat(table.find(25, ProgramType.SCHED_CLS).orElseThrow().method().getName())
        .isEqualTo("skb");
    assertThat(table.find(25, ProgramType.SYSCALL)).isEmpty();
  }

  @Test
  void whatDoesNotFitIsRefused() {
    assertThatThrownBy(() -> HelperTable.of(List.of(WrongName.class)))
        .hasMessageContaining("helper 1 is not map_update_elem on Linux");
    assertThatThrownBy(() -> HelperTable.of(List.of(WrongShape.class)))
        .hasMessageContaining(
            "helper map_lookup_elem is no public static long lookup(Cpu, 2 times long)");
    assertThatThrownBy(() -> HelperTable.of(List.of(Apart.class, Again.class)))
        .hasMessageContaining("two implementations of helper perf_event_output");
  }

  public static final class Apart {
    @Helper(id = 25, name = "perf_event_output", programTypes = ProgramType.XDP)
    public static long xdp(Cpu cpu) {
      return cpu.number();
    }

    @Helper(id = 25, name = "perf_event_output", programTypes = ProgramType.SCHED_CLS)
    public static long skb(Cpu cpu) {
      return cpu.number();
    }
  }

  public static final class Again {
    @Helper(id = 25, name = "perf_event_output")
    public static long all(Cpu cpu) {
      return cpu.number();
    }
  }

  public static final class WrongName {
    @Helper(id = 1, name = "map_update_elem")
    public static long update(Cpu cpu) {
      return cpu.number();
    }
  }

  public static final class WrongShape {
    @Helper(
        id = 1,
        name = "map_lookup_elem",
        arguments = {Argument.MAP, Argument.MAP_KEY})
    public static long lookup(Cpu cpu, long map) {
      return cpu.number() + map;
    }
  }
}
