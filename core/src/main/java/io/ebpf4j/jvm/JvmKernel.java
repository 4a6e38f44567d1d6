package io.ebpf4j.jvm;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Descriptor;
import io.ebpf4j.GivenOut;
import io.ebpf4j.Handle;
import io.ebpf4j.Kernel;
import io.ebpf4j.Link;
import io.ebpf4j.PerfReader;
import io.ebpf4j.Program;
import io.ebpf4j.ReuseportServer;
import io.ebpf4j.RingReader;
import io.ebpf4j.UdpMessage;
import io.ebpf4j.btf.Btf;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.PacketFeed;
import io.ebpf4j.jvm.context.ProgramKind;
import io.ebpf4j.jvm.context.ProgramLink;
import io.ebpf4j.jvm.cpu.Clock;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.handle.Counted;
import io.ebpf4j.jvm.handle.FdTable;
import io.ebpf4j.jvm.handle.IdTable;
import io.ebpf4j.jvm.handle.PinDirectory;
import io.ebpf4j.jvm.helper.HelperTable;
import io.ebpf4j.jvm.helper.KfuncTable;
import io.ebpf4j.jvm.map.Cgroup;
import io.ebpf4j.jvm.map.CgroupTree;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.MapTypes;
import io.ebpf4j.jvm.map.PerfEventReader;
import io.ebpf4j.jvm.map.RingBufferReader;
import io.ebpf4j.jvm.net.NetDevices;
import io.ebpf4j.jvm.program.JvmProgram;
import io.ebpf4j.jvm.program.RunOptions;
import io.ebpf4j.jvm.socket.Sockets;
import io.ebpf4j.jvm.storage.Storage;
import io.ebpf4j.jvm.storage.StorageMap;
import io.ebpf4j.jvm.trace.Tracepoint;
import io.ebpf4j.jvm.verifier.InstructionFacts;
import io.ebpf4j.object.CoreRelocator;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The kernel in the JVM: Linux 6.18's maps, programs and errors on any OS, without root.
 *
 * <p>With a fixed clock, a seed and a number of CPUs, two runs over the same input give the same
 * bytes.
 */
public final class JvmKernel implements Kernel {
  private final Machine machine;
  private final FdTable fds = new FdTable();
  private final PinDirectory pins = new PinDirectory();
  private final IdTable<JvmMap> maps = new IdTable<>();
  private final IdTable<LoadedProgram> programs = new IdTable<>();
  private final IdTable<ProgramLink> links = new IdTable<>();
  private final GivenOut givenOut = new GivenOut();
  private final Set<Descriptor> handles = ConcurrentHashMap.newKeySet();
  private final Subsystems subsystems;
  private final long instructionBudget;
  private final boolean verified;
  private final int logLevel;
  private final boolean compiled;
  private final boolean verifyOnly;
  private final @Nullable Btf foreignTypes;
  private final boolean privileged;
  private final AtomicBoolean closed = new AtomicBoolean();

  private JvmKernel(Builder builder) {
    machine = new Machine(builder.cpus, builder.clock, builder.seed);
    machine.slots().set(FdTable.SLOT, fds);
    subsystems = new Subsystems(machine, builder.limits, !builder.compiled);
    instructionBudget = builder.instructionBudget;
    verified = builder.verified;
    logLevel = builder.logLevel;
    compiled = builder.compiled;
    verifyOnly = builder.verifyOnly;
    if (verifyOnly) {
      subsystems.judgeMaps(machine);
    }
    foreignTypes = builder.kernelTypes;
    privileged = builder.privileged;
  }

  /** A kernel with the host's CPUs and clock. */
  public static JvmKernel create() {
    return builder().build();
  }

  /** A kernel to be described first. */
  public static Builder builder() {
    return new Builder();
  }

  /** How a kernel is to be; each setting has the host's as default. */
  public static final class Builder {
    private int cpus = Runtime.getRuntime().availableProcessors();
    private Clock clock = Clock.system();
    private long seed = System.nanoTime();
    private long instructionBudget = RunOptions.DEFAULT.budget();

    private boolean verified = true;
    private int logLevel;
    private Storage.Limits limits = Storage.Limits.NONE;
    private boolean compiled = true;
    private boolean verifyOnly;
    private @Nullable Btf kernelTypes;
    private boolean privileged = true;

    private Builder() {}

    /** Possible CPUs, at least 1. */
    public Builder cpus(int count) {
      cpus = count;
      return this;
    }

    /** The time that programs see. */
    public Builder clock(Clock source) {
      clock = source;
      return this;
    }

    /** Where the CPUs' random numbers start. */
    public Builder seed(long start) {
      seed = start;
      return this;
    }

    /** Instructions after which a run is stopped, at least 1. */
    public Builder instructionBudget(long instructions) {
      instructionBudget = instructions;
      return this;
    }

    /**
     * Whether programs are verified when they are loaded (the default). One that is not runs in the
     * checked interpreter, whatever it does, until it strays.
     */
    public Builder verified(boolean whether) {
      verified = whether;
      return this;
    }

    /**
     * The verifier's log of programs that it accepts: 0 none, 1 instructions, 2 those of every way,
     * plus 4 the statistics. A program that it refuses always has one, of level 1 at least.
     */
    public Builder logLevel(int level) {
      logLevel = level;
      return this;
    }

    /**
     * Whether verified programs are compiled (the default); one that is not runs in the checked
     * interpreter.
     */
    public Builder compiled(boolean whether) {
      compiled = whether;
      return this;
    }

    /**
     * Whether programs are loaded to be verified alone (not the default): one that Linux accepts is
     * loaded although it calls helpers that this kernel cannot run, and is refused where it is to
     * run. Programs of types that never run here are loaded so in every kernel.
     */
    public Builder verifyOnly(boolean whether) {
      verifyOnly = whether;
      return this;
    }

    /**
     * The types of another kernel, such as {@code /sys/kernel/btf/vmlinux} of the machine that
     * programs are meant for: they are adapted to those and verified with those, and so they do not
     * run here. Implies {@link #verifyOnly}.
     */
    public Builder kernelTypes(Btf types) {
      kernelTypes = types;
      verifyOnly = true;
      return this;
    }

    /**
     * Whether programs are loaded as root loads them (the default), or as one without capabilities
     * does where {@code kernel.unprivileged_bpf_disabled} is 0: socket filters and control group
     * packet filters of 4,096 instructions that show no pointer and go nowhere that speculation
     * could abuse.
     */
    public Builder privileged(boolean whether) {
      privileged = whether;
      return this;
    }

    /**
     * Bounds of what local storage takes, which Linux has for sockets alone; none by default.
     *
     * @param perOwner bytes of the values of one task, inode, control group or socket
     * @param total bytes of all values
     */
    public Builder storageLimits(long perOwner, long total) {
      limits = new Storage.Limits(perOwner, total);
      return this;
    }

    /** The kernel. */
    public JvmKernel build() {
      return new JvmKernel(this);
    }
  }

  @Override
  public String name() {
    return "jvm";
  }

  @Override
  public int possibleCpus() {
    return machine.cpus().size();
  }

  @Override
  public Btf btf() {
    Btf given = foreignTypes;
    return given == null ? subsystems.btf() : given;
  }

  /** Whether maps of that type are built here. */
  public boolean hasMapType(MapType type) {
    return MapTypes.isBuilt(machine, type);
  }

  @Override
  public BpfMap createMap(MapSpec spec) {
    mustBeOpen();
    MapSpec template = spec.inner();
    if (template == null) {
      return handle(MapTypes.create(machine, spec, maps.next(), null), spec);
    }
    JvmMap inner = MapTypes.create(machine, template, maps.next(), null);
    try {
      return handle(MapTypes.create(machine, spec, maps.next(), inner), spec);
    } finally {
      inner.release();
    }
  }

  @Override
  public Program loadProgram(ProgramSpec spec, Map<String, BpfMap> named) {
    mustBeOpen();
    ProgramKind kind = kind(spec.type());
    Map<String, JvmMap> used = new HashMap<>();
    named.forEach((name, map) -> used.put(name, own(name, map)));
    CoreRelocator.Relocated relocated = adapt(spec);
    LoadedProgram program =
        JvmProgram.load(
            machine,
            Subsystems.helpers(),
            kind,
            relocated.program(),
            used,
            programs.next(),
            new RunOptions(
                instructionBudget,
                relocated.poisoned(),
                kfuncs(),
                verified
                    ? new RunOptions.Verification(
                        btf(), logLevel, compiled, verifyOnly, foreignTypes != null, privileged)
                    : null));
    programs.add(program.id(), program);
    return opened(program, () -> new JvmProgramHandle(this, program));
  }

  @Override
  public PerfReader perfReader(BpfMap map, int bytesPerCpu) {
    mustBeOpen();
    return givenOut.add(map, PerfEventReader.open(machine, own(map.name(), map), bytesPerCpu));
  }

  @Override
  public RingReader ringReader(BpfMap map) {
    mustBeOpen();
    return givenOut.add(map, RingBufferReader.open(own(map.name(), map)));
  }

  @Override
  public ReuseportServer<UdpMessage> serveUdp(InetSocketAddress address) {
    mustBeOpen();
    return subsystems.sockets().serveUdp(address);
  }

  @Override
  public ReuseportServer<SocketChannel> serveTcp(InetSocketAddress address) {
    mustBeOpen();
    return subsystems.sockets().serveTcp(address);
  }

  @Override
  public byte[] iterate(Program program, BpfMap map) {
    mustBeOpen();
    return subsystems.trace().iterate(own(program), own(map.name(), map));
  }

  /**
   * Makes a control group, which lives as long as its handle and what lies in it.
   *
   * @param parent the group it lies in, or null for the root
   */
  public Handle createCgroup(@Nullable Handle parent, String name) {
    mustBeOpen();
    Cgroup above =
        switch (parent) {
          case null -> cgroups().root();
          case JvmCgroupHandle group when group.kernel() == this -> group.object();
          default -> throw new IllegalArgumentException(parent + " is no cgroup of this kernel");
        };
    Cgroup group = cgroups().create(above, name);
    return opened(group, () -> new JvmCgroupHandle(this, group));
  }

  @Override
  public Descriptor openTask() {
    mustBeOpen();
    return described(subsystems.trace().tasks().hold(Thread.currentThread()));
  }

  /**
   * Opens any thread as a task, as {@link #openTask()} opens the calling one.
   *
   * @throws BpfException ESRCH where it has ended or not begun
   */
  public Descriptor openTask(Thread thread) {
    mustBeOpen();
    return described(subsystems.trace().tasks().hold(thread));
  }

  @Override
  public Descriptor openFile(Path path) {
    mustBeOpen();
    return described(subsystems.storage().inodes().open(path));
  }

  @Override
  public Descriptor openCgroup(String path) {
    mustBeOpen();
    return described(cgroups().hold(path));
  }

  /**
   * Walks over the owners that have a value of a local storage map, in no particular order. One
   * that comes or goes meanwhile may be missed.
   *
   * @param visitor gets what the owner is, such as {@code task 12} or {@code cgroup /web}, and a
   *     copy of the value, on the calling thread
   * @throws BpfException EINVAL for another type of map
   */
  public void forEachValue(BpfMap map, BiConsumer<String, byte[]> visitor) {
    mustBeOpen();
    if (!(own(map.name(), map) instanceof StorageMap storage)) {
      throw new BpfException(
          Errno.EINVAL, "%s is no local storage: it has keys to walk over".formatted(map));
    }
    storage.forEach((owner, value) -> visitor.accept(owner.toString(), value));
  }

  /**
   * Declares a tracepoint of the application, or finds one that is declared alike, for programs of
   * sections {@code raw_tp/NAME} and {@code tp_btf/NAME}.
   *
   * @param name a C name
   * @throws BpfException EEXIST where one of that name has other arguments; EINVAL for another name
   *     or more than twelve arguments
   */
  public Tracepoint tracepoint(String name, Tracepoint.Parameter... parameters) {
    mustBeOpen();
    return subsystems.trace().tracepoint(name, List.of(parameters));
  }

  /**
   * Puts the calling thread into a control group, as writing its number to {@code cgroup.threads}
   * does.
   *
   * @throws BpfException ENOENT where there is no such group
   */
  public void enterCgroup(String path) {
    mustBeOpen();
    Cgroup group = cgroups().hold(path);
    try {
      subsystems.trace().tasks().current().moveTo(group);
    } finally {
      group.release();
    }
  }

  private Descriptor described(Counted held) {
    return opened(held, () -> new JvmDescriptor(this, held));
  }

  private CgroupTree cgroups() {
    return machine.slots().get(CgroupTree.SLOT);
  }

  @Override
  public Link attach(Program program, Attachment to) {
    mustBeOpen();
    ProgramLink link =
        subsystems
            .hook(to)
            .orElseThrow(() ->
                new BpfException(
                    Errno.ENOTSUPP,
                    "attaching to %s is not built in the JVM kernel yet".formatted(to)))
            .attach(runnable(own(program)), to, links.next());
    links.add(link.id(), link);
    return opened(link, () -> new JvmLinkHandle(this, link));
  }

  @Override
  public List<Integer> mapIds() {
    return maps.ids();
  }

  @Override
  public List<Integer> programIds() {
    return programs.ids();
  }

  @Override
  public List<Integer> linkIds() {
    return links.ids();
  }

  @Override
  public Optional<Link> linkById(int id) {
    return links.hold(id).map(link -> opened(link, () -> new JvmLinkHandle(this, link)));
  }

  @Override
  public Statistics enableStatistics() {
    mustBeOpen();
    machine.beginStatistics();
    AtomicBoolean ended = new AtomicBoolean();
    return () -> {
      if (ended.compareAndSet(false, true)) {
        machine.endStatistics();
      }
    };
  }

  @Override
  public Optional<BpfMap> mapById(int id) {
    return maps.hold(id).map(map -> opened(map, () -> JvmMapHandle.opened(this, map)));
  }

  @Override
  public Optional<Program> programById(int id) {
    return programs.hold(id).map(p -> opened(p, () -> new JvmProgramHandle(this, p)));
  }

  @Override
  public Handle openPinned(String path) {
    Counted pinned = pins.hold(path).orElseThrow(() -> PinDirectory.notPinned(path));
    return opened(
        pinned,
        () ->
            switch (pinned) {
              case JvmMap map -> JvmMapHandle.opened(this, map);
              case LoadedProgram program -> new JvmProgramHandle(this, program);
              case ProgramLink link -> new JvmLinkHandle(this, link);
              default -> throw new IllegalStateException(pinned + " cannot be opened by a pin");
            });
  }

  @Override
  public boolean isPinned(String path) {
    return pins.contains(path);
  }

  @Override
  public void unpin(String path) {
    pins.unpin(path);
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
    return pins.paths();
  }

  /**
   * What the verifier has found of each slot of a program of such a kernel; empty where the program
   * was not verified.
   */
  public static List<InstructionFacts> facts(Program program) {
    return program instanceof JvmProgramHandle handle
            && handle.object() instanceof JvmProgram verified
        ? verified.facts()
        : List.of();
  }

  /**
   * The class file that a program of such a kernel was compiled to. Its line tables have slots of
   * the program plus 1, as far as they are below 65,536, in place of source lines. Empty where the
   * program was not compiled.
   */
  public static Optional<byte[]> classFile(Program program) {
    return program instanceof JvmProgramHandle handle
            && handle.object() instanceof JvmProgram compiled
        ? compiled.classFile()
        : Optional.empty();
  }

  /**
   * Runs a program of such a kernel over many packets, as test runs do but faster; empty where its
   * type has no such way. To be closed before the kernel.
   */
  public static Optional<PacketFeed> feed(Program program) {
    return program instanceof JvmProgramHandle handle ? handle.feed() : Optional.empty();
  }

  /**
   * Why a program of such a kernel was verified and does not run, in one sentence; empty where it
   * runs.
   */
  public static String verifiedOnly(Program program) {
    return program instanceof JvmProgramHandle handle ? handle.object().verifiedOnly() : "";
  }

  /** Sends each line that a program prints there; called on the program's thread. */
  public void trace(Consumer<String> sink) {
    machine.trace(sink);
  }

  /** The network devices, on which XDP programs run. */
  public NetDevices devices() {
    return subsystems.net().devices();
  }

  /** The sockets of this kernel. */
  public Sockets sockets() {
    return subsystems.sockets();
  }

  /** Bytes that all maps hold. */
  public long memoryBytes() {
    return maps.all().stream().mapToLong(JvmMap::memoryBytes).sum();
  }

  /** The helper functions that programs may call here, by number. */
  public static HelperTable helpers() {
    return Subsystems.helpers();
  }

  /** The kernel functions that programs may call here by BTF type (kfuncs). */
  public static KfuncTable kfuncs() {
    return Subsystems.kfuncs();
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      List.copyOf(handles).forEach(Descriptor::close);
      subsystems.sockets().closeSockets();
      pins.close();
      subsystems.trace().endTasks();
      subsystems.storage().closeFiles();
      cgroups().close();
      machine.rcu().barrier();
      subsystems.close();
      machine.close();
    }
  }

  Machine machine() {
    return machine;
  }

  GivenOut givenOut() {
    return givenOut;
  }

  FdTable fds() {
    return fds;
  }

  PinDirectory pinDirectory() {
    return pins;
  }

  void opened(Descriptor handle) {
    handles.add(handle);
  }

  void closed(Descriptor handle) {
    handles.remove(handle);
  }

  ProgramKind kind(ProgramType type) {
    if (type == ProgramType.UNSPEC) {
      throw new BpfException(
          Errno.EINVAL, "a program of type UNSPEC cannot be loaded: set its type");
    }
    return subsystems
        .kind(type)
        .orElseThrow(() ->
            new BpfException(
                Errno.EINVAL,
                "program type %s is not built in the JVM kernel yet".formatted(type)));
  }

  private static LoadedProgram runnable(LoadedProgram program) {
    if (!program.verifiedOnly().isEmpty()) {
      throw new BpfException(Errno.ENOTSUPP, program.verifiedOnly());
    }
    return program;
  }

  private CoreRelocator.Relocated adapt(ProgramSpec spec) {
    Btf types = spec.btf();
    return types == null || spec.coreRelocations().isEmpty()
        ? new CoreRelocator.Relocated(spec, Map.of())
        : new CoreRelocator(types, btf()).relocate(spec);
  }

  private BpfMap handle(JvmMap map, MapSpec asked) {
    maps.add(map.id(), map);
    return opened(map, () -> JvmMapHandle.created(this, map, asked));
  }

  /** A handle, which holds the object itself: the caller's hold ends. */
  private static <H> H opened(Counted held, Supplier<H> handle) {
    try {
      return handle.get();
    } finally {
      held.release();
    }
  }

  LoadedProgram own(Program program) {
    if (program instanceof JvmProgramHandle handle && handle.kernel() == this) {
      return handle.object();
    }
    throw new IllegalArgumentException(program + " belongs to another kernel");
  }

  private JvmMap own(String name, BpfMap map) {
    if (map instanceof JvmMapHandle handle && handle.kernel() == this) {
      return handle.object();
    }
    throw new IllegalArgumentException("map '%s' belongs to another kernel".formatted(name));
  }

  private void mustBeOpen() {
    if (closed.get()) {
      throw new IllegalStateException("the kernel was used after it was closed");
    }
  }
}
