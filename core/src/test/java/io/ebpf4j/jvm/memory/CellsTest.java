package io.ebpf4j.jvm.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class CellsTest {
  @Test
  void aCellIsZeroedAndNoOtherCells() {
    try (Cells cells = new Cells(20, false)) {
      List<Long> given = new ArrayList<>();
      for (int i = 0; i < 5_000; i++) {
        long cell = cells.allocate();
        assertThat(Memory.getLong(cell) | Memory.getLong(cell + 8) | Memory.getInt(cell + 16))
            .isZero();
        Memory.fill(cell, 20, (byte) -1);
        given.add(cell);
      }
      assertThat(new HashSet<>(given)).hasSize(5_000);
      given.sort(null);
      for (int i = 1; i < given.size(); i++) {
        assertThat(given.get(i) - given.get(i - 1)).isGreaterThanOrEqualTo(24);
      }
      cells.free(given.getFirst());
      assertThat(Memory.getLong(cells.allocate() + 16)).isZero();
    }
  }

  @Test
  void memoryGoesBackWhenTheCellsHaveGone() {
    try (Cells cells = new Cells(64, false)) {
      List<Long> given = new ArrayList<>();
      for (int i = 0; i < 100_000; i++) {
        given.add(cells.allocate());
      }
      assertThat(cells.inUse()).isEqualTo(100_000);
      assertThat(cells.hostBytes()).isBetween(100_000L * 72, 100_000L * 72 + (1 << 18));
      given.forEach(cells::free);
      assertThat(cells.inUse()).isZero();
      assertThat(cells.hostBytes()).isLessThanOrEqualTo(1 << 18);
      assertThat(cells.allocate()).isNotZero();
    }
  }

  @Test
  void aFreedCellIsPoisonedWhereThatIsAskedFor() {
    try (Cells cells = new Cells(24, true)) {
      long cell = cells.allocate();
      cells.free(cell);
      assertThat(Memory.getByte(cell + 23)).isEqualTo(Cells.POISON);
      assertThat(Memory.getLong(cells.allocate() + 16)).isZero();
    }
  }
}
