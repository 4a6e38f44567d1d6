package io.ebpf4j.object;

/**
 * An object file that cannot be used. The message is one sentence: the file, what is wrong in it,
 * where, and what to do about it where that is known.
 */
public final class ObjectFormatException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** With the whole sentence. */
  public ObjectFormatException(String message) {
    super(message);
  }

  /** With the whole sentence and what was found first. */
  public ObjectFormatException(String message, Throwable cause) {
    super(message, cause);
  }
}
