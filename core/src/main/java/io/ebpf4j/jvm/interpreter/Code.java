package io.ebpf4j.jvm.interpreter;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.LegacyPacketAccess;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.FunctionPointer;
import io.ebpf4j.jvm.handle.Counted;
import io.ebpf4j.jvm.helper.HelperPrototype;
import io.ebpf4j.jvm.helper.KfuncTable;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A program decoded for the interpreter, by {@link Decoder}. Immutable, so thread safe. */
public final class Code {
  final ProgramSpec spec;
  final Counted holder;
  final long[] slots;
  final HelperFinder finder;
  final HelperCall[] helpers;
  final KfuncCall[] kfuncs;
  final List<Refusal> refusals;
  final ContextAccess context;
  final @Nullable LegacyPacketAccess packet;
  final List<JvmMap> maps;
  final AreaIndex areas;
  final long budget;

  private Code(Source source, long[] slots, Decoder decoder, Counted holder) {
    this.spec = source.spec();
    this.holder = holder;
    this.slots = slots;
    this.finder = source.helpers();
    this.helpers = decoder.helpers();
    this.kfuncs = decoder.kfuncs();
    this.refusals = decoder.refusals();
    this.context = new ContextAccess(source.context());
    this.packet = source.packet();
    this.maps = List.copyOf(source.maps());
    this.areas = AreaIndex.of(maps);
    this.budget = source.budget();
  }

  /**
   * Decodes a program.
   *
   * @param holder what a function that outlives its run keeps alive
   * @throws io.ebpf4j.BpfException EINVAL where an instruction is malformed, or what the finder of
   *     helpers throws
   */
  public static Code decode(Source source, Counted holder) {
    Decoder decoder = new Decoder(source);
    long[] slots = decoder.slots();
    return new Code(source, slots, decoder, holder);
  }

  /**
   * Runs it once on a CPU that the calling thread has entered.
   *
   * @param context address of the context
   * @return R0
   * @throws ProgramFaultException where the program does what it may not
   */
  public long run(Cpu cpu, long context) {
    return Run.on(cpu).start(this, context);
  }

  /** Whether those bytes are memory that a run of the program with that context may read. */
  public boolean readable(Cpu cpu, long context, long address, long bytes) {
    LiveRegions regions = new LiveRegions();
    regions.reset(areas);
    regions.stack(cpu.stackAddress(), cpu.stackAddress() + Cpu.STACK_BYTES);
    this.context.grantPointees(context, regions.grants());
    this.context.findPacket(context, regions);
    return regions.find(address, bytes, false);
  }

  /** The slot that a function pointer names, or -1. */
  int function(long pointer) {
    return FunctionPointer.slot(pointer, slots.length - 1);
  }

  /** A program that the interpreter has decoded: what a tail call can go on with. */
  public interface Holder {
    /** The decoded program. */
    Code code();
  }

  /**
   * What a program is decoded from.
   *
   * @param spec the program as it was given, for messages
   * @param instructions its slots, with references resolved
   * @param refused slots that stop a run which reaches them
   * @param helpers finds what it calls by number
   * @param kfuncs what it calls by BTF type
   * @param context what R1 points at
   * @param packet what legacy packet loads read, or null where they are not allowed
   * @param maps the maps that it uses
   * @param budget instructions of one activation
   */
  public record Source(
      ProgramSpec spec,
      List<Instruction> instructions,
      Map<Integer, Refusal> refused,
      HelperFinder helpers,
      KfuncTable kfuncs,
      ContextLayout context,
      @Nullable LegacyPacketAccess packet,
      List<JvmMap> maps,
      long budget) {}

  /** Finds the helper that a slot calls by number, or throws what the load ends with. */
  @FunctionalInterface
  public interface HelperFinder {
    /** The helper. */
    HelperPrototype find(int slot, int id);
  }

  /** Why an instruction stops a run that reaches it. */
  public record Refusal(Errno errno, String sentence) {}
}
