package io.ebpf4j;

/**
 * A number by which a user names an object to the kernel, as long as this is open: a file
 * descriptor. Use after {@link #close} is an {@link IllegalStateException}. Thread safe.
 */
public interface Descriptor extends AutoCloseable {
  /** The number: a key of local storage maps, an element of arrays of descriptors. */
  int fd();

  /** Lets go; a second call does nothing. */
  @Override
  void close();
}
