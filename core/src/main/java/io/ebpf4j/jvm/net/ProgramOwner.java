package io.ebpf4j.jvm.net;

import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** What the programs of a map have in common: the first one decides, while the map lives. */
final class ProgramOwner {
  private final AtomicReference<@Nullable Shape> first = new AtomicReference<>();

  /** Whether a program goes with the first one, which it becomes where there was none. */
  boolean admits(ProgramSpec program) {
    Shape shape = new Shape(program.type(), program.frags());
    first.compareAndSet(null, shape);
    return shape.equals(first.get());
  }

  @Override
  public String toString() {
    return String.valueOf(first.get());
  }

  private record Shape(ProgramType type, boolean frags) {
    @Override
    public String toString() {
      return "of type %s, %s frags".formatted(type, frags ? "with" : "without");
    }
  }
}
