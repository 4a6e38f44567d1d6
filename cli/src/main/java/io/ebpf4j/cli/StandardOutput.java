package io.ebpf4j.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Standard output that tells a reader who has gone, as of {@code | head -1}, from an output that
 * fails: a {@link java.io.PrintStream} over it swallows an {@link IOException}, and not the end.
 */
final class StandardOutput extends OutputStream {
  private static final Path LINK = Path.of("/proc/self/fd/1");

  private final OutputStream out;

  StandardOutput() {
    this(new FileOutputStream(FileDescriptor.out));
  }

  StandardOutput(OutputStream out) {
    this.out = out;
  }

  /** Nobody reads any more: the command ends, and says nothing. */
  static final class ClosedPipeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ClosedPipeException(IOException cause) {
      super("nobody reads standard output any more", cause);
    }
  }

  @Override
  public void write(int one) throws IOException {
    write(new byte[] {(byte) one}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    try {
      out.write(bytes, offset, length);
    } catch (IOException e) {
      if (isClosedPipe(e)) {
        throw new ClosedPipeException(e);
      }
      throw e;
    }
  }

  /** EPIPE, whose message is in the user's language. */
  private static boolean isClosedPipe(IOException failure) {
    if ("Broken pipe".equals(failure.getMessage())) {
      return true;
    }
    try {
      String target = Files.readSymbolicLink(LINK).toString();
      return target.startsWith("pipe:") || target.startsWith("socket:");
    } catch (IOException e) {
      return false;
    }
  }
}
