package io.ebpf4j.jvm.interpreter;

import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.JvmMap.ValueArea;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** The value areas and structures of some maps, found by address. Immutable. */
final class AreaIndex {
  /** No areas. */
  static final AreaIndex EMPTY = new AreaIndex(List.of());

  private final Area[] areas;
  private final long[] bases;

  private AreaIndex(List<Area> areas) {
    this.areas = areas.stream().sorted(Comparator.comparingLong(Area::low)).toArray(Area[]::new);
    this.bases = new long[this.areas.length];
    for (int i = 0; i < bases.length; i++) {
      bases[i] = this.areas[i].low();
    }
  }

  /** The areas that the maps have now. */
  static AreaIndex of(Collection<JvmMap> maps) {
    List<Area> areas = new ArrayList<>();
    for (JvmMap map : maps) {
      for (ValueArea area : map.valueAreas()) {
        areas.add(new Area(map, area, true));
      }
      int size = Math.toIntExact(map.structSize());
      areas.add(new Area(map, new ValueArea(map.address(), 1, size, size, true, false), false));
    }
    return areas.isEmpty() ? EMPTY : new AreaIndex(areas);
  }

  /** The area that begins last at or before the address; -1 for none. */
  int before(long address) {
    int low = 0;
    int high = bases.length - 1;
    while (low <= high) {
      int middle = low + high >>> 1;
      if (bases[middle] <= address) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return high;
  }

  /** The area of that number. */
  Area area(int number) {
    return areas[number];
  }

  /** How many areas there are. */
  int size() {
    return areas.length;
  }

  /** An area of a map: elements, or the map's own structure. */
  record Area(JvmMap map, ValueArea area, boolean elements) {
    /** Its first byte. */
    long low() {
      return area.base();
    }

    /** Behind its last byte. */
    long high() {
      return area.base() + area.count() * area.stride();
    }

    /** The element that an address in or near the area belongs to. */
    long element(long address) {
      long index = Math.floorDiv(address - area.base(), area.stride());
      return Math.clamp(index, 0, area.count() - 1);
    }

    /** What a message calls an element. */
    String name(long element) {
      String map = map().spec().name();
      return elements ? "%s[%d]".formatted(map, element) : "the structure of map " + map;
    }

    /** The first byte of an element. */
    long elementLow(long element) {
      return area.base() + element * area.stride();
    }
  }
}
