package io.ebpf4j.linux;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Descriptor;
import io.ebpf4j.GivenOut;
import io.ebpf4j.Handle;
import io.ebpf4j.Kernel;
import io.ebpf4j.Link;
import io.ebpf4j.MapInfo;
import io.ebpf4j.PerfReader;
import io.ebpf4j.Program;
import io.ebpf4j.ProgramInfo;
import io.ebpf4j.ReuseportServer;
import io.ebpf4j.RingReader;
import io.ebpf4j.UdpMessage;
import io.ebpf4j.VerifierException;
import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfStrings;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.object.CoreRelocator;
import io.ebpf4j.object.KernelConfiguration;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.ProgramSpec;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The Linux kernel of this machine, by bpf(2). Needs CAP_BPF, and what the program types need
 * beside it. Pins are files of a bpf file system. Thread safe.
 */
public final class LinuxKernel implements Kernel {
  private static final Path VMLINUX = Path.of("/sys/kernel/btf/vmlinux");
  private static final Path POSSIBLE_CPUS = Path.of("/sys/devices/system/cpu/possible");

  /** BPF_STATS_RUN_TIME. */
  private static final int RUN_TIME = 0;

  private final GivenOut givenOut = new GivenOut();
  private final Set<Descriptor> handles = ConcurrentHashMap.newKeySet();
  private final Set<String> pins = ConcurrentHashMap.newKeySet();
  private final LinuxConfiguration configuration = new LinuxConfiguration();
  private final int possibleCpus;
  private final Features features = new Features(this);
  private volatile @Nullable Btf btf;
  private volatile int logLevel;
  private volatile boolean privileged = true;
  private volatile boolean closed;

  private final @Nullable NamespaceThread namespace;

  private LinuxKernel(int possibleCpus, @Nullable NamespaceThread namespace) {
    this.possibleCpus = possibleCpus;
    this.namespace = namespace;
  }

  /**
   * Opens this machine's kernel.
   *
   * @throws UnsupportedOperationException on another operating system or processor
   * @throws BpfException EPERM where the process may not use bpf(2), with what it lacks
   */
  public static LinuxKernel open() {
    mustHaveBpf();
    return new LinuxKernel(readPossibleCpus(), null);
  }

  /**
   * Opens this machine's kernel as it is seen from a network namespace: device numbers are those of
   * devices there.
   *
   * @param namespace a file that names it, such as {@code /run/netns/NAME} or {@code
   *     /proc/PID/ns/net}
   * @throws UnsupportedOperationException on another operating system or processor
   * @throws BpfException EPERM where the process may not use bpf(2), with what it lacks; ENOENT,
   *     EPERM or EINVAL where the namespace cannot be entered
   */
  public static LinuxKernel inNamespace(Path namespace) {
    mustHaveBpf();
    return new LinuxKernel(readPossibleCpus(), new NamespaceThread(namespace));
  }

  /**
   * The verifier's log of programs that it accepts from now on: 0 none, 1 instructions, 2 those of
   * every way, plus 4 the statistics. A program that it refuses always has one, of level 1 at
   * least.
   */
  public void logLevel(int level) {
    logLevel = level;
  }

  /**
   * Whether programs are loaded from now on with the capabilities that the process has (the
   * default), or without those that bpf(2) asks for: then Linux judges them as anyone's, and
   * refuses all with EPERM unless {@code kernel.unprivileged_bpf_disabled} is 0.
   */
  public void privileged(boolean whether) {
    privileged = whether;
  }

  private static void mustHaveBpf() {
    Architecture.host();
    if (!Privileges.mayUseBpf()) {
      throw Bpf.failure(-Errno.EPERM.number(), "to open bpf(2)");
    }
  }

  @Override
  public String name() {
    return "linux";
  }

  @Override
  public int possibleCpus() {
    return possibleCpus;
  }

  @Override
  public Btf btf() {
    Btf read = btf;
    if (read == null) {
      try {
        read = Btf.parse(Files.readAllBytes(VMLINUX));
      } catch (NoSuchFileException e) {
        throw new BpfException(
            Errno.ENOENT, "this kernel has no BTF: it was built without CONFIG_DEBUG_INFO_BTF");
      } catch (IOException e) {
        throw new BpfException(Errno.EIO, VMLINUX + " cannot be read: " + e.getMessage());
      }
      btf = read;
    }
    return read;
  }

  /** What this kernel has and lets this process use; tried once, then known. */
  public Features features() {
    return features;
  }

  @Override
  public KernelConfiguration configuration() {
    return configuration;
  }

  @Override
  public BpfMap createMap(MapSpec spec) {
    mustBeOpen();
    MapSpec template = spec.inner();
    if (template == null) {
      return createMap(spec, 0);
    }
    try (BpfMap inner = createMap(template)) {
      return createMap(spec, inner.fd());
    }
  }

  private BpfMap createMap(MapSpec spec, int innerFd) {
    Btf types = spec.btf();
    try (LoadedBtf btf =
            types == null
                ? LoadedBtf.none()
                : LoadedBtf.load(new BtfStrings(LoadedBtf.forKernel(types)));
        Bpf bpf = new Bpf()) {
      bpf.u32(0, spec.type().id())
          .u32(4, spec.keySize())
          .u32(8, spec.valueSize())
          .u32(12, spec.maxEntries())
          .u32(16, spec.flags())
          .u32(20, innerFd)
          .u32(24, spec.numaNode())
          .name(28, spec.name())
          .u64(64, spec.extra());
      if (btf.fd() != 0) {
        bpf.u32(48, btf.fd()).u32(52, spec.keyType()).u32(56, spec.valueType());
      }
      int fd =
          bpf.callOrThrow(
              Bpf.MAP_CREATE,
              "to create map '%s' (%s)%s".formatted(spec.name(), spec.type(), btf.refusal()));
      return new LinuxMap(this, fd, spec, LinuxInfo.id(fd));
    }
  }

  @Override
  public Program loadProgram(ProgramSpec spec, Map<String, BpfMap> maps) {
    mustBeOpen();
    Map<String, Integer> fds = new HashMap<>();
    maps.forEach((name, map) -> fds.put(name, map.fd()));
    CoreRelocator.Relocated relocated = adapt(spec);
    List<Instruction> instructions =
        KernelReferences.resolve(
            relocated.program(), fds, new KernelSymbols(this::btf, spec.btf()));
    int[] mapsByIndex = KernelReferences.byIndex(spec, fds);
    try (AttachTarget target = AttachTarget.of(spec, this::btf)) {
      ProgramLoad.Loaded loaded =
          new ProgramLoad(relocated, instructions, target, mapsByIndex, logLevel, privileged)
              .load();
      return new LinuxProgram(
          this, loaded.fd(), relocated.program(), LinuxInfo.id(loaded.fd()), loaded.log());
    }
  }

  /**
   * Loads types, which Linux checks.
   *
   * @param level of the log: 0 none, 1 each type, 2 their references too; refused types always have
   *     one
   * @throws VerifierException with the log, where they are refused
   */
  public LinuxBtf loadTypes(Btf types, int level) {
    mustBeOpen();
    return LinuxBtf.load(this, types, level);
  }

  /** A new handle of the types with that id; 1 is the kernel's own. */
  public Optional<LinuxBtf> typesById(int id) {
    return byId(Bpf.BTF_GET_FD_BY_ID, id, "types").map(fd -> new LinuxBtf(this, fd, ""));
  }

  /**
   * Reads what an iterator prints, once through.
   *
   * @param link of an iterator, whether it was made by {@link #attach} or opened by its pin
   * @throws BpfException EINVAL for another link, else as {@link #iterate(Program, BpfMap)}
   */
  public byte[] iterate(Link link) {
    mustBeOpen();
    return LinuxIteration.read(link);
  }

  private CoreRelocator.Relocated adapt(ProgramSpec spec) {
    Btf types = spec.btf();
    return types == null || spec.coreRelocations().isEmpty()
        ? new CoreRelocator.Relocated(spec, Map.of())
        : new CoreRelocator(types, btf()).relocate(spec);
  }

  @Override
  public PerfReader perfReader(BpfMap map, int bytesPerCpu) {
    mustBeOpen();
    return givenOut.add(map, LinuxPerfReader.open(map, bytesPerCpu));
  }

  @Override
  public RingReader ringReader(BpfMap map) {
    mustBeOpen();
    return givenOut.add(map, LinuxRingReader.open(map));
  }

  @Override
  public Link attach(Program program, Attachment to) {
    mustBeOpen();
    int programFd = program.fd();
    int fd = inNamespace(() -> LinkCreation.create(program.spec(), programFd, to));
    return new LinuxLink(this, fd);
  }

  /**
   * The programs that a device's traffic control has, in the order in which they run.
   *
   * @param ifindex the device, in this kernel's namespace
   * @param ingress what runs for arriving packets, or for leaving ones
   * @throws BpfException ENODEV or EINVAL where there is no such device
   */
  public TcxPrograms tcxPrograms(int ifindex, boolean ingress) {
    return inNamespace(() -> TcxPrograms.query(ifindex, ingress));
  }

  /**
   * Lets a program of type SK_REUSEPORT choose the socket of each packet or connection for the
   * group of sockets that share an address with SO_REUSEPORT.
   *
   * @param socket the descriptor of any one of them
   * @throws BpfException EBADF, ENOTSOCK, EINVAL as setsockopt(2) answers
   */
  public void attachToReuseportGroup(Program program, int socket) {
    SocketOption.ATTACH_REUSEPORT_EBPF.set(program, socket);
  }

  /**
   * Lets the hash choose again for the group of a socket.
   *
   * @throws BpfException ENOENT where no program is attached; EBADF, ENOTSOCK, EINVAL
   */
  public void detachFromReuseportGroup(int socket) {
    SocketOption.DETACH_REUSEPORT_BPF.clear(socket);
  }

  @Override
  public ReuseportServer<UdpMessage> serveUdp(InetSocketAddress address) {
    mustBeOpen();
    return new UdpServer(this, address);
  }

  @Override
  public ReuseportServer<SocketChannel> serveTcp(InetSocketAddress address) {
    mustBeOpen();
    return new TcpServer(this, address);
  }

  /**
   * Lets a program of type SOCKET_FILTER say how many bytes of each packet a socket gets.
   *
   * @param socket the socket's descriptor
   * @throws BpfException EBADF, ENOTSOCK, EINVAL as setsockopt(2) answers
   */
  public void attachToSocket(Program program, int socket) {
    SocketOption.ATTACH_BPF.set(program, socket);
  }

  @Override
  public byte[] iterate(Program program, BpfMap map) {
    mustBeOpen();
    return LinuxIteration.read(program, map);
  }

  @Override
  public List<Integer> mapIds() {
    return LinuxInfo.ids(Bpf.MAP_GET_NEXT_ID);
  }

  @Override
  public List<Integer> programIds() {
    return LinuxInfo.ids(Bpf.PROG_GET_NEXT_ID);
  }

  @Override
  public List<Integer> linkIds() {
    return LinuxInfo.ids(Bpf.LINK_GET_NEXT_ID);
  }

  @Override
  public Statistics enableStatistics() {
    mustBeOpen();
    try (Bpf bpf = new Bpf()) {
      int fd = bpf.u32(0, RUN_TIME).callOrThrow(Bpf.ENABLE_STATS, "to count the runs of programs");
      AtomicBoolean ended = new AtomicBoolean();
      return () -> {
        if (ended.compareAndSet(false, true)) {
          Bpf.closeFd(fd);
        }
      };
    }
  }

  @Override
  public Optional<BpfMap> mapById(int id) {
    return byId(Bpf.MAP_GET_FD_BY_ID, id, "map").map(this::mapOf);
  }

  @Override
  public Optional<Program> programById(int id) {
    return byId(Bpf.PROG_GET_FD_BY_ID, id, "program").map(this::programOf);
  }

  @Override
  public Optional<Link> linkById(int id) {
    return byId(Bpf.LINK_GET_FD_BY_ID, id, "link").map(fd -> new LinuxLink(this, fd));
  }

  @Override
  public Handle openPinned(String path) {
    try (Bpf bpf = new Bpf()) {
      int fd = bpf.string(0, path).callOrThrow(Bpf.OBJ_GET, "to open the pin " + path);
      return switch (kind(fd)) {
        case "anon_inode:bpf-map" -> mapOf(fd);
        case "anon_inode:bpf-prog" -> programOf(fd);
        default -> new LinuxLink(this, fd);
      };
    }
  }

  @Override
  public boolean isPinned(String path) {
    return Files.exists(Path.of(path));
  }

  @Override
  public void unpin(String path) {
    try {
      Files.delete(Path.of(path));
      pins.remove(path);
    } catch (NoSuchFileException e) {
      throw new BpfException(Errno.ENOENT, "nothing is pinned at " + path);
    } catch (IOException e) {
      throw new BpfException(Errno.EPERM, "the pin " + path + " cannot be removed");
    }
  }

  @Override
  public Descriptor openTask() {
    mustBeOpen();
    return LinuxDescriptor.ofThread(this);
  }

  @Override
  public Descriptor openFile(Path path) {
    mustBeOpen();
    return LinuxDescriptor.ofPath(this, path.toString());
  }

  @Override
  public Descriptor openCgroup(String path) {
    mustBeOpen();
    return LinuxDescriptor.ofPath(this, path);
  }

  @Override
  public Set<Descriptor> openHandles() {
    return Set.copyOf(handles);
  }

  @Override
  public Set<AutoCloseable> openReadersAndMappings() {
    return givenOut.open();
  }

  @Override
  public SortedSet<String> pins() {
    return pins.stream()
        .filter(path -> Files.exists(Path.of(path)))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Override
  public void close() {
    closed = true;
    List.copyOf(handles).forEach(Descriptor::close);
    if (namespace != null) {
      namespace.close();
    }
  }

  private void mustBeOpen() {
    if (closed) {
      throw new IllegalStateException("the kernel was used after it was closed");
    }
  }

  /** Calls something in the namespace that this kernel is seen from. */
  <T> T inNamespace(Supplier<T> call) {
    return namespace == null ? call.get() : namespace.call(call);
  }

  void opened(Descriptor handle) {
    handles.add(handle);
  }

  void closed(Descriptor handle) {
    handles.remove(handle);
  }

  GivenOut givenOut() {
    return givenOut;
  }

  void pinned(String path) {
    pins.add(path);
  }

  private static Optional<Integer> byId(int command, int id, String kind) {
    try (Bpf bpf = new Bpf()) {
      long result = bpf.u32(0, id).call(command);
      if (result == -Errno.ENOENT.number()) {
        return Optional.empty();
      }
      if (result < 0) {
        throw Bpf.failure(result, "to open the %s with id %d".formatted(kind, id));
      }
      return Optional.of((int) result);
    }
  }

  private BpfMap mapOf(int fd) {
    MapInfo info = LinuxInfo.ofMap(fd, 0, false);
    MapSpec spec =
        MapSpec.of(info.name(), info.type(), info.keySize(), info.valueSize(), info.maxEntries())
            .withFlags(info.flags())
            .withExtra(info.extra());
    return new LinuxMap(this, fd, spec, info.id());
  }

  private Program programOf(int fd) {
    ProgramInfo info = LinuxInfo.ofProgram(fd);
    ProgramSpec spec = ProgramSpec.of(info.name(), info.type(), List.of());
    return new LinuxProgram(this, fd, spec, info.id(), "");
  }

  private static String kind(int fd) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).toString();
    } catch (IOException e) {
      throw new BpfException(Errno.EIO, "/proc/self/fd cannot be read");
    }
  }

  /** CPUs that may ever be, by sysfs. */
  static int readPossibleCpus() {
    try {
      String range = Files.readString(POSSIBLE_CPUS).strip();
      return Integer.parseInt(range.substring(range.lastIndexOf('-') + 1)) + 1;
    } catch (IOException e) {
      throw new BpfException(Errno.EIO, POSSIBLE_CPUS + " cannot be read: is /sys mounted?");
    }
  }
}
