package io.ebpf4j.jvm.interpreter;

import io.ebpf4j.jvm.interpreter.AreaIndex.Area;
import io.ebpf4j.jvm.map.JvmMap;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the memory of a run is: stack frames in use, the packet, elements of maps, and ranges that
 * the run was given. The context is not here: its fields are elsewhere than a program sees them.
 *
 * <p>The fast answers, {@link #readable} and {@link #writable}, look at the stack, the packet and
 * the last range that was found; {@link #find} looks at everything and remembers what it found.
 * Ranges are signed addresses: user memory lies in the lower half on all hosts.
 */
final class LiveRegions {
  private static final long NOWHERE = Long.MAX_VALUE;

  // The stack of the frames in use, and the packet with its metadata.
  private long stackLow;
  private long stackHigh;
  private long packetLow = NOWHERE;
  private long packetHigh;

  // The last two ranges found, the newer one first; one that may not be written begins nowhere.
  private long readLow = NOWHERE;
  private long readHigh;
  private long writeLow = NOWHERE;
  private long olderReadLow = NOWHERE;
  private long olderReadHigh;
  private long olderWriteLow = NOWHERE;

  // Frames beyond the CPU's own stack, which only programs after tail calls reach.
  private long overflowLow = NOWHERE;
  private long overflowHigh;

  private AreaIndex areas = AreaIndex.EMPTY;
  private final List<JvmMap> inner = new ArrayList<>();
  private final List<AreaIndex> innerAreas = new ArrayList<>();
  // The inner map seen last, also in the run before: most programs look one up in every run.
  private @Nullable JvmMap lastInner;
  private AreaIndex lastInnerAreas = AreaIndex.EMPTY;
  private final Grants grants = new Grants();

  /** Forgets everything of the run before. */
  void reset(AreaIndex programAreas) {
    packetLow = NOWHERE;
    overflowLow = NOWHERE;
    grants.truncate(0);
    inner.clear();
    innerAreas.clear();
    areas(programAreas);
  }

  /** The maps of the program that runs now. */
  void areas(AreaIndex programAreas) {
    areas = programAreas;
    forgetFound();
  }

  void stack(long low, long high) {
    stackLow = low;
    stackHigh = high;
  }

  void overflow(long low, long high) {
    overflowLow = low;
    overflowHigh = high;
  }

  void noOverflow() {
    overflowLow = NOWHERE;
  }

  void packet(long low, long high) {
    packetLow = low;
    packetHigh = high;
  }

  Grants grants() {
    return grants;
  }

  /** An inner map that the program has looked up. */
  void see(JvmMap map) {
    if (inner.contains(map)) {
      return;
    }
    if (map != lastInner) {
      lastInner = map;
      lastInnerAreas = AreaIndex.of(List.of(map));
    }
    inner.add(map);
    innerAreas.add(lastInnerAreas);
  }

  List<JvmMap> inner() {
    return inner;
  }

  /** Takes back grants that ended, and with them what was found in them. */
  void truncateGrants(int size) {
    if (grants.size() != size) {
      grants.truncate(size);
      forgetFound();
    }
  }

  /** Takes back a record that the program gives back, and with it what was found in it. */
  void endRecord(long low) {
    int record = grants.findRecord(low);
    if (record >= 0) {
      grants.empty(record);
      forgetFound();
    }
  }

  /** Whether a load lies whole in the stack, the packet or a range found lately. */
  boolean readable(long address, int bytes) {
    return address >= stackLow && address <= stackHigh - bytes
        || address >= packetLow && address <= packetHigh - bytes
        || address >= readLow && address <= readHigh - bytes
        || address >= olderReadLow && address <= olderReadHigh - bytes;
  }

  /** Whether a store lies whole in the stack, the packet or a range found lately. */
  boolean writable(long address, int bytes) {
    return address >= stackLow && address <= stackHigh - bytes
        || address >= packetLow && address <= packetHigh - bytes
        || address >= writeLow && address <= readHigh - bytes
        || address >= olderWriteLow && address <= olderReadHigh - bytes;
  }

  /** Whether all bytes may be read, or written: looks everywhere. */
  boolean find(long address, long bytes, boolean write) {
    return in(stackLow, stackHigh, address, bytes)
        || in(packetLow, packetHigh, address, bytes)
        || in(overflowLow, overflowHigh, address, bytes)
        || findIn(areas, address, bytes, write)
        || findInInner(address, bytes, write)
        || findGranted(address, bytes, write);
  }

  /** The element that an address lies in, if any. */
  @Nullable Area areaOf(long address) {
    Area area = areaOf(areas, address);
    for (int i = 0; area == null && i < innerAreas.size(); i++) {
      area = areaOf(innerAreas.get(i), address);
    }
    return area;
  }

  boolean inStack(long address) {
    return in(stackLow, stackHigh, address, 1) || in(overflowLow, overflowHigh, address, 1);
  }

  /** Tells a visitor of every region. */
  void forEach(RegionVisitor visitor) {
    visitor.visit("the stack", stackLow, stackHigh, true, true);
    if (packetLow != NOWHERE) {
      visitor.visit("the packet", packetLow, packetHigh, true, true);
    }
    if (overflowLow != NOWHERE) {
      visitor.visit("the stack", overflowLow, overflowHigh, true, true);
    }
    for (int i = 0; i < grants.size(); i++) {
      visitor.visit(grants.name(i), grants.low(i), grants.high(i), true, grants.writable(i));
    }
    forEachArea(areas, visitor);
    innerAreas.forEach(index -> forEachArea(index, visitor));
  }

  /** Gets a region's name, bounds and what may be done there. */
  interface RegionVisitor {
    void visit(String name, long low, long high, boolean readable, boolean writable);

    /** Gets an area of elements. */
    void visit(Area area);
  }

  private static void forEachArea(AreaIndex index, RegionVisitor visitor) {
    for (int i = 0; i < index.size(); i++) {
      visitor.visit(index.area(i));
    }
  }

  private static boolean in(long low, long high, long address, long bytes) {
    return address >= low && bytes <= high - low && address <= high - bytes;
  }

  private static @Nullable Area areaOf(AreaIndex index, long address) {
    int number = index.before(address);
    if (number < 0) {
      return null;
    }
    Area area = index.area(number);
    return address < area.high() ? area : null;
  }

  private boolean findIn(AreaIndex index, long address, long bytes, boolean write) {
    Area found = areaOf(index, address);
    if (found == null) {
      return false;
    }
    boolean readable = found.area().readable();
    boolean writable = found.area().writable();
    long low = found.elementLow(found.element(address));
    long high = low + found.area().valueSize();
    if ((write ? !writable : !readable) || !in(low, high, address, bytes)) {
      return false;
    }
    remember(readable ? low : NOWHERE, writable ? low : NOWHERE, high);
    return true;
  }

  private boolean findInInner(long address, long bytes, boolean write) {
    for (int i = 0; i < innerAreas.size(); i++) {
      if (findIn(innerAreas.get(i), address, bytes, write)) {
        return true;
      }
    }
    return false;
  }

  private boolean findGranted(long address, long bytes, boolean write) {
    int found = grants.find(address, bytes);
    if (found < 0 || write && !grants.writable(found)) {
      return false;
    }
    long low = grants.low(found);
    remember(low, grants.writable(found) ? low : NOWHERE, grants.high(found));
    return true;
  }

  private void remember(long newReadLow, long newWriteLow, long newHigh) {
    olderReadLow = readLow;
    olderReadHigh = readHigh;
    olderWriteLow = writeLow;
    readLow = newReadLow;
    writeLow = newWriteLow;
    readHigh = newHigh;
  }

  private void forgetFound() {
    readLow = NOWHERE;
    writeLow = NOWHERE;
    olderReadLow = NOWHERE;
    olderWriteLow = NOWHERE;
  }
}
