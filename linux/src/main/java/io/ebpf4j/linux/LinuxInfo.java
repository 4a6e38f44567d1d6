package io.ebpf4j.linux;

import io.ebpf4j.MapInfo;
import io.ebpf4j.ProgramInfo;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * What Linux tells of maps, programs and links: {@code *_info} of the UAPI header, by offset. An
 * older kernel fills less of it; the rest is 0.
 */
final class LinuxInfo {
  private static final int INFO_BYTES = 256;
  private static final int TAG_OFFSET = 8;
  private static final int TAG_BYTES = 8;

  private LinuxInfo() {}

  /** A copy of what the kernel tells of a map, a program or a link. */
  static MemorySegment bytes(int fd) {
    try (Bpf bpf = new Bpf()) {
      return get(bpf, fd, bpf.buffer(INFO_BYTES));
    }
  }

  /** The same with a name: a pointer to room for it, and behind that the room's size. */
  static MemorySegment bytes(int fd, int pointer, MemorySegment name) {
    try (Bpf bpf = new Bpf()) {
      MemorySegment asked = bpf.buffer(INFO_BYTES);
      asked.set(ValueLayout.JAVA_LONG, pointer, name.address());
      asked.set(ValueLayout.JAVA_INT, pointer + 8, (int) name.byteSize());
      return get(bpf, fd, asked);
    }
  }

  /** The id of a map, a program or a link. */
  static int id(int fd) {
    return u32(bytes(fd), 4);
  }

  /** What it tells of a map; what fdinfo says is brought along. */
  static MapInfo ofMap(int fd, long memoryBytes, boolean frozen) {
    MemorySegment info = bytes(fd);
    return new MapInfo(
        u32(info, 4),
        MapType.ofId(u32(info, 0)).orElse(MapType.UNSPEC),
        info.getString(24),
        u32(info, 8),
        u32(info, 12),
        u32(info, 16),
        u32(info, 20),
        u64(info, 80),
        u32(info, 64),
        u32(info, 68),
        u32(info, 72),
        memoryBytes,
        frozen);
  }

  /** What it tells of a program. */
  static ProgramInfo ofProgram(int fd) {
    int mapCount = u32(bytes(fd), 52);
    try (Bpf bpf = new Bpf()) {
      MemorySegment mapIds = bpf.buffer((long) mapCount * Integer.BYTES);
      MemorySegment asked = bpf.buffer(INFO_BYTES);
      asked.set(ValueLayout.JAVA_INT, 52, mapCount);
      asked.set(ValueLayout.JAVA_LONG, 56, mapIds.address());
      MemorySegment info = get(bpf, fd, asked);
      byte[] tag = info.asSlice(TAG_OFFSET, TAG_BYTES).toArray(ValueLayout.JAVA_BYTE);
      int filled = Math.min(mapCount, u32(info, 52));
      int[] ids = mapIds.asSlice(0, (long) filled * Integer.BYTES).toArray(ValueLayout.JAVA_INT);
      return new ProgramInfo(
          u32(info, 4),
          ProgramType.ofId(u32(info, 0)).orElse(ProgramType.UNSPEC),
          info.getString(64),
          HexFormat.of().formatHex(tag),
          u64(info, 40),
          u32(info, 48),
          Arrays.stream(ids).boxed().toList(),
          (u32(info, 84) & 1) != 0,
          u32(info, 128),
          u32(info, 20),
          u32(info, 16),
          u32(info, 104),
          u64(info, 192),
          u64(info, 200),
          u64(info, 208),
          u32(info, 216));
    }
  }

  /** All ids of one kind, by the command that goes from one to the next. */
  static List<Integer> ids(int command) {
    List<Integer> ids = new ArrayList<>();
    try (Bpf bpf = new Bpf()) {
      long result = bpf.u32(0, 0).call(command);
      while (result >= 0) {
        ids.add(bpf.u32(4));
        result = bpf.u32(0, bpf.u32(4)).u32(4, 0).call(command);
      }
      if (result != -Errno.ENOENT.number()) {
        throw Bpf.failure(result, "to list its objects, which needs CAP_SYS_ADMIN");
      }
    }
    return ids;
  }

  private static MemorySegment get(Bpf bpf, int fd, MemorySegment info) {
    bpf.u32(0, fd)
        .u32(4, INFO_BYTES)
        .pointer(8, info)
        .callOrThrow(Bpf.OBJ_GET_INFO_BY_FD, "to tell of a descriptor");
    return MemorySegment.ofArray(info.toArray(ValueLayout.JAVA_BYTE));
  }

  private static int u32(MemorySegment info, long offset) {
    return info.get(ValueLayout.JAVA_INT_UNALIGNED, offset);
  }

  private static long u64(MemorySegment info, long offset) {
    return info.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
  }
}
