package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.memory.Memory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The fields of a value that belong to the kernel: spin locks, timers, work queues, kernel
 * pointers. Copies go around them: users neither see nor change them, and an update leaves locks
 * alone.
 */
public final class SpecialFields {
  /** No special fields. */
  public static final SpecialFields NONE = new SpecialFields(List.of());

  private final List<Field> fields;
  private final int lockOffset;
  private final int timerOffset;
  private final int workQueueOffset;
  private final int[] deferred;

  /** These fields, by offset. */
  SpecialFields(List<Field> fields) {
    this.fields = List.copyOf(fields);
    this.lockOffset = offsetOf(Kind.SPIN_LOCK);
    this.timerOffset = offsetOf(Kind.TIMER);
    this.workQueueOffset = offsetOf(Kind.WORK_QUEUE);
    this.deferred =
        IntStream.of(timerOffset, workQueueOffset).filter(offset -> offset >= 0).toArray();
  }

  /** What a field is. */
  public enum Kind {
    SPIN_LOCK("bpf_spin_lock", 4, 4),
    RESILIENT_SPIN_LOCK("bpf_res_spin_lock", 4, 4),
    TIMER("bpf_timer", 16, 8),
    WORK_QUEUE("bpf_wq", 16, 8),
    TASK_WORK("bpf_task_work", 8, 8),
    REFERENCE_COUNT("bpf_refcount", 4, 4),
    LIST_HEAD("bpf_list_head", 16, 8),
    TREE_ROOT("bpf_rb_root", 16, 8),
    USER_POINTER("uptr", 8, 8),
    KERNEL_POINTER("kptr", 8, 8);

    private final String label;
    private final int size;
    private final int alignment;

    Kind(String label, int size, int alignment) {
      this.label = label;
      this.size = size;
      this.alignment = alignment;
    }

    /** The kind that a struct of that name is. */
    static Optional<Kind> ofStruct(String name) {
      return Arrays.stream(values())
          .filter(kind -> kind != KERNEL_POINTER && kind != USER_POINTER)
          .filter(kind -> kind.label.equals(name))
          .findFirst();
    }

    /** Whether it is the root of a graph: of a list or a tree. */
    boolean isGraphRoot() {
      return this == LIST_HEAD || this == TREE_ROOT;
    }

    /** The struct by which elements lie in this list or tree. */
    String nodeStruct() {
      return this == LIST_HEAD ? "bpf_list_node" : "bpf_rb_node";
    }

    /** Whether a value may have several. */
    boolean mayRepeat() {
      return this == KERNEL_POINTER || this == USER_POINTER || isGraphRoot();
    }

    /** The name in C. */
    public String label() {
      return label;
    }

    /** Bytes. */
    public int size() {
      return size;
    }

    int alignment() {
      return alignment;
    }
  }

  /** A field: bytes from the start of the value. */
  public record Field(Kind kind, int offset) {
    int end() {
      return offset + kind.size();
    }
  }

  /** The fields, by offset. */
  public List<Field> fields() {
    return fields;
  }

  /** Whether there are none. */
  public boolean isEmpty() {
    return fields.isEmpty();
  }

  /** Whether there is one of that kind. */
  public boolean has(Kind kind) {
    return offsetOf(kind) >= 0;
  }

  /** Whether BPF_F_LOCK has a lock to take. */
  public boolean hasSpinLock() {
    return lockOffset >= 0;
  }

  /** Where the timer is, or -1. */
  int timerOffset() {
    return timerOffset;
  }

  /** Where the work queue is, or -1. */
  int workQueueOffset() {
    return workQueueOffset;
  }

  /** Where that is which runs a function later: the timer and the work queue. */
  int[] deferred() {
    return deferred;
  }

  @Override
  public String toString() {
    return fields.stream()
        .map(field -> field.kind().label())
        .distinct()
        .collect(Collectors.joining(", "));
  }

  /** Copies a value in raw memory, all but the special fields. */
  void store(Cpu cpu, long from, long to, long bytes, boolean locked) {
    if (locked) {
      SpinLock.lock(cpu, to + lockOffset);
    }
    try {
      copy(from, to, bytes);
    } finally {
      if (locked) {
        SpinLock.unlock(to + lockOffset);
      }
    }
  }

  /** Copies a value in raw memory, all but the special fields. */
  public void copy(long from, long to, long bytes) {
    long done = 0;
    for (int i = 0; i < fields.size(); i++) {
      RawCopy.copy(from + done, to + done, fields.get(i).offset() - done);
      done = fields.get(i).end();
    }
    RawCopy.copy(from + done, to + done, bytes - done);
  }

  /** Puts fresh special fields into a value that is not used yet. */
  public void renew(long value) {
    for (int i = 0; i < fields.size(); i++) {
      Field field = fields.get(i);
      Memory.fill(value + field.offset(), field.kind().size(), (byte) 0);
      if (field.kind() == Kind.REFERENCE_COUNT) {
        Memory.putInt(value + field.offset(), 1);
      }
    }
  }

  /** Copies a value to the user, fresh ones in place of the special fields. */
  public void toUser(
      MemorySegment values, long offset, MemorySegment user, long bytes, boolean locked) {
    if (isEmpty()) {
      UserCopy.copy(values, offset, user, 0, bytes);
      return;
    }
    if (locked) {
      SpinLock.lock(values, offset + lockOffset);
    }
    try {
      copy(values, offset, user, 0, bytes);
    } finally {
      if (locked) {
        SpinLock.unlock(values, offset + lockOffset);
      }
    }
    for (Field field : fields) {
      user.asSlice(field.offset(), field.kind().size()).fill((byte) 0);
      if (field.kind() == Kind.REFERENCE_COUNT) {
        user.set(ValueLayout.JAVA_INT_UNALIGNED, field.offset(), 1);
      }
    }
  }

  /** Copies a value from the user, all but the special fields. */
  public void fromUser(
      MemorySegment user, MemorySegment values, long offset, long bytes, boolean locked) {
    if (locked) {
      SpinLock.lock(values, offset + lockOffset);
    }
    try {
      copy(user, 0, values, offset, bytes);
    } finally {
      if (locked) {
        SpinLock.unlock(values, offset + lockOffset);
      }
    }
  }

  private void copy(
      MemorySegment from, long fromOffset, MemorySegment to, long toOffset, long bytes) {
    long done = 0;
    for (Field field : fields) {
      UserCopy.copy(from, fromOffset + done, to, toOffset + done, field.offset() - done);
      done = field.end();
    }
    UserCopy.copy(from, fromOffset + done, to, toOffset + done, bytes - done);
  }

  private int offsetOf(Kind kind) {
    return fields.stream()
        .filter(field -> field.kind() == kind)
        .mapToInt(Field::offset)
        .findFirst()
        .orElse(-1);
  }
}
