package io.ebpf4j.jvm.verifier;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.Dynptr;
import io.ebpf4j.jvm.helper.HelperNames;
import io.ebpf4j.jvm.helper.HelperPrototype;
import io.ebpf4j.jvm.helper.License;
import io.ebpf4j.jvm.helper.PrintHelpers;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.MapShape;
import io.ebpf4j.jvm.verifier.Register.Kind;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Calls of helper functions: whether the program may make them, and what they leave. */
final class HelperStep {
  private static final int MAP_LOOKUP = 1;
  private static final int MAP_UPDATE = 2;
  private static final int MAP_DELETE = 3;
  private static final int SMP_PROCESSOR_ID = 8;
  private static final int TAIL_CALL = 12;
  private static final int READ_STRING = 45;
  private static final int GET_STACK = 67;
  private static final int READ_USER_STRING = 114;
  private static final int READ_KERNEL_STRING = 115;
  private static final int GET_TASK_STACK = 141;
  private static final int SNPRINTF = 165;
  private static final int DYNPTR_FROM_MEM = 197;
  private static final int DYNPTR_WRITE = 202;
  private static final int GET_FUNC_IP = 173;
  private static final int MAX_ERRNO = 4095;

  /** What programs may call that were loaded without capabilities. */
  private static final Set<Integer> UNPRIVILEGED =
      Set.of(
          1, 2, 3, 5, 7, 8, 12, 14, 15, 25, 26, 42, 46, 47, 68, 79, 81, 83, 84, 85, 86, 87, 88, 89,
          95, 96, 97, 98, 99, 105, 106, 107, 108, 120, 122, 125, 128, 129, 130, 131, 132, 133, 134,
          160, 182, 195, 208);

  private final Verification verification;
  private final HelperArguments arguments;
  private final Callbacks callbacks;
  private final Locks locks;

  HelperStep(Verification verification, MemoryAccess memory, Callbacks callbacks, Locks locks) {
    this.verification = verification;
    this.callbacks = callbacks;
    this.locks = locks;
    this.arguments = new HelperArguments(verification, memory, locks);
  }

  /** What the arguments of a call have in common. */
  static final class Call {
    final HelperPrototype helper;
    final StackAccess.Raw raw = new StackAccess.Raw();
    @Nullable MapShape map;
    int mapUid;
    int function = -1;
    long key = -1;
    int size;

    /** The register whose object is given back, or 0. */
    int released;

    /** The reference that an argument brought, or 0. */
    int reference;

    int memorySize;

    /** The dynptr that is used. */
    @Nullable Register dynptr;

    /** The per-CPU variable that an argument names. */
    final Register object = new Register();

    Call(HelperPrototype helper) {
      this.helper = helper;
    }

    MapShape map() {
      MapShape found = map;
      if (found == null) {
        throw new IllegalStateException("no map before what needs it");
      }
      return found;
    }
  }

  void run(Instruction i) {
    HelperPrototype helper = find(i.imm());
    Sections.checkSleep(verification.state, helper);
    Call call = new Call(helper);
    List<Argument> kinds = helper.arguments();
    for (int n = 0; n < kinds.size(); n++) {
      arguments.check(n + 1, kinds, call);
    }
    forbidWrites(call);
    for (int at = 0; at < call.raw.size; at++) {
      arguments.markWritten(call.raw.register, at);
    }
    release(call);
    if (i.imm() == SNPRINTF) {
      checkFormat(call);
    }
    if (i.imm() == DYNPTR_FROM_MEM && verification.register(1).kind != Kind.MAP_VALUE) {
      throw Rejection.access(
          "Unsupported reg type %s for bpf_dynptr_from_mem data",
          StatePrinter.kind(verification.register(1)));
    }
    callbacks.before(call);
    if (i.imm() == TAIL_CALL) {
      locks.checkNothingHeld("tail_call");
    }
    verification.facts.map(verification.slot, call.map);
    if (i.imm() == MAP_LOOKUP) {
      verification.facts.key(verification.slot, call.key >= 0, call.key);
    }
    for (int n = 0; n <= 5; n++) {
      verification.register(n).clear();
      verification.touchedRegisters |= 1 << n;
    }
    result(call);
    checkMap(call);
    checkFunctionAddress(call);
    if (helper.changesPacket() || writesPacket(call)) {
      dropPackets(verification);
    }
  }

  /** Writing into a socket buffer's packet may move it. */
  private static boolean writesPacket(Call call) {
    return call.helper.id() == DYNPTR_WRITE
        && call.dynptr != null
        && Dynptrs.typeOf(call.dynptr) == Dynptr.Type.SKB;
  }

  private HelperPrototype find(int id) {
    Optional<String> name = HelperNames.nameOf(id);
    String label = name.map(bare -> "bpf_" + bare).orElse("unknown") + "#" + id;
    String poison = verification.subject.poisoned().get(verification.slot);
    if (poison != null) {
      throw Rejection.invalid("invalid func unknown#195896080\n%s", poison);
    }
    if (name.isEmpty()) {
      throw Rejection.invalid("invalid func %s", label);
    }
    if (!verification.subject.helpers().isKnown(id)) {
      throw Rejection.invalid("helper %s is not part of this kernel yet", label);
    }
    HelperPrototype helper =
        verification
            .helper(id)
            .filter(_ -> verification.rules.capable() || UNPRIVILEGED.contains(id))
            .orElseThrow(
                () -> Rejection.invalid("program of this type cannot use helper %s", label));
    if (helper.gplOnly() && !License.isGplCompatible(verification.subject.spec().license())) {
      throw Rejection.invalid(
          "cannot call GPL-restricted function from non-GPL compatible program");
    }
    if (helper.sleeps() && !verification.state.sleepable) {
      throw Rejection.invalid("helper call might sleep in a non-sleepable prog");
    }
    return helper;
  }

  /** The format of bpf_snprintf is known, and so is how much data it takes. */
  private void checkFormat(Call call) {
    Register format = verification.register(3);
    if (call.size % Long.BYTES != 0) {
      throw Rejection.invalid("the data of bpf_snprintf are no array of u64");
    }
    if (format.map instanceof JvmMap map) {
      long at = format.offset + format.bits.value();
      long address = map.valueAreas().getFirst().base() + at;
      if (!PrintHelpers.isFormat(address, map.spec().valueSize() - at, call.size / Long.BYTES)) {
        throw Rejection.invalid("Invalid format string");
      }
    }
  }

  private static void forbidWrites(Call call) {
    MapShape map = call.map;
    if (map == null || (map.spec().flags() & MapFlags.RDONLY_PROG) == 0) {
      return;
    }
    switch (call.helper.id()) {
      case MAP_UPDATE, MAP_DELETE, 87, 88 -> throw Rejection.access("write into map forbidden");
      default -> {}
    }
  }

  /** Gives back what a call gives back: no register leads to it any more. */
  private void release(Call call) {
    if (call.released == 0 || call.reference == 0) {
      return;
    }
    if (!verification.state.release(State.Reference.OBJECT, call.reference)) {
      throw Rejection.invalid(
          "func bpf_%s#%d reference has not been acquired before",
          call.helper.name(), call.helper.id());
    }
    verification.state.forEachRegister((frame, register) -> {
      if (register.reference == call.reference) {
        verification.invalidate(register);
      }
    });
  }

  private void result(Call call) {
    Register result = verification.register(0);
    Results results = new Results(verification);
    switch (call.helper.returns()) {
      case INTEGER -> {
        verification.markUnknown(result);
        refineResult(call, result);
      }
      case VOID -> result.clear();
      case MAP_VALUE -> mapValue(call, result, true);
      case MAP_VALUE_OR_NULL -> mapValue(call, result, isNeverNull(call));
      default -> results.object(call, result);
    }
    results.references(call, result);
  }

  private void mapValue(Call call, Register result, boolean neverNull) {
    MapShape map = call.map();
    result.setPointer(Kind.MAP_VALUE, neverNull ? 0 : Register.MAYBE_NULL);
    result.map = map;
    result.mapUid = call.mapUid;
    if (result.mayBeNull()
        || map.specialFields().has(io.ebpf4j.jvm.map.SpecialFields.Kind.SPIN_LOCK)) {
      result.id = verification.nextId();
    }
  }

  /** The number of the CPU is below the number of CPUs. */
  private void refineResult(Call call, Register result) {
    switch (call.helper.id()) {
      case GET_STACK, GET_TASK_STACK, READ_STRING, READ_USER_STRING, READ_KERNEL_STRING -> {
        result.smax = call.size;
        result.s32max = call.size;
        result.smin = -MAX_ERRNO;
        result.s32min = -MAX_ERRNO;
        Bounds.sync(result);
      }
      default -> {}
    }
    if (call.helper.id() == SMP_PROCESSOR_ID) {
      int last = verification.subject.cpus() - 1;
      result.umax = last;
      result.u32max = last;
      result.smax = last;
      result.s32max = last;
      result.umin = 0;
      result.u32min = 0;
      result.smin = 0;
      result.s32min = 0;
      Bounds.sync(result);
    }
  }

  /** An element of an array whose index is known and within it is always there. */
  private static boolean isNeverNull(Call call) {
    MapType type = call.map().spec().type();
    return call.helper.id() == MAP_LOOKUP
        && (type == MapType.ARRAY || type == MapType.PERCPU_ARRAY)
        && call.key >= 0
        && call.key < Integer.toUnsignedLong(call.map().spec().maxEntries());
  }

  /** Only what is attached to a function knows its address. */
  private void checkFunctionAddress(Call call) {
    if (call.helper.id() != GET_FUNC_IP) {
      return;
    }
    ProgramSpec program = verification.subject.spec();
    if (program.type() == ProgramType.TRACING) {
      switch (program.expectedAttachType()) {
        case TRACE_FENTRY, TRACE_FEXIT, MODIFY_RETURN -> {}
        case null, default ->
            throw new Rejection(
                Errno.ENOTSUPP,
                "func bpf_get_func_ip#173 supported only for fentry/fexit/fmod_ret programs");
      }
    } else if (program.type() != ProgramType.KPROBE) {
      throw new Rejection(
          Errno.ENOTSUPP,
          "func bpf_get_func_ip#173 not supported for program type " + program.type().id());
    }
  }

  private void checkMap(Call call) {
    MapShape map = call.map;
    if (map == null) {
      return;
    }
    int id = call.helper.id();
    MapType type = map.spec().type();
    if (!MapHelperRules.fit(type, id, verification.subject.spec())) {
      throw Rejection.invalid(
          "cannot pass map_type %d into func bpf_%s#%d", type.id(), call.helper.name(), id);
    }
  }

  /** After the packet has changed, pointers to it are worth nothing. */
  static void dropPackets(Verification verification) {
    verification.state.forEachRegister((frame, register) -> {
      if (register.isAnyPacketPointer() || register.is(Register.PACKET_SLICE)) {
        register.setUnknown();
        register.precise = !verification.rules.capable();
      }
    });
  }

  /** Whether a number calls a helper that calls back. */
  static boolean isCallback(int id) {
    return id == 164 || id == 180 || id == 181 || id == 209;
  }

  static boolean isAsyncCallback(int id) {
    return id == 170;
  }

  static int argumentCount(Verification verification, int id) {
    return verification
        .helper(id)
        .map(helper ->
            (int) helper.arguments().stream().filter(a -> a != Argument.UNCHECKED).count())
        .orElse(-1);
  }
}
