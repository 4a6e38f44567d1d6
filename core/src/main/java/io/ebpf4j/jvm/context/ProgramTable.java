package io.ebpf4j.jvm.context;

import io.ebpf4j.spec.ProgramSpec;

/** A map of programs that must go together with those that use it. */
public interface ProgramTable {
  /**
   * Lets a program that is being loaded use the map. The first program that uses the map or is put
   * into it decides what is compatible.
   *
   * @throws io.ebpf4j.BpfException EINVAL where the program differs in what the map's type asks for
   */
  void admit(ProgramSpec user);
}
