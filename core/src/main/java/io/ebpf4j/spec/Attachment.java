package io.ebpf4j.spec;

/** Where a program is attached. */
public sealed interface Attachment {
  /**
   * To a network device's receive path, before a packet becomes a socket buffer.
   *
   * @param ifindex the device
   * @param mode who runs the program
   */
  record Xdp(int ifindex, XdpMode mode) implements Attachment {}

  /** Who runs an XDP program. */
  enum XdpMode {
    /** The driver where it can, else the network stack. */
    ANY,
    /** The network stack. */
    GENERIC,
    /** The driver. */
    NATIVE
  }

  /**
   * To a network device's traffic control, without a qdisc.
   *
   * @param ifindex the device
   * @param ingress what arrives, or what leaves
   * @param place where among the programs that are there already
   */
  record Tcx(int ifindex, boolean ingress, TcxPlace place) implements Attachment {
    /** Behind all that are there already. */
    public Tcx(int ifindex, boolean ingress) {
      this(ifindex, ingress, TcxPlace.LAST);
    }
  }

  /**
   * A place among the programs of a device.
   *
   * @param side before or behind the anchor, or all of them where there is no anchor
   * @param anchor the id of what is already there, or 0 for none
   * @param anchorIsLink whether the anchor is a link's id, not a program's
   * @param expectedRevision the revision that the device's programs must have, or 0 for any: they
   *     get another one with each change, and then the answer is ESTALE
   */
  record TcxPlace(Side side, int anchor, boolean anchorIsLink, long expectedRevision) {
    /** In front of all. */
    public static final TcxPlace FIRST = new TcxPlace(Side.BEFORE, 0, false, 0);

    /** Behind all. */
    public static final TcxPlace LAST = new TcxPlace(Side.AFTER, 0, false, 0);

    /** In front of or behind something. */
    public enum Side {
      BEFORE,
      AFTER
    }

    /** Just beside the program with that id. */
    public static TcxPlace besideProgram(Side side, int programId) {
      return new TcxPlace(side, programId, false, 0);
    }

    /** Just beside the program of the link with that id. */
    public static TcxPlace besideLink(Side side, int linkId) {
      return new TcxPlace(side, linkId, true, 0);
    }

    /** This place, if nothing has changed there since that revision. */
    public TcxPlace ifRevision(long revision) {
      return new TcxPlace(side, anchor, anchorIsLink, revision);
    }
  }

  /**
   * To a control group and all below it; what is attached is the program's expected attach type.
   *
   * @param path the group's directory in the cgroup2 file system
   */
  record Cgroup(String path) implements Attachment {}

  /**
   * To a tracepoint, whose arguments the program gets as they are.
   *
   * @param name without its group: {@code sched_switch}
   */
  record RawTracepoint(String name) implements Attachment {}

  /**
   * To what the program was loaded for: a tracepoint with types (tp_btf), a function's entry or
   * exit, or an iterator.
   */
  record Loaded() implements Attachment {}

  /**
   * To a function of a loaded program, which the attached one (EXT) replaces: another one than it
   * was loaded for, with the same prototype.
   *
   * @param programId the program
   * @param function its C name
   */
  record Function(int programId, String function) implements Attachment {}

  /**
   * To the elements of a map, over which a program of section {@code iter/bpf_map_elem} goes.
   *
   * @param mapId the map
   */
  record Elements(int mapId) implements Attachment {}
}
