package io.ebpf4j.jvm.helper;

import io.ebpf4j.jvm.cpu.Activation;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;

/**
 * Kernel functions over zero-terminated strings, at addresses that nothing has checked: ERANGE for
 * one that is no memory of the kernel's, EFAULT where the string leaves the memory of the run,
 * E2BIG after 64 KiB.
 */
public final class StringKfuncs {
  private static final int MOST = 65_536;

  private StringKfuncs() {}

  /** Reads bytes of a string, as far as the run may. */
  private static final class Text {
    private final Activation run;
    private final long start;
    private boolean unreadable;

    Text(Cpu cpu, long start) {
      this.run = cpu.activation();
      this.start = start;
    }

    /** The byte at a place, or -1 where it may not be read. */
    int at(long index) {
      if (unreadable || !run.readable(start + index, 1)) {
        unreadable = true;
        return -1;
      }
      return Memory.getByte(start + index) & 0xff;
    }

    long refusal() {
      // Addresses of the lower half are no memory of the kernel's on Linux.
      return answer(start >= 0 && !run.readable(start, 1) ? Errno.ERANGE : Errno.EFAULT);
    }

    boolean isUnreadable() {
      return unreadable;
    }
  }

  /** -1, 0 or 1 by the first difference. */
  @Kfunc(
      value = "int bpf_strcmp(const char *s1__ign, const char *s2__ign)",
      flags = KfuncFlag.USES_ACTIVATION)
  public static long strcmp(Cpu cpu, long first, long second) {
    return compare(cpu, first, second, false);
  }

  /** The same, letters of either case being alike. */
  @Kfunc(
      value = "int bpf_strcasecmp(const char *s1__ign, const char *s2__ign)",
      flags = KfuncFlag.USES_ACTIVATION)
  public static long strcasecmp(Cpu cpu, long first, long second) {
    return compare(cpu, first, second, true);
  }

  private static long compare(Cpu cpu, long first, long second, boolean anyCase) {
    Text one = new Text(cpu, first);
    Text other = new Text(cpu, second);
    for (int i = 0; i < MOST; i++) {
      int a = one.at(i);
      int b = other.at(i);
      if (a < 0 || b < 0) {
        return a < 0 ? one.refusal() : other.refusal();
      }
      if (anyCase) {
        a = lower(a);
        b = lower(b);
      }
      if (a != b) {
        return a < b ? 0xffff_ffffL : 1;
      }
      if (a == 0) {
        return 0;
      }
    }
    return answer(Errno.E2BIG);
  }

  /** Lower case in Latin-1, which the kernel's characters are. */
  private static int lower(int c) {
    boolean upper = c >= 'A' && c <= 'Z' || c >= 0xc0 && c <= 0xde && c != 0xd7;
    return upper ? c + 0x20 : c;
  }

  /** Where a character is, the zero at the end being one; ENOENT where it is not. */
  @Kfunc(value = "int bpf_strchr(const char *s__ign, char c)", flags = KfuncFlag.USES_ACTIVATION)
  public static long strchr(Cpu cpu, long string, long character) {
    return strnchr(cpu, string, MOST, character);
  }

  /** The same among the first {@code count} characters. */
  @Kfunc(
      value = "int bpf_strnchr(const char *s__ign, size_t count, char c)",
      flags = KfuncFlag.USES_ACTIVATION)
  public static long strnchr(Cpu cpu, long string, long count, long character) {
    Text text = new Text(cpu, string);
    int wanted = (int) character & 0xff;
    for (int i = 0; Long.compareUnsigned(i, count) < 0 && i < MOST; i++) {
      int c = text.at(i);
      if (c < 0) {
        return text.refusal();
      }
      if (c == wanted) {
        return i;
      }
      if (c == 0) {
        return answer(Errno.ENOENT);
      }
    }
    return answer(Long.compareUnsigned(count, MOST) >= 0 ? Errno.E2BIG : Errno.ENOENT);
  }

  /** Where a character is, or the end of the string. */
  @Kfunc(value = "int bpf_strchrnul(const char *s__ign, char c)", flags = KfuncFlag.USES_ACTIVATION)
  public static long strchrnul(Cpu cpu, long string, long character) {
    Text text = new Text(cpu, string);
    int wanted = (int) character & 0xff;
    for (int i = 0; i < MOST; i++) {
      int c = text.at(i);
      if (c < 0) {
        return text.refusal();
      }
      if (c == 0 || c == wanted) {
        return i;
      }
    }
    return answer(Errno.E2BIG);
  }

  /** Where a character is last; ENOENT where it is not. */
  @Kfunc(value = "int bpf_strrchr(const char *s__ign, int c)", flags = KfuncFlag.USES_ACTIVATION)
  public static long strrchr(Cpu cpu, long string, long character) {
    Text text = new Text(cpu, string);
    long last = answer(Errno.ENOENT);
    for (int i = 0; i < MOST; i++) {
      int c = text.at(i);
      if (c < 0) {
        return text.refusal();
      }
      if (c == (int) character) {
        last = i;
      }
      if (c == 0) {
        return last;
      }
    }
    return answer(Errno.E2BIG);
  }

  /** Characters before the zero. */
  @Kfunc(value = "int bpf_strlen(const char *s__ign)", flags = KfuncFlag.USES_ACTIVATION)
  public static long strlen(Cpu cpu, long string) {
    return strnlen(cpu, string, MOST);
  }

  /** The same, {@code count} at most. */
  @Kfunc(
      value = "int bpf_strnlen(const char *s__ign, size_t count)",
      flags = KfuncFlag.USES_ACTIVATION)
  public static long strnlen(Cpu cpu, long string, long count) {
    Text text = new Text(cpu, string);
    for (int i = 0; Long.compareUnsigned(i, count) < 0 && i < MOST; i++) {
      int c = text.at(i);
      if (c < 0) {
        return text.refusal();
      }
      if (c == 0) {
        return i;
      }
    }
    return Long.compareUnsigned(count, MOST) >= 0 ? answer(Errno.E2BIG) : count;
  }

  /** How many characters at the start are all among those of another string. */
  @Kfunc(
      value = "int bpf_strspn(const char *s__ign, const char *accept__ign)",
      flags = KfuncFlag.USES_ACTIVATION)
  public static long strspn(Cpu cpu, long string, long accept) {
    return span(cpu, string, accept, true);
  }

  /** How many characters at the start are all not among those of another string. */
  @Kfunc(
      value = "int bpf_strcspn(const char *s__ign, const char *reject__ign)",
      flags = KfuncFlag.USES_ACTIVATION)
  public static long strcspn(Cpu cpu, long string, long reject) {
    return span(cpu, string, reject, false);
  }

  private static long span(Cpu cpu, long string, long set, boolean within) {
    Text text = new Text(cpu, string);
    Text others = new Text(cpu, set);
    for (int i = 0; i < MOST; i++) {
      int c = text.at(i);
      if (c < 0) {
        return text.refusal();
      }
      if (c == 0) {
        return i;
      }
      int found = indexOf(others, c);
      if (others.isUnreadable()) {
        return others.refusal();
      }
      if (found == MOST) {
        return answer(Errno.E2BIG);
      }
      if (found >= 0 != within) {
        return i;
      }
    }
    return answer(Errno.E2BIG);
  }

  /** Where a character is in a string, -1 where it is not, {@link #MOST} where it has no end. */
  private static int indexOf(Text text, int wanted) {
    for (int i = 0; i < MOST; i++) {
      int c = text.at(i);
      if (c == wanted) {
        return i;
      }
      if (c <= 0) {
        return -1;
      }
    }
    return MOST;
  }

  /** Where a string lies in another; ENOENT where it does not. */
  @Kfunc(
      value = "int bpf_strstr(const char *s1__ign, const char *s2__ign)",
      flags = KfuncFlag.USES_ACTIVATION)
  public static long strstr(Cpu cpu, long string, long wanted) {
    return strnstr(cpu, string, wanted, MOST);
  }

  /** The same within the first {@code length} characters. */
  @Kfunc(
      value = "int bpf_strnstr(const char *s1__ign, const char *s2__ign, size_t len)",
      flags = KfuncFlag.USES_ACTIVATION)
  public static long strnstr(Cpu cpu, long string, long wanted, long length) {
    Text text = new Text(cpu, string);
    Text other = new Text(cpu, wanted);
    for (long i = 0; i < MOST; i++) {
      long j = 0;
      for (; Long.compareUnsigned(i + j, length) <= 0 && j < MOST; j++) {
        int b = other.at(j);
        if (b < 0) {
          return other.refusal();
        }
        if (b == 0) {
          return i;
        }
        if (i + j == length) {
          break;
        }
        int a = text.at(i + j);
        if (a < 0) {
          return text.refusal();
        }
        if (a == 0) {
          return answer(Errno.ENOENT);
        }
        if (a != b) {
          break;
        }
      }
      if (j == MOST) {
        return answer(Errno.E2BIG);
      }
      if (i + j == length) {
        return answer(Errno.ENOENT);
      }
    }
    return answer(Errno.E2BIG);
  }

  private static long answer(Errno errno) {
    return Integer.toUnsignedLong(-errno.number());
  }
}
