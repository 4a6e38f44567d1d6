package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.SpecialFields;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.spec.MapSpec;
import org.jspecify.annotations.Nullable;

/** A map to whose entries XDP redirects. Readers take no lock. */
abstract class RedirectMap extends JvmMap {
  RedirectMap(Machine machine, MapSpec spec, int id, Block struct) {
    super(machine, spec, id, SpecialFields.NONE, struct);
  }

  /** What a frame can be redirected to. */
  interface Target {
    /**
     * Takes a frame that a native program has redirected.
     *
     * @return null, or why it does not: then the frame stays the caller's
     */
    @Nullable DropReason enqueue(SoftNet net, long frame, NetDevice from);

    /** The same for a generic program. */
    @Nullable DropReason enqueueGeneric(
        SoftNet net, long frame, NetDevice from, LoadedProgram program);

    /** Whether the frame's way on its device ends here; else it goes on on another CPU. */
    default boolean endsHere() {
      return true;
    }

    /** The device's number, or 0 where it is none. */
    default int ifindex() {
      return 0;
    }
  }

  /** The target of a key, or null. */
  abstract @Nullable Target target(int key);

  /** The flags that a redirect takes beside the verdict of a miss. */
  long redirectFlags() {
    return 0;
  }

  /** Sends to all entries; a frame that nobody takes ends here. */
  @Nullable DropReason broadcast(SoftNet net, long frame, NetDevice from, boolean notBack) {
    throw new IllegalStateException(this + " takes no broadcast");
  }

  /** The same for a generic program. */
  @Nullable DropReason broadcastGeneric(
      SoftNet net, long frame, NetDevice from, boolean notBack, LoadedProgram program) {
    throw new IllegalStateException(this + " takes no broadcast");
  }
}
