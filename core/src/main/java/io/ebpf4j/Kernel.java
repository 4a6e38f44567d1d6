package io.ebpf4j;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.object.KernelConfiguration;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.object.ObjectFormatException;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.ProgramSpec;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;

/**
 * A kernel that makes maps, loads programs and runs them: the one in the JVM, or Linux. Tests and
 * applications are written against this interface alone. Thread safe.
 */
public interface Kernel extends AutoCloseable {
  /** Bytes that {@link #iterate} gives at most. */
  int MAX_ITERATOR_OUTPUT = 1 << 28;

  /** {@code jvm} or {@code linux}. */
  String name();

  /** CPUs that may ever be: per-CPU maps have a value for each. */
  int possibleCpus();

  /** The kernel's own types, which CO-RE relocates against. */
  Btf btf();

  /** What an object's {@code __kconfig} externs are here. */
  default KernelConfiguration configuration() {
    return KernelConfiguration.ofJvm();
  }

  /**
   * Creates a map.
   *
   * @throws BpfException EINVAL, E2BIG and others as bpf(2) answers
   */
  BpfMap createMap(MapSpec spec);

  /**
   * Loads a program.
   *
   * @param maps the maps that the program's references name
   * @throws VerifierException where the program is refused
   * @throws BpfException where something is missing before the verifier is reached
   */
  Program loadProgram(ProgramSpec spec, Map<String, BpfMap> maps);

  /**
   * Creates all maps and loads all programs of an object, or nothing. Before that the object's
   * {@code .kconfig} map is filled from {@link #configuration}.
   *
   * @throws ObjectFormatException where the object needs an option that this kernel does not have
   * @throws BpfException where a map or a program is refused
   */
  default BpfObject load(ObjectFile file) {
    return load(file, LoadOptions.none());
  }

  /**
   * The same, with maps reused or pinned elsewhere.
   *
   * @throws BpfException where a map or a program is refused; EINVAL where a reused or pinned map
   *     differs from the object's
   * @throws IllegalArgumentException where a map is to be reused that the object does not have
   */
  default BpfObject load(ObjectFile file, LoadOptions options) {
    return new ObjectLoader(this, file, options).load();
  }

  /**
   * Reads what programs put out into a PERF_EVENT_ARRAY, by an event for each CPU that is put into
   * the map until the reader is closed.
   *
   * @param bytesPerCpu room for records of each CPU: a power of two, at least 4096
   * @throws BpfException EINVAL for another size or map type, EPERM where the map refuses updates
   */
  PerfReader perfReader(BpfMap map, int bytesPerCpu);

  /**
   * Reads what programs submit to a RINGBUF.
   *
   * @throws BpfException EINVAL for another map type
   */
  RingReader ringReader(BpfMap map);

  /**
   * Attaches a program, until the link is closed.
   *
   * @throws BpfException ENODEV, EBUSY, EINVAL, EPERM and others as the hook answers; ENOTSUPP
   *     where this kernel does not have it
   */
  Link attach(Program program, Attachment to);

  /**
   * Serves datagrams of a port of the host by members that share it.
   *
   * @param address port 0 for one of the host's choice
   * @throws BpfException EADDRINUSE, EACCES and others where the host refuses the port
   */
  ReuseportServer<UdpMessage> serveUdp(InetSocketAddress address);

  /**
   * Serves connections of a port of the host by members that share it.
   *
   * @param address port 0 for one of the host's choice
   * @throws BpfException EADDRINUSE, EACCES and others where the host refuses the port
   */
  ReuseportServer<SocketChannel> serveTcp(InetSocketAddress address);

  /**
   * Runs a program of section {@code iter/bpf_map_elem} for each element of a map, and once more
   * behind the last with key and value NULL.
   *
   * @return what the program wrote with bpf_seq_printf and bpf_seq_write
   * @throws BpfException EINVAL for another program or for a map type that has no such iterator,
   *     EACCES where it reaches further than keys or values, E2BIG where an element's output is 8
   *     pages or longer, EAGAIN where the program gives 1 or writes nothing for a million elements,
   *     EFBIG where it writes more than {@link #MAX_ITERATOR_OUTPUT} bytes, EINTR where the thread
   *     was interrupted meanwhile
   */
  byte[] iterate(Program program, BpfMap map);

  /**
   * Opens the calling thread as a task: its number is a key of TASK_STORAGE maps. The value goes
   * when the thread ends, which this does not hinder.
   *
   * @throws BpfException EINVAL from a Linux before 6.9, which has such descriptors for whole
   *     processes alone
   */
  Descriptor openTask();

  /**
   * Opens a file as an inode: its number is a key of INODE_STORAGE maps.
   *
   * @throws BpfException ENOENT where there is none, EACCES where it may not be read
   */
  Descriptor openFile(Path path);

  /**
   * Opens a control group: its number is a key of CGRP_STORAGE maps and an element of CGROUP_ARRAY.
   *
   * @param path the directory in the cgroup2 file system; in the JVM the names from the root down,
   *     as {@code /web/tenant}
   * @throws BpfException ENOENT where there is none
   */
  Descriptor openCgroup(String path);

  /** The ids of all maps of the kernel, whoever made them, upwards. */
  List<Integer> mapIds();

  /** The ids of all programs of the kernel, whoever loaded them, upwards. */
  List<Integer> programIds();

  /** The ids of all links of the kernel, whoever made them, upwards. */
  List<Integer> linkIds();

  /**
   * Counts and times the runs of all programs until it is closed, which slows them a little; twice
   * at once is as good as once. {@link ProgramInfo} has the counts, which stay.
   *
   * @throws BpfException EPERM where this process may not
   */
  Statistics enableStatistics();

  /** The wish that runs are counted and timed. */
  interface Statistics extends AutoCloseable {
    /** Ends it; a second call does nothing. */
    @Override
    void close();
  }

  /** A new handle of the map with that id. */
  Optional<BpfMap> mapById(int id);

  /** A new handle of the program with that id. */
  Optional<Program> programById(int id);

  /** A new handle of the link with that id. */
  Optional<Link> linkById(int id);

  /**
   * A new handle of what is pinned there.
   *
   * @throws BpfException ENOENT where nothing is
   */
  Handle openPinned(String path);

  /** Whether something is pinned there. */
  boolean isPinned(String path);

  /**
   * Removes a pin.
   *
   * @throws BpfException ENOENT where there is none
   */
  void unpin(String path);

  /** The handles that this object gave out and that are open now. */
  Set<Descriptor> openHandles();

  /**
   * The readers, and the mappings of maps, that this object gave out and that are open now; each
   * tells in words what it is.
   */
  Set<AutoCloseable> openReadersAndMappings();

  /** The paths where something is pinned now that was pinned by way of this object. */
  SortedSet<String> pins();

  /** Closes every handle that this object gave out. */
  @Override
  void close();
}
