package io.ebpf4j.jvm.helper;

/** What a kernel function asks of its callers, and what it promises: the {@code KF_…} flags. */
public enum KfuncFlag {
  /** It gives a pointer that must be released. */
  ACQUIRE,
  /** It releases what its argument points to. */
  RELEASE,
  /** It may give NULL. */
  RETURNS_NULL,
  /** Its pointers come from the kernel as they are, and are not NULL. */
  TRUSTED_ARGUMENTS,
  /** It may sleep. */
  SLEEPABLE,
  /** Its pointers may also be protected by RCU. */
  RCU,
  /** What it gives is protected by RCU. */
  RCU_PROTECTED,
  /** It begins an iteration. */
  ITERATOR_NEW,
  /** It gives the next element, or NULL at the end. */
  ITERATOR_NEXT,
  /** It ends an iteration. */
  ITERATOR_DESTROY,
  /** It may be called while a spin lock is held. */
  UNDER_LOCK,
  /** It has a function of the program called some time later. */
  CALLS_BACK_LATER,
  /** Packet pointers die by the call. */
  CHANGES_PACKET,
  /** It asks the CPU for the {@link io.ebpf4j.jvm.cpu.Activation} that runs. */
  USES_ACTIVATION
}
