package io.ebpf4j.object;

/**
 * A section as its header says.
 *
 * @param name its name
 * @param size bytes
 * @param code whether it holds instructions
 * @param relocations how many places in it are to be filled in
 */
public record ObjectSection(String name, long size, boolean code, int relocations) {}
