package io.ebpf4j.jvm.storage;

import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.map.StorageOwner;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.MapType;
import java.nio.file.Path;
import java.util.Map;

/**
 * A file of the host as programs see it. Its structure is a {@code struct inode} with the fields
 * that a file has here. Thread safe.
 */
public final class Inode extends StorageOwner {
  private static final int MODE = 0;
  private static final int UID = 4;
  private static final int GID = 8;
  private static final int NUMBER = 16;
  private static final int STRUCT_BYTES = 24;

  private final Inodes inodes;
  private final Object key;
  private final Path path;

  /**
   * A file, held once.
   *
   * @param key what tells it from all other files
   * @param path one of its names
   * @param attributes {@code ino}, {@code mode}, {@code uid} and {@code gid} where the host has
   *     them
   */
  Inode(Machine machine, Inodes inodes, Object key, Path path, Map<String, Object> attributes) {
    super(machine, STRUCT_BYTES);
    this.inodes = inodes;
    this.key = key;
    this.path = path;
    Memory.putShort(address() + MODE, (short) number(attributes, "mode", 0));
    Memory.putInt(address() + UID, (int) number(attributes, "uid", 0));
    Memory.putInt(address() + GID, (int) number(attributes, "gid", 0));
    Memory.putLong(address() + NUMBER, number(attributes, "ino", key.hashCode()));
  }

  private static long number(Map<String, Object> attributes, String name, long otherwise) {
    return attributes.get(name) instanceof Number number ? number.longValue() : otherwise;
  }

  /** Adds {@code struct inode}. */
  static void declare(BtfBuilder types) {
    int u32 = types.unsigned("unsigned int", 4);
    int mode = types.typedef("umode_t", types.unsigned("short unsigned int", 2));
    int user = types.typedef("uid_t", types.typedef("__kernel_uid32_t", u32));
    int group = types.typedef("gid_t", types.typedef("__kernel_gid32_t", u32));
    int number = types.unsigned("long unsigned int", 8);
    int kuid = types.typedef("kuid_t", types.struct("", struct -> struct.member("val", user)));
    int kgid = types.typedef("kgid_t", types.struct("", struct -> struct.member("val", group)));
    types.struct(
        "inode",
        struct ->
            struct
                .memberAt("i_mode", mode, MODE)
                .memberAt("i_uid", kuid, UID)
                .memberAt("i_gid", kgid, GID)
                .memberAt("i_ino", number, NUMBER)
                .size(STRUCT_BYTES));
  }

  @Override
  public MapType storageType() {
    return MapType.INODE_STORAGE;
  }

  /** What tells it from all other files. */
  Object key() {
    return key;
  }

  /** One of its names. */
  public Path path() {
    return path;
  }

  @Override
  protected void lastUserGone() {
    inodes.closed(this);
  }

  @Override
  public String toString() {
    return "file " + path;
  }
}
