package io.ebpf4j.jvm;

import io.ebpf4j.BpfMap;
import io.ebpf4j.MapInfo;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A descriptor of a map of the kernel in the JVM. */
final class JvmMapHandle extends JvmHandle<JvmMap> implements BpfMap {
  JvmMapHandle(JvmKernel kernel, JvmMap map) {
    super(kernel, map);
  }

  @Override
  public int id() {
    return object().id();
  }

  @Override
  public MapSpec spec() {
    return object().spec();
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
    return object().lookup(key, value, flags);
  }

  @Override
  public void update(MemorySegment key, MemorySegment value, long flags) {
    object().update(key, value, flags, this);
  }

  @Override
  public boolean delete(MemorySegment key) {
    return object().delete(key);
  }

  @Override
  public boolean lookupAndDelete(MemorySegment key, MemorySegment value, long flags) {
    return object().lookupAndDelete(key, value, flags);
  }

  @Override
  public boolean nextKey(@Nullable MemorySegment key, MemorySegment next) {
    return object().nextKey(key, next);
  }

  @Override
  public Batch lookupBatch(
      @Nullable MemorySegment in,
      MemorySegment out,
      MemorySegment keys,
      MemorySegment values,
      int count,
      long flags) {
    return object().lookupBatch(in, out, keys, values, count, flags);
  }

  @Override
  public Batch updateBatch(MemorySegment keys, MemorySegment values, int count, long flags) {
    return object().updateBatch(keys, values, count, flags);
  }

  @Override
  public void freeze() {
    object().freeze();
  }

  @Override
  public Mapping mmap(long offset, long length, boolean writable) {
    return object().mmap(offset, length, writable);
  }

  @Override
  void closing(JvmMap map) {
    map.handleClosed(this);
  }
}
