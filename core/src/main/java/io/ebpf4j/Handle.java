package io.ebpf4j;

/**
 * Something that a kernel keeps as long as somebody holds it: a map, a program, a link. Handles are
 * counted: a program holds its maps, a pin holds what it pins, and this handle is one holder more.
 * Use after {@link #close} is an {@link IllegalStateException}. Thread safe.
 */
public interface Handle extends Descriptor {
  /** The kernel-wide id: unique while the object lives. */
  int id();

  /**
   * Pins the object at a path of the pin directory, where it stays when all handles are closed.
   *
   * @throws BpfException EEXIST where the path is taken
   */
  void pin(String path);
}
