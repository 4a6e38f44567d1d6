package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;

/**
 * A map type that a subsystem brings: what {@link MapTypes} is for the general types. A kernel
 * knows it by {@link MapTable#bring}.
 */
public interface MapKind {
  /** The type. */
  MapType type();

  /**
   * Makes a map, held once, after checking what Linux checks for the type, in its order; {@link
   * MapTypes#checkName} and {@link MapTypes#checkNoTypes} come last. What concerns all types has
   * been checked.
   *
   * @param id the kernel-wide id that it is to have
   * @throws io.ebpf4j.BpfException EINVAL, E2BIG and others as bpf(2) answers
   * @throws OutOfMemoryError where there is no memory for it, which the caller turns into ENOMEM
   */
  JvmMap create(Machine machine, MapSpec spec, int id);
}
