package io.ebpf4j.jvm.map;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.TailCallTable;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.handle.Counted;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * PROG_ARRAY: programs that tail calls go to. The first program that is put in or uses the map
 * decides which others are compatible, for as long as the map lives. Programs in the map may hold
 * the map, so it lets all of them go when its last user has gone.
 */
public final class ProgArray extends FdArray<LoadedProgram> implements TailCallTable {
  private final List<Watch> watches = new ArrayList<>();
  private final AtomicReference<@Nullable Owner> owner = new AtomicReference<>();

  private ProgArray(
      Machine machine,
      MapSpec spec,
      int id,
      Block struct,
      ArrayLayout layout,
      AtomicReferenceArray<@Nullable LoadedProgram> entries) {
    super(machine, spec, id, struct, layout, entries);
  }

  static ProgArray create(Machine machine, MapSpec spec, int id) {
    ArrayLayout layout = ArrayLayout.of(spec);
    AtomicReferenceArray<@Nullable LoadedProgram> entries = allocate(layout);
    Block struct = ArrayElements.allocateStruct(machine, spec, id, layout);
    return machine
        .slots()
        .get(MapTable.SLOT)
        .add(new ProgArray(machine, spec, id, struct, layout, entries));
  }

  /** Who is told of an element's changes. */
  private static final class Watch {
    final int index;
    final Consumer<@Nullable LoadedProgram> watcher;

    Watch(int index, Consumer<@Nullable LoadedProgram> watcher) {
      this.index = index;
      this.watcher = watcher;
    }
  }

  /** What programs must have in common. */
  private record Owner(ProgramType type, @Nullable AttachType attachType, boolean frags) {
    static Owner of(ProgramSpec program) {
      return new Owner(program.type(), program.expectedAttachType(), program.frags());
    }

    @Override
    public String toString() {
      return "type %s, expected attach type %s, %s XDP frags"
          .formatted(type, attachType == null ? "none" : attachType, frags ? "with" : "without");
    }
  }

  @Override
  public @Nullable LoadedProgram target(int index) {
    return entry(index);
  }

  @Override
  public Runnable watch(int index, Consumer<@Nullable LoadedProgram> watcher) {
    Watch watch = new Watch(index, watcher);
    unchanging(() -> {
      watches.add(watch);
      watcher.accept(entry(index));
    });
    return () -> unchanging(() -> watches.remove(watch));
  }

  @Override
  void changed(int index, @Nullable LoadedProgram entry) {
    for (Watch watch : watches) {
      if (watch.index == index) {
        watch.watcher.accept(entry);
      }
    }
  }

  @Override
  public void admit(ProgramSpec user) {
    Owner candidate = Owner.of(user);
    owner.compareAndSet(null, candidate);
    Owner first = owner.get();
    if (!candidate.equals(first)) {
      throw refusal(
          Errno.EINVAL,
          "program %s (%s) does not go with the first program of this map (%s)"
              .formatted(user.name(), candidate, first));
    }
  }

  @Override
  LoadedProgram hold(int fd) {
    Counted object =
        heldObject(fd).orElseThrow(() -> refusal(Errno.EBADF, "there is no descriptor " + fd));
    LoadedProgram program =
        ofType(object, LoadedProgram.class)
            .orElseThrow(() -> refusal(Errno.EINVAL, "descriptor %d is no program".formatted(fd)));
    try {
      admit(program.spec());
    } catch (BpfException e) {
      program.release();
      throw e;
    }
    return program;
  }

  @Override
  int userValue(LoadedProgram program) {
    return program.id();
  }

  @Override
  protected void lastUserGone() {
    clear();
  }
}
