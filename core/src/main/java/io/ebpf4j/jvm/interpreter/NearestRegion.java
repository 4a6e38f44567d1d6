package io.ebpf4j.jvm.interpreter;

import io.ebpf4j.jvm.interpreter.AreaIndex.Area;

/** Says of a stray access where it is: relative to the live region that lies nearest. */
final class NearestRegion implements LiveRegions.RegionVisitor {
  private static final long NULL_PAGE = 4096;
  private static final long NEAR = 1 << 20;

  private final Run run;
  private final long address;
  private final long bytes;
  private final boolean write;
  private String name = "";
  private long low;
  private long high;
  private boolean allowed;
  private long distance = Long.MAX_VALUE;

  NearestRegion(Run run, long address, long bytes, boolean write) {
    this.run = run;
    this.address = address;
    this.bytes = bytes;
    this.write = write;
  }

  /** Such as {@code 2 bytes past the end of cnt[3]}. */
  String describe() {
    if (address >= 0 && address < NULL_PAGE) {
      return address == 0 ? "a NULL pointer" : "a NULL pointer plus " + address;
    }
    run.regions.forEach(this);
    if (run.contextBytes() > 0) {
      visit("the context", run.context(), run.context() + run.contextBytes(), true, true);
    }
    if (distance > NEAR) {
      return "nowhere near any memory of this run";
    }
    if (address + bytes <= low) {
      return "%s before %s".formatted(count(low - address), name);
    }
    if (address >= high) {
      String distancePast = address == high ? "just" : count(address - high);
      return "%s past the end of %s".formatted(distancePast, name);
    }
    if (address < low) {
      return "it begins %s before %s".formatted(count(low - address), name);
    }
    if (address + bytes > high) {
      return "its last %s lie past the end of %s".formatted(count(address + bytes - high), name);
    }
    return "%s is %s"
        .formatted(name, allowed ? "no longer valid" : write ? "read only" : "write only");
  }

  @Override
  public void visit(
      String regionName,
      long regionLow,
      long regionHigh,
      boolean regionReadable,
      boolean regionWritable) {
    long regionDistance =
        address < regionLow
            ? regionLow - address
            : address >= regionHigh ? address - regionHigh + 1 : 0;
    if (regionDistance >= 0 && regionDistance < distance) {
      distance = regionDistance;
      name = regionName;
      low = regionLow;
      high = regionHigh;
      allowed = write ? regionWritable : regionReadable;
    }
  }

  @Override
  public void visit(Area area) {
    long element = area.element(address);
    long elementLow = area.elementLow(element);
    visit(
        area.name(element),
        elementLow,
        elementLow + area.area().valueSize(),
        area.area().readable(),
        area.area().writable());
  }

  private static String count(long bytes) {
    return bytes == 1 ? "1 byte" : bytes + " bytes";
  }
}
