package io.ebpf4j.jvm.verifier;

import io.ebpf4j.spec.Errno;
import java.util.Formatter;
import java.util.Locale;

/** Ends the walk: the program is refused. The message is in Linux's words, as its log has them. */
final class Rejection extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Errno errno;

  Rejection(Errno errno, String message) {
    super(message, null, false, false);
    this.errno = errno;
  }

  static Rejection access(String format, Object... arguments) {
    return new Rejection(Errno.EACCES, text(format, arguments));
  }

  static Rejection invalid(String format, Object... arguments) {
    return new Rejection(Errno.EINVAL, text(format, arguments));
  }

  private static String text(String format, Object[] arguments) {
    return new Formatter(Locale.ROOT).format(format, arguments).toString();
  }

  Errno errno() {
    return errno;
  }

  /** The same answer, said in other words. */
  Rejection saying(String message) {
    return new Rejection(errno, message);
  }

  String text() {
    String message = getMessage();
    return message == null ? "" : message;
  }
}
