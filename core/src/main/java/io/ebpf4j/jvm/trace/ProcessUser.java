package io.ebpf4j.jvm.trace;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Who this process is for the host: by the owner of its own files, as Java does not tell. */
final class ProcessUser {
  /** The number of the group above that of the user; 0 where the host has no such numbers. */
  static final long GID_UID = read();

  private ProcessUser() {}

  private static long read() {
    for (String path : List.of("/proc/self", System.getProperty("user.home", ""))) {
      try {
        long user = number(path, "unix:uid");
        long group = number(path, "unix:gid");
        return (group << Integer.SIZE) | (user & 0xffff_ffffL);
      } catch (IOException | IllegalArgumentException | UnsupportedOperationException e) {
        // The next one may tell.
      }
    }
    return 0;
  }

  private static long number(String path, String attribute) throws IOException {
    return (Integer) Files.getAttribute(Path.of(path), attribute);
  }
}
