package io.ebpf4j;

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
   */
  record Info(int id, int type, int programId, int ifindex) {}
}
