package io.ebpf4j.jvm.interpreter;

import io.ebpf4j.jvm.context.LegacyPacketAccess;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.TailCallTable;
import io.ebpf4j.jvm.cpu.Activation;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Slot;
import io.ebpf4j.jvm.helper.KfuncFlag;
import io.ebpf4j.jvm.map.HeldLocks;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.StorageOwners;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapType;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One run of a program: registers, frames, and what may be touched. Each CPU keeps one for each
 * level of nesting and uses it again, so a run allocates nothing.
 */
final class Run implements Activation {
  private static final Slot<Run[]> SLOT = Slot.of(Run[].class);
  private static final int MAX_TAIL_CALLS = 33;

  final Cpu cpu;
  // One longer than a 4-bit register number can say, so that no access needs a bounds check.
  final long[] registers = new long[16];
  final LiveRegions regions = new LiveRegions();
  final Frames frames = new Frames(this);
  private final HelperCalls helperCalls = new HelperCalls(this);
  private final KfuncCalls kfuncCalls = new KfuncCalls(this);
  private long context;
  private int contextBytes;
  private int tailCalls;
  private @Nullable Code next;

  private Run(Cpu cpu) {
    this.cpu = cpu;
  }

  /** The run of the innermost program of a CPU. */
  static Run on(Cpu cpu) {
    Run[] runs =
        cpu.slots()
            .getOrSet(
                SLOT,
                () -> {
                  Run[] made = new Run[Cpu.NESTING];
                  for (int i = 0; i < made.length; i++) {
                    made[i] = new Run(cpu);
                  }
                  return made;
                });
    return runs[cpu.nesting() - 1];
  }

  /** Runs a program from its first slot with a context. */
  long start(Code code, long newContext) {
    prepare(code, newContext);
    registers[1] = newContext;
    contextBytes = code.context.visibleBytes(newContext);
    if (code.context.isMemory()) {
      regions.grants().add(newContext, newContext + contextBytes, true, "the context");
    }
    code.context.grantPointees(newContext, regions.grants());
    code.context.findPacket(newContext, regions);
    return run(0);
  }

  /** Runs a program from its first slot over a block of memory: R1 its address, R2 its length. */
  long startOnMemory(Code code, long memory, long bytes) {
    prepare(code, 0);
    registers[1] = memory;
    registers[2] = bytes;
    regions.grants().add(memory, memory + bytes, true, "the program's memory");
    return run(0);
  }

  /** Runs a function of a program on its own. */
  long startFunction(Code code, int slot, long r1, long r2, long r3) {
    prepare(code, 0);
    setArguments(r1, r2, r3, 0, 0);
    grantElement(r1, r2, r3);
    return run(slot);
  }

  @Override
  public long call(Cpu on, long function, long r1, long r2, long r3, long r4, long r5) {
    int slot = frames.code().function(function);
    if (slot < 0) {
      throw new IllegalStateException("0x%x is no function".formatted(function));
    }
    frames.push(slot, 0, 0);
    setArguments(r1, r2, r3, r4, r5);
    int granted = regions.grants().size();
    grantElement(r1, r2, r3);
    long result = Interpreter.execute(this, slot);
    frames.pop();
    regions.truncateGrants(granted);
    return result;
  }

  @Override
  public long tailCall(long newContext, long map, long index) {
    if (tailCalls == MAX_TAIL_CALLS || !(mapAt(map) instanceof TailCallTable table)) {
      return -Errno.ENOENT.number();
    }
    LoadedProgram target = table.target((int) index);
    if (target == null) {
      return -Errno.ENOENT.number();
    }
    if (!(target instanceof Code.Holder holder)) {
      throw new IllegalStateException(target + " is no interpreted program");
    }
    tailCalls++;
    next = holder.code();
    return 0;
  }

  @Override
  public boolean readable(long address, long bytes) {
    return regions.find(address, bytes, false);
  }

  @Override
  public BoundFunction bind(long function) {
    return new Bound(frames.code(), frames.code().function(function));
  }

  /** Calls the helper of that index in the program; whether another program is to go on now. */
  boolean callHelper(int slot, int index) {
    Code code = frames.code();
    helperCalls.call(slot, code.helpers[index]);
    if (code.helpers[index].prototype.changesPacket()) {
      code.context.findPacket(context, regions);
    }
    Code target = next;
    if (target == null) {
      return false;
    }
    next = null;
    frames.replace(target);
    registers[1] = context;
    return true;
  }

  /** Calls the kernel function of that index in the program. */
  void callKfunc(int slot, int index) {
    Code code = frames.code();
    KfuncCall call = code.kfuncs[index];
    kfuncCalls.call(slot, call);
    if (call.prototype.is(KfuncFlag.CHANGES_PACKET)) {
      code.context.findPacket(context, regions);
    }
  }

  /** Calls the helper with that number, as only programs without a kernel can. */
  void callHelper(int slot, long number) {
    helperCalls.call(slot, new HelperCall(frames.code().finder.find(slot, (int) number)));
  }

  /** A load that the fast ranges do not cover; zero-extended. */
  long load(int slot, long address, int size, boolean signed) {
    ContextAccess fields = frames.code().context;
    long offset = address - context;
    if (offset >= 0 && offset < contextBytes) {
      if (!fields.loads(offset, size, signed)) {
        throw Faults.contextAccess(this, slot, offset, size, false);
      }
      return fields.load(context, offset, size);
    }
    check(slot, address, size, false);
    return switch (size) {
      case 1 -> Memory.getByte(address) & 0xffL;
      case 2 -> Memory.getShort(address) & 0xffffL;
      case 4 -> Memory.getInt(address) & 0xffffffffL;
      default -> Memory.getLong(address);
    };
  }

  /** A store that the fast ranges do not cover. */
  void store(int slot, long address, int size, long value) {
    ContextAccess fields = frames.code().context;
    long offset = address - context;
    if (offset >= 0 && offset < contextBytes) {
      if (!fields.stores(offset, size)) {
        throw Faults.contextAccess(this, slot, offset, size, true);
      }
      fields.store(context, offset, size, value);
      return;
    }
    check(slot, address, size, true);
    switch (size) {
      case 1 -> Memory.putByte(address, (byte) value);
      case 2 -> Memory.putShort(address, (short) value);
      case 4 -> Memory.putInt(address, (int) value);
      default -> Memory.putLong(address, value);
    }
  }

  /** Stops the run where the bytes may not be touched. */
  void check(int slot, long address, long bytes, boolean write) {
    if (!regions.find(address, bytes, write) && (write || !inObject(address, bytes))) {
      throw Faults.strayAccess(this, slot, address, bytes, write);
    }
  }

  /** Whether the bytes are of an object that programs read: a task, a socket, a control group. */
  private boolean inObject(long address, long bytes) {
    return StorageOwners.find(cpu.machine(), address)
        .filter(owner -> address + bytes <= owner.address() + owner.structBytes())
        .isPresent();
  }

  /** Whether the object lies there that maps of that type keep values with. */
  boolean isOwner(long address, MapType storageType) {
    return StorageOwners.find(cpu.machine(), address)
        .filter(owner -> owner.address() == address && owner.storageType() == storageType)
        .isPresent();
  }

  /**
   * Legacy packet access: R0 is the number, R1 to R5 are gone.
   *
   * @return false where the bytes are outside of the packet and the program ends
   */
  boolean loadPacket(int slot, long offset, int size) {
    LegacyPacketAccess packet = frames.code().packet;
    if (packet == null || registers[6] != context) {
      throw Faults.of(
          this, slot, Errno.EINVAL, "a legacy packet load needs the program's context in r6");
    }
    long value = packet.load(context, (int) offset, size);
    registers[0] = Math.max(value, 0);
    return value != LegacyPacketAccess.OUTSIDE;
  }

  HelperCalls helperCalls() {
    return helperCalls;
  }

  long context() {
    return context;
  }

  /** Bytes of the context that the program sees; 0 where there is none. */
  int contextBytes() {
    return contextBytes;
  }

  /** The map whose struct lies at an address: one of the program's, or one it looked up. */
  @Nullable JvmMap mapAt(long address) {
    for (JvmMap map : frames.code().maps) {
      if (map.address() == address) {
        return map;
      }
    }
    for (JvmMap map : regions.inner()) {
      if (map.address() == address) {
        return map;
      }
    }
    return null;
  }

  private void prepare(Code code, long newContext) {
    Arrays.fill(registers, 0);
    context = newContext;
    contextBytes = 0;
    tailCalls = 0;
    next = null;
    regions.reset(code.areas);
    frames.begin(code);
  }

  private long run(int slot) {
    Activation outer = cpu.activate(this);
    try {
      return Interpreter.execute(this, slot);
    } catch (Throwable stopped) {
      HeldLocks.on(cpu).release(cpu.nesting());
      throw stopped;
    } finally {
      cpu.activate(outer);
    }
  }

  private void setArguments(long r1, long r2, long r3, long r4, long r5) {
    registers[1] = r1;
    registers[2] = r2;
    registers[3] = r3;
    registers[4] = r4;
    registers[5] = r5;
  }

  /** A callback that gets a map gets key and value of one of its elements behind it. */
  private void grantElement(long r1, long r2, long r3) {
    JvmMap map = mapAt(r1);
    if (map != null) {
      regions.grants().add(r2, r2 + map.spec().keySize(), false, "a key", map);
      if (!regions.find(r3, map.spec().valueSize(), false)) {
        regions.grants().add(r3, r3 + map.spec().valueSize(), true, "a value", map);
      }
    }
  }

  /** A function that keeps its program. */
  private static final class Bound implements BoundFunction {
    private final Code code;
    private final int slot;

    Bound(Code code, int slot) {
      this.code = code;
      this.slot = slot;
      code.holder.retain();
    }

    @Override
    public long call(Cpu cpu, long r1, long r2, long r3) {
      return Run.on(cpu).startFunction(code, slot, r1, r2, r3);
    }

    @Override
    public void close() {
      code.holder.release();
    }
  }
}
