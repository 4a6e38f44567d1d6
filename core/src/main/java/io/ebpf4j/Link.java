package io.ebpf4j;

import io.ebpf4j.spec.AttachType;
import org.jspecify.annotations.Nullable;

/**
 * A program attached to a hook. It stays attached as long as the link is held, by this handle or by
 * a pin. Thread safe.
 */
public interface Link extends Handle {
  /** What the kernel tells of it now. */
  Info info();

  /**
   * Puts another program in the place of the attached one, without a gap.
   *
   * @throws BpfException EINVAL where the hook's links cannot be updated, or the program is of
   *     another type
   */
  void update(Program program);

  /**
   * Puts another program in the place of the attached one, if that is still the expected one.
   *
   * @throws BpfException EPERM where another program is attached; else as {@link #update(Program)}
   */
  void update(Program program, Program expected);

  /**
   * Takes the program off the hook; the link itself stays until it is closed.
   *
   * @throws BpfException ENOTSUPP where the hook's links end only when they are closed
   */
  void detach();

  /**
   * A link as the kernel tells of it.
   *
   * @param id the link's id
   * @param type {@code enum bpf_link_type}
   * @param programId the attached program
   * @param ifindex the network device of an XDP or tcx link, 0 once it is detached; 0 for others
   * @param attachType what it is attached as, or null where its type says that alone
   * @param target what it is attached to
   */
  record Info(
      int id,
      int type,
      int programId,
      int ifindex,
      @Nullable AttachType attachType,
      Target target) {
    /** A link of which no more is told. */
    public Info(int id, int type, int programId, int ifindex) {
      this(id, type, programId, ifindex, null, new Target.Untold());
    }
  }

  /** What a link is attached to. */
  sealed interface Target {
    /** What the kernel does not tell, or what the type and the device say already. */
    record Untold() implements Target {}

    /** A control group, by its id; 0 once it is detached. */
    record Cgroup(long id) implements Target {}

    /** A tracepoint. */
    record RawTracepoint(String name) implements Target {}

    /**
     * Something with a type.
     *
     * @param objectId the id of the program whose function it is, or of the BTF it is in: 1 is
     *     Linux's own
     * @param btfType its type there
     */
    record Typed(int objectId, int btfType) implements Target {}

    /**
     * What an iterator goes over.
     *
     * @param name such as {@code task} or {@code bpf_map_elem}
     * @param mapId the map whose elements they are, or 0
     */
    record Iteration(String name, int mapId) implements Target {}
  }
}
