package io.ebpf4j.jvm.program;

import io.ebpf4j.jvm.compiler.Facts;
import io.ebpf4j.jvm.verifier.InstructionFacts;
import io.ebpf4j.jvm.verifier.Verdict;

/** What the verifier has proven, as the compiler asks for it. */
final class VerifiedFacts implements Facts {
  private final Verdict verdict;

  VerifiedFacts(Verdict verdict) {
    this.verdict = verdict;
  }

  @Override
  public boolean reached(int slot) {
    return slot < verdict.facts().size() && !verdict.facts().get(slot).dead();
  }

  @Override
  public boolean accessesContext(int slot) {
    return verdict.facts().get(slot).base() == InstructionFacts.Pointer.CONTEXT;
  }

  @Override
  public long constantKey(int slot) {
    return verdict.facts().get(slot).key();
  }

  @Override
  public int stackBytes(int function) {
    return verdict.stackBytes().get(function) + Long.BYTES - 1 & -Long.BYTES;
  }
}
