package io.ebpf4j.cli;

import io.ebpf4j.BpfException;
import io.ebpf4j.Kernel;
import io.ebpf4j.object.ObjectFile;
import org.jspecify.annotations.Nullable;

/**
 * An object loaded into both kernels.
 *
 * @param jvm null where the kernel refused it
 * @param linux null where the kernel refused it
 */
record BothLoads(@Nullable KernelRun jvm, @Nullable KernelRun linux) implements AutoCloseable {
  private static final String LOADED = "loaded";

  /**
   * Loads it; a load that one kernel refuses is a difference.
   *
   * @throws RefusedException where both refuse it alike
   */
  static BothLoads of(
      ObjectFile file,
      Kernel jvm,
      LinuxSide linux,
      String program,
      RunMode jvmMode,
      Differences differences) {
    MapNames names = new MapNames(file);
    Load onJvm = load(jvm, file, program, jvmMode);
    Load onLinux = load(linux.kernel(), file, program, LinuxSide.mode());
    BpfException one = onJvm.refusal();
    BpfException other = onLinux.refusal();
    if (one != null && other != null && one.errno() == other.errno()) {
      String ours = names.inSentence(one);
      String theirs = names.inSentence(other);
      throw new RefusedException(
          "both kernels refuse the load: " + (ours.equals(theirs) ? ours : ours + "; " + theirs),
          other);
    }
    if (one != null || other != null) {
      differences.add(new Difference.Load(onJvm.words(names), onLinux.words(names)));
    }
    return new BothLoads(onJvm.run(), onLinux.run());
  }

  private record Load(@Nullable KernelRun run, @Nullable BpfException refusal) {
    String words(MapNames names) {
      return refusal == null ? LOADED : "refused: " + names.inSentence(refusal);
    }
  }

  private static Load load(Kernel kernel, ObjectFile file, String program, RunMode mode) {
    try {
      return new Load(new KernelRun(kernel, file, program, mode), null);
    } catch (BpfException e) {
      return new Load(null, e);
    }
  }

  @Override
  public void close() {
    if (jvm != null) {
      jvm.close();
    }
    if (linux != null) {
      linux.close();
    }
  }
}
