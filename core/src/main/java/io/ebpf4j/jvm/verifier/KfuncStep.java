package io.ebpf4j.jvm.verifier;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.helper.KfuncFlag;
import io.ebpf4j.jvm.helper.KfuncPrototype;
import io.ebpf4j.jvm.map.MapShape;
import io.ebpf4j.jvm.verifier.Register.Kind;
import org.jspecify.annotations.Nullable;

/** Calls of kernel functions: whether the program may make them, and what they leave. */
final class KfuncStep {
  private static final String SLICE = "bpf_dynptr_slice";
  private static final String SLICE_TO_WRITE = "bpf_dynptr_slice_rdwr";

  private final Verification verification;
  private final KfuncArguments arguments;
  private final Iterators iterators;
  private final Sections sections;
  private final Callbacks callbacks;

  KfuncStep(
      Verification verification,
      MemoryAccess memory,
      Locks locks,
      Callbacks callbacks,
      Exploration exploration) {
    this.verification = verification;
    this.callbacks = callbacks;
    StackObjects objects = new StackObjects(verification);
    this.iterators = new Iterators(verification, objects, memory, exploration);
    this.sections = new Sections(verification, objects, memory.stack());
    this.arguments =
        new KfuncArguments(
            verification, new HelperArguments(verification, memory, locks), iterators, sections);
  }

  /** What the arguments of a call have in common. */
  static final class Call {
    final KfuncPrototype kfunc;

    /** The reference that an argument holds. */
    int reference;

    Iterators.@Nullable Place iterator;

    /** The map whose value an argument points into, or that an argument is. */
    @Nullable MapShape map;

    int mapUid;

    /** The function of the program that an argument is. */
    int function = -1;

    /** The dynptr that is used. */
    @Nullable Register dynptr;

    /** The value of the argument that is a constant, where there is one. */
    long constant;

    Call(KfuncPrototype kfunc) {
      this.kfunc = kfunc;
    }
  }

  void run(Instruction i) {
    KfuncPrototype kfunc = find(i);
    if (kfunc.is(KfuncFlag.SLEEPABLE) && !verification.state.sleepable) {
      throw Rejection.access("program must be sleepable to call sleepable kfunc %s", kfunc.name());
    }
    Call call = new Call(kfunc);
    arguments.check(call);
    MapShape map = call.map;
    if (kfunc.is(KfuncFlag.CALLS_BACK_LATER) && map != null) {
      callbacks.later(call.function, map, true);
    }
    sections.call(kfunc);
    for (int n = 0; n <= 5; n++) {
      verification.register(n).clear();
      verification.touchedRegisters |= 1 << n;
    }
    result(call, verification.register(0));
    if (kfunc.is(KfuncFlag.CHANGES_PACKET)) {
      HelperStep.dropPackets(verification);
    }
    if (kfunc.is(KfuncFlag.ITERATOR_NEXT)) {
      iterators.next(call);
    }
  }

  private KfuncPrototype find(Instruction i) {
    String missing =
        verification
            .subject
            .poisoned()
            .getOrDefault(verification.slot, "kernel function is not part of this kernel");
    KfuncPrototype kfunc =
        verification
            .subject
            .kfuncs()
            .find(i.imm())
            .orElseThrow(() -> Rejection.invalid("%s", missing));
    return verification
        .subject
        .kfuncs()
        .find(i.imm(), verification.subject.spec().type())
        .orElseThrow(
            () -> Rejection.access("calling kernel function %s is not allowed", kfunc.name()));
  }

  private void result(Call call, Register result) {
    KfuncPrototype kfunc = call.kfunc;
    if (kfunc.result() == 0) {
      return;
    }
    if (!kfunc.givesPointer()) {
      verification.markUnknown(result);
      return;
    }
    pointer(call, result);
    if (kfunc.is(KfuncFlag.RETURNS_NULL) && result.isPointer()) {
      result.flags |= Register.MAYBE_NULL;
      result.id = verification.nextId();
    }
  }

  private void pointer(Call call, Register result) {
    KfuncPrototype kfunc = call.kfunc;
    Btf btf = kfunc.types();
    int target = kfunc.resultTarget();
    if (isSlice(kfunc)) {
      slice(call, result);
    } else if (target == 0) {
      verification.markUnknown(result);
    } else if (btf.type(target) instanceof BtfType.Composite) {
      result.setPointer(Kind.BTF, kfunc.is(KfuncFlag.ITERATOR_NEXT) ? Register.TRUSTED : 0);
      result.btf = btf;
      result.btfId = target;
    } else {
      result.setPointer(Kind.MEMORY, Register.READ_ONLY);
      result.extent = btf.sizeOf(target);
      result.reference = call.reference;
    }
  }

  private static boolean isSlice(KfuncPrototype kfunc) {
    return kfunc.name().equals(SLICE) || kfunc.name().equals(SLICE_TO_WRITE);
  }

  /** Memory of a dynptr, which dies with it. */
  private void slice(Call call, Register result) {
    Register dynptr = call.dynptr;
    if (dynptr == null) {
      throw new IllegalStateException("a slice of no dynptr");
    }
    int flags = Dynptrs.typeOf(dynptr).isPacket() ? Register.PACKET_SLICE : 0;
    flags |= Register.SLICE;
    if (call.kfunc.name().equals(SLICE)) {
      flags |= Register.READ_ONLY;
    } else if (!MemoryAccess.mayWritePacket(verification.subject.spec().type())) {
      throw Rejection.invalid("the prog does not allow writes to packet data");
    }
    result.setPointer(Kind.MEMORY, flags);
    result.extent = (int) call.constant;
    result.dynptr = dynptr.id;
  }
}
