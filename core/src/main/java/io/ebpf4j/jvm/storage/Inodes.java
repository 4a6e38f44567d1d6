package io.ebpf4j.jvm.storage;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.spec.Errno;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The files that a kernel knows: those that are open, and those with values that are still there
 * when they are closed, as Linux keeps an inode in memory. Thread safe.
 */
public final class Inodes {
  private static final String ANONYMOUS = "anonymous";

  private final Machine machine;
  private final Map<Object, Inode> inodes = new HashMap<>();

  Inodes(Machine machine) {
    this.machine = machine;
  }

  /**
   * The inode of a file, held for the caller.
   *
   * @throws BpfException ENOENT where there is none, EACCES where it may not be read, EIO
   */
  public Inode open(Path path) {
    try {
      if (!Files.isReadable(path) && Files.exists(path)) {
        throw new BpfException(Errno.EACCES, path + " may not be read");
      }
      Object key = key(path);
      synchronized (this) {
        Inode inode = inodes.get(key);
        if (inode == null) {
          inode = new Inode(machine, this, key, path.toAbsolutePath(), attributes(path));
          inodes.put(key, inode);
        }
        inode.retain();
        return inode;
      }
    } catch (NoSuchFileException e) {
      throw new BpfException(Errno.ENOENT, "there is no file " + path);
    } catch (AccessDeniedException e) {
      throw new BpfException(Errno.EACCES, path + " may not be reached");
    } catch (IOException e) {
      throw new BpfException(Errno.EIO, path + " cannot be opened: " + e.getMessage());
    }
  }

  /** The inode that all descriptors share which are no files: maps, programs, links. */
  synchronized Inode holdAnonymous() {
    Inode inode =
        inodes.computeIfAbsent(
            ANONYMOUS, key -> new Inode(machine, this, key, Path.of("[anon]"), Map.of()));
    inode.retain();
    return inode;
  }

  private static Object key(Path path) throws IOException {
    Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    return key != null ? key : path.toRealPath();
  }

  private static Map<String, Object> attributes(Path path) throws IOException {
    return path.getFileSystem().supportedFileAttributeViews().contains("unix")
        ? Files.readAttributes(path, "unix:ino,mode,uid,gid")
        : Map.of();
  }

  /** The last descriptor has gone: the inode goes too if its file or all of its values have. */
  void closed(Inode inode) {
    synchronized (this) {
      if (inode.hasUsers() || (inode.storageBytes() > 0 && isThere(inode))) {
        return;
      }
      if (!inodes.remove(inode.key(), inode)) {
        return;
      }
    }
    inode.release();
  }

  private static boolean isThere(Inode inode) {
    try {
      return key(inode.path()).equals(inode.key());
    } catch (IOException e) {
      return false;
    }
  }

  /** Lets all go. */
  void close() {
    List<Inode> left;
    synchronized (this) {
      left = List.copyOf(inodes.values());
      inodes.clear();
    }
    left.forEach(Inode::release);
  }
}
