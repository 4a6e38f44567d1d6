package io.ebpf4j.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A bpf file system of a test's own, on a temporary directory: the machine may have none. */
final class BpfFileSystem implements AutoCloseable {
  private final Path directory;

  private BpfFileSystem(Path directory) {
    this.directory = directory;
  }

  /** Mounts one; without the privilege there is the directory alone. */
  static BpfFileSystem mount() throws IOException {
    Path directory = Files.createTempDirectory("bpf");
    run("mount", "-t", "bpf", "bpf", directory.toString());
    return new BpfFileSystem(directory);
  }

  /** A path in it. */
  Path path(String name) {
    return directory.resolve(name);
  }

  @Override
  public void close() throws IOException {
    run("umount", directory.toString());
    Files.delete(directory);
  }

  private static void run(String... command) throws IOException {
    new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .onExit()
        .join();
  }
}
