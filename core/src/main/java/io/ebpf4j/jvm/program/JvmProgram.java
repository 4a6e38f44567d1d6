package io.ebpf4j.jvm.program;

import io.ebpf4j.BpfException;
import io.ebpf4j.ProgramInfo;
import io.ebpf4j.VerifierException;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.InstructionCheck;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.jvm.compiler.CompiledProgram;
import io.ebpf4j.jvm.compiler.CompiledRun;
import io.ebpf4j.jvm.compiler.Compiler;
import io.ebpf4j.jvm.context.LegacyPacketAccess;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.ProgramKind;
import io.ebpf4j.jvm.context.ProgramTable;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.handle.TypeTable;
import io.ebpf4j.jvm.helper.HelperTable;
import io.ebpf4j.jvm.helper.License;
import io.ebpf4j.jvm.interpreter.Code;
import io.ebpf4j.jvm.interpreter.Location;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.verifier.InstructionFacts;
import io.ebpf4j.jvm.verifier.Rules;
import io.ebpf4j.jvm.verifier.Subject;
import io.ebpf4j.jvm.verifier.Verdict;
import io.ebpf4j.jvm.verifier.Verifier;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.KernelName;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import jdk.jfr.FlightRecorder;
import org.jspecify.annotations.Nullable;

/** A program loaded into the kernel in the JVM. It holds its maps. Thread safe. */
public final class JvmProgram extends LoadedProgram implements Code.Holder, CompiledRun.Holder {
  private static final int LOGGED_INSTRUCTIONS = 100_000;
  private static final int MAX_UNPRIVILEGED_INSTRUCTIONS = 4096;

  /** The log level of the statistics alone. */
  private static final int STATISTICS = 4;

  private final ProgramSpec spec;
  private final int id;
  private final List<JvmMap> maps;
  private final @Nullable Code code;

  /** Why it does not run, or empty where it does. */
  private final String verifiedOnly;

  private final Machine machine;
  private final int btfId;
  private final long loadNanos;
  private final LongAdder runCount = new LongAdder();
  private final LongAdder runNanos = new LongAdder();
  private final @Nullable Verdict verdict;
  private final Compiler.@Nullable Source source;
  private final Compiler.@Nullable Compiled compiled;

  private JvmProgram(
      Machine machine,
      ProgramSpec spec,
      int id,
      List<JvmMap> maps,
      Code.@Nullable Source interpreted,
      String verifiedOnly,
      @Nullable Verdict verdict,
      Compiler.@Nullable Source source) {
    this.machine = machine;
    this.verifiedOnly = verifiedOnly;
    this.spec = spec;
    this.verdict = verdict;
    this.id = id;
    this.maps = maps;
    this.code = interpreted == null ? null : Code.decode(interpreted, this);
    this.source = source;
    this.compiled = source == null ? null : compile(source);
    if (compiled != null) {
      compiled.program().heldBy(this);
    }
    this.loadNanos = machine.clock().bootNanos();
    this.btfId = spec.functions().isEmpty() ? 0 : types().add(spec.btf());
  }

  /**
   * Loads a program: what it refers to is put into its instructions, and what this kernel lacks is
   * named. Whoever calls holds the program and releases it.
   *
   * @param maps what the program's references name; those that it uses are held until it is freed
   * @param id the kernel-wide id
   * @throws VerifierException where the program is verified and refused
   * @throws BpfException E2BIG for a program of no or too many instructions, EACCES for one that
   *     writes R10, EINVAL for another malformed one, or a helper that this kernel lacks or does
   *     not allow; ENOENT for a map, kernel variable or kernel function that is not there, EPROTO
   *     for a map named by its index
   */
  public static JvmProgram load(
      Machine machine,
      HelperTable helpers,
      ProgramKind kind,
      ProgramSpec spec,
      Map<String, JvmMap> maps,
      int id,
      RunOptions options) {
    refuseUnprivileged(spec, options);
    kind.check(spec);
    checkForm(spec, options);
    References references = References.resolve(machine, spec, maps, options);
    try {
      for (JvmMap map : references.maps()) {
        if (map instanceof ProgramTable table) {
          table.admit(spec);
        }
      }
      LegacyPacketAccess packet = kind.legacyPacketAccess().orElse(null);
      HelperCheck check = new HelperCheck(helpers, spec);
      Map<Integer, Code.Refusal> refused = new HashMap<>(references.refused());
      Verdict verdict = null;
      RunOptions.Verification verification = options.verification();
      if (verification != null) {
        Subject subject =
            new Subject(
                spec,
                references.instructions(),
                references.uses(),
                options.poisoned(),
                kind,
                kind.context(spec),
                helpers,
                options.kfuncs(),
                verification.kernelTypes(),
                machine.cpus().size());
        Rules rules = verification.privileged() ? Rules.PRIVILEGED : Rules.UNPRIVILEGED;
        verdict = verify(subject, rules, verification.logLevel());
        refuseDead(verdict, refused);
        String reason = check.verifiedOnly(kind, verdict, verification);
        if (!reason.isEmpty()) {
          return new JvmProgram(machine, spec, id, references.maps(), null, reason, verdict, null);
        }
      } else {
        if (!kind.runs()) {
          throw new BpfException(Errno.ENOTSUPP, HelperCheck.neverRuns(spec));
        }
        check.legacyPacketLoads(packet != null);
      }
      Code.Source source =
          new Code.Source(
              spec,
              references.instructions(),
              refused,
              check::find,
              options.kfuncs(),
              kind.context(spec),
              packet,
              references.maps(),
              options.budget());
      Compiler.Source toCompile =
          verdict != null && verification != null && verification.compiled()
              ? toCompile(source, verdict)
              : null;
      return new JvmProgram(machine, spec, id, references.maps(), source, "", verdict, toCompile);
    } catch (Throwable failure) {
      references.maps().forEach(JvmMap::release);
      throw failure;
    }
  }

  private static Compiler.Compiled compile(Compiler.Source source) {
    // The classes of events are loaded where there is a flight recorder: they take their time.
    return FlightRecorder.isInitialized() ? CompileEvent.compile(source) : Compiler.compile(source);
  }

  private static Compiler.Source toCompile(Code.Source source, Verdict verdict) {
    return new Compiler.Source(
        source.spec(),
        source.instructions(),
        source.helpers()::find,
        source.kfuncs(),
        source.context(),
        source.packet(),
        source.maps(),
        new VerifiedFacts(verdict));
  }

  /** Refuses what only root loads. */
  private static void refuseUnprivileged(ProgramSpec spec, RunOptions options) {
    RunOptions.Verification verification = options.verification();
    if (verification == null || verification.privileged()) {
      return;
    }
    int size = spec.instructions().size();
    if (size == 0 || size > MAX_UNPRIVILEGED_INSTRUCTIONS) {
      throw new BpfException(
          Errno.E2BIG,
          "program %s has %d instructions: without CAP_BPF there are from 1 to %d"
              .formatted(spec.name(), size, MAX_UNPRIVILEGED_INSTRUCTIONS));
    }
    if (spec.type() != ProgramType.SOCKET_FILTER && spec.type() != ProgramType.CGROUP_SKB) {
      throw new BpfException(
          Errno.EPERM,
          "program %s is of type %s, which needs CAP_BPF"
              .formatted(spec.name(), spec.type().label()));
    }
    for (int slot = 0; slot < size; slot++) {
      Instruction i = spec.instructions().get(slot);
      boolean call =
          i.opcode() == (Isa.BPF_JMP | Isa.BPF_CALL)
              && (i.src() == Isa.BPF_PSEUDO_CALL || i.src() == Isa.BPF_PSEUDO_KFUNC_CALL);
      if (call || (i.isWide() && i.src() == Isa.BPF_PSEUDO_FUNC)) {
        throw new BpfException(
            Errno.EPERM,
            "%s: functions of programs and of the kernel are called with CAP_BPF"
                .formatted(Location.of(spec, slot)));
      }
      slot += i.isWide() ? 1 : 0;
    }
  }

  /** Refuses a malformed program; the verifier looks at single instructions when it comes there. */
  private static void checkForm(ProgramSpec spec, RunOptions options) {
    Optional<InstructionCheck.Problem> problem =
        options.verification() != null
            ? InstructionCheck.checkProgram(spec.instructions())
            : InstructionCheck.check(spec.instructions());
    problem.ifPresent(found -> {
      throw new BpfException(
          errno(found.refusal()),
          "%s: %s".formatted(Location.of(spec, found.slot()), found.sentence()));
    });
  }

  /**
   * Verifies a program.
   *
   * @throws VerifierException where it is refused, with the log of the way that failed
   */
  private static Verdict verify(Subject subject, Rules capabilities, int logLevel) {
    Rules rules = capabilities.withStrictAlignment(subject.spec().strictAlignment());
    int level = logLevel == 0 ? STATISTICS : logLevel;
    Verdict verdict =
        FlightRecorder.isInitialized()
            ? VerifyEvent.verify(subject, rules, level)
            : Verifier.verify(subject, rules, level);
    Errno errno = verdict.errno();
    if (errno == null) {
      return logLevel == 0 ? verdict.withoutLog() : verdict;
    }
    // A walk of a million instructions has a log that nobody reads: the reason will do.
    if (logLevel == 0 && verdict.processedInstructions() <= LOGGED_INSTRUCTIONS) {
      verdict = Verifier.verify(subject, rules, 1);
    }
    String reason = verdict.reason().replace('\n', ' ');
    String where =
        verdict.slot() < 0
            ? "program " + subject.spec().name()
            : Location.of(subject.spec(), verdict.slot());
    throw new VerifierException(errno, "%s: %s".formatted(where, reason), verdict.log());
  }

  /** What no way reaches is not looked at: it may be anything. */
  private static void refuseDead(Verdict verdict, Map<Integer, Code.Refusal> refused) {
    for (InstructionFacts facts : verdict.facts()) {
      if (facts.dead()) {
        refused.putIfAbsent(
            facts.slot(),
            new Code.Refusal(Errno.EINVAL, "the verifier found that no way leads here"));
      }
    }
  }

  private static Errno errno(InstructionCheck.Refusal refusal) {
    return switch (refusal) {
      case MALFORMED -> Errno.EINVAL;
      case SIZE -> Errno.E2BIG;
      case FRAME_POINTER_WRITTEN -> Errno.EACCES;
    };
  }

  @Override
  public ProgramSpec spec() {
    return spec;
  }

  @Override
  public int id() {
    return id;
  }

  /** The maps that it uses, in the order of their first use. */
  public List<JvmMap> maps() {
    return maps;
  }

  @Override
  public Code code() {
    Code found = code;
    if (found == null) {
      throw new BpfException(Errno.ENOTSUPP, verifiedOnly);
    }
    return found;
  }

  @Override
  public String verifiedOnly() {
    return verifiedOnly;
  }

  /**
   * Runs it once.
   *
   * @throws io.ebpf4j.jvm.interpreter.ProgramFaultException where the program does what it may not
   */
  @Override
  public long run(Cpu cpu, long context) {
    return repeat(cpu, context, 1);
  }

  @Override
  public long repeat(Cpu cpu, long context, int times) {
    if (!machine.countsRuns()) {
      return runs(cpu, context, times);
    }
    long start = System.nanoTime();
    try {
      return runs(cpu, context, times);
    } finally {
      runCount.add(times);
      runNanos.add(System.nanoTime() - start);
    }
  }

  private long runs(Cpu cpu, long context, int times) {
    if (compiled != null && !compiled.needsRun()) {
      return compiled.program().repeat(context, CompiledRun.stackEnd(cpu), cpu, times);
    }
    long value = 0;
    for (int i = 0; i < times; i++) {
      value =
          compiled == null
              ? code().run(cpu, context)
              : CompiledRun.run(cpu, compiled.program(), context);
    }
    return value;
  }

  @Override
  public CompiledProgram compiled() {
    if (compiled == null) {
      throw new IllegalStateException(this + " is not compiled");
    }
    return compiled.program();
  }

  @Override
  public boolean readable(Cpu cpu, long context, long address, long bytes) {
    return code().readable(cpu, context, address, bytes);
  }

  @Override
  public ProgramInfo info() {
    return new ProgramInfo(
        id,
        spec.type(),
        KernelName.of(spec.name()),
        ProgramTag.of(spec),
        loadNanos,
        0,
        maps.stream().map(JvmMap::id).toList(),
        License.isGplCompatible(spec.license()),
        btfId,
        spec.instructions().size() * Instruction.SIZE,
        compiled == null ? 0 : compiled.bytes().length,
        0,
        runNanos.sum(),
        runCount.sum(),
        0,
        processedInstructions());
  }

  private TypeTable types() {
    return machine.slots().getOrSet(TypeTable.SLOT, TypeTable::new);
  }

  @Override
  public int contextEnd() {
    return verdict == null ? 0 : verdict.contextEnd();
  }

  @Override
  public int readOnlyBufferEnd() {
    return verdict == null ? 0 : verdict.readOnlyBufferEnd();
  }

  @Override
  public int bufferEnd() {
    return verdict == null ? 0 : verdict.bufferEnd();
  }

  @Override
  public String log() {
    return verdict == null ? "" : verdict.log();
  }

  private int processedInstructions() {
    return verdict == null ? 0 : verdict.processedInstructions();
  }

  /**
   * The class file that it was compiled to, with slots in its line tables; empty where it was not
   * compiled.
   */
  public Optional<byte[]> classFile() {
    return source == null ? Optional.empty() : Optional.of(Compiler.classFile(source));
  }

  /** What the verifier has found of each slot; empty where the program was not verified. */
  public List<InstructionFacts> facts() {
    return verdict == null ? List.of() : verdict.facts();
  }

  @Override
  protected void free() {
    if (compiled != null) {
      compiled.close();
    }
    types().remove(btfId);
    maps.forEach(JvmMap::release);
  }

  @Override
  public String toString() {
    return "program %s (id %d)".formatted(spec.name(), id);
  }
}
