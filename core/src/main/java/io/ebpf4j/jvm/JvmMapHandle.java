package io.ebpf4j.jvm;

import io.ebpf4j.BpfMap;
import io.ebpf4j.MapInfo;
import io.ebpf4j.jvm.map.ArrayValues;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.MapUser;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A descriptor of a map of the kernel in the JVM. */
final class JvmMapHandle extends JvmHandle<JvmMap> implements BpfMap {
  private final MapUser user;
  private final MapSpec spec;

  // An array's values, flat: reading one is to cost little more than a load.
  private final @Nullable MemorySegment values;
  private final long count;
  private final long stride;
  private final long size;

  private JvmMapHandle(JvmKernel kernel, JvmMap map, MapUser user, MapSpec spec) {
    super(kernel, map);
    this.user = user;
    this.spec = spec;
    ArrayValues found = user.arrayValues();
    this.values = found == null ? null : found.memory();
    this.count = found == null ? 0 : found.count();
    this.stride = found == null ? 0 : found.stride();
    this.size = found == null ? 0 : found.size();
  }

  /** The handle of a map that was just created as asked: the map may have more entries. */
  static JvmMapHandle created(JvmKernel kernel, JvmMap map, MapSpec asked) {
    return new JvmMapHandle(kernel, map, map.user(), asked);
  }

  /** One more handle of a map. */
  static JvmMapHandle opened(JvmKernel kernel, JvmMap map) {
    int flags = map.spec().flags() & ~(MapFlags.RDONLY | MapFlags.WRONLY);
    return new JvmMapHandle(kernel, map, map.userWithAllAccess(), map.spec().withFlags(flags));
  }

  @Override
  public int id() {
    return object().id();
  }

  @Override
  public MapSpec spec() {
    object();
    return spec;
  }

  @Override
  public MapInfo info() {
    return object().info();
  }

  @Override
  public int userValueSize() {
    return object().userValueSize();
  }

  @Override
  public long memoryBytes() {
    return object().memoryBytes();
  }

  @Override
  public boolean frozen() {
    return object().frozen();
  }

  @Override
  public boolean lookup(MemorySegment key, MemorySegment value, long flags) {
    return user().lookup(key, value, flags);
  }

  @Override
  public <V> @Nullable V read(int index, Function<MemorySegment, V> reader) {
    object();
    if (values == null) {
      return BpfMap.super.read(index, reader);
    }
    long number = Integer.toUnsignedLong(index);
    return number < count ? reader.apply(values.asSlice(number * stride, size)) : null;
  }

  @Override
  public long readLong(int index) {
    object();
    long number = Integer.toUnsignedLong(index);
    return values != null && size == Long.BYTES && number < count
        ? values.get(ValueLayout.JAVA_LONG, number * Long.BYTES)
        : BpfMap.super.readLong(index);
  }

  @Override
  public void update(MemorySegment key, MemorySegment value, long flags) {
    user().update(key, value, flags, this);
  }

  @Override
  public boolean delete(MemorySegment key) {
    return user().delete(key);
  }

  @Override
  public boolean lookupAndDelete(MemorySegment key, MemorySegment value, long flags) {
    return user().lookupAndDelete(key, value, flags);
  }

  @Override
  public boolean nextKey(@Nullable MemorySegment key, MemorySegment next) {
    return user().nextKey(key, next);
  }

  @Override
  public Batch lookupBatch(
      @Nullable MemorySegment in,
      MemorySegment out,
      MemorySegment keys,
      MemorySegment values,
      int count,
      long flags) {
    return user().lookupBatch(in, out, keys, values, count, flags);
  }

  @Override
  public Batch updateBatch(MemorySegment keys, MemorySegment values, int count, long flags) {
    return user().updateBatch(keys, values, count, flags);
  }

  @Override
  public Batch lookupAndDeleteBatch(
      @Nullable MemorySegment in,
      MemorySegment out,
      MemorySegment keys,
      MemorySegment values,
      int count,
      long flags) {
    return user().lookupAndDeleteBatch(in, out, keys, values, count, flags);
  }

  @Override
  public Batch deleteBatch(MemorySegment keys, int count, long flags) {
    return user().deleteBatch(keys, count, flags);
  }

  @Override
  public void freeze() {
    user().freeze();
  }

  @Override
  public Mapping mmap(long offset, long length, boolean writable) {
    return kernel().givenOut().add(this, user().mmap(offset, length, writable));
  }

  /** The user's operations, of an open handle. */
  private MapUser user() {
    object();
    return user;
  }

  @Override
  void closing(JvmMap map) {
    map.handleClosed(this);
  }
}
