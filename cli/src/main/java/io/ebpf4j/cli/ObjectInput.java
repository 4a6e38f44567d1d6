package io.ebpf4j.cli;

import io.ebpf4j.object.ObjectFile;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads the object that a command is given. */
final class ObjectInput {
  private ObjectInput() {}

  /**
   * Reads it.
   *
   * @throws RefusedException where the file cannot be read
   * @throws io.ebpf4j.object.ObjectFormatException where it is no object
   */
  static ObjectFile read(Path file) {
    return ObjectFile.parse(file.toString(), bytes(file));
  }

  /**
   * The file's bytes.
   *
   * @throws RefusedException where it cannot be read
   */
  static byte[] bytes(Path file) {
    if (Files.isDirectory(file)) {
      throw new RefusedException(file + " is a directory: give an object file");
    }
    try {
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new RefusedException(file + " does not exist: give the path of an object file", e);
    } catch (AccessDeniedException e) {
      throw new RefusedException(file + " may not be read: permission denied", e);
    } catch (IOException e) {
      throw new RefusedException(file + " cannot be read: " + e.getMessage(), e);
    }
  }
}
