package io.ebpf4j.jvm.map;

import java.lang.foreign.MemorySegment;

/**
 * The values of an array as they lie in memory.
 *
 * @param memory read-only
 * @param count of the values
 * @param stride bytes from value to value
 * @param size bytes of a value
 */
public record ArrayValues(MemorySegment memory, long count, long stride, long size) {}
