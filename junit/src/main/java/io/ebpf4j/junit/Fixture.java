package io.ebpf4j.junit;

import io.ebpf4j.BpfMap;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Descriptor;
import io.ebpf4j.Kernel;
import io.ebpf4j.Link;
import io.ebpf4j.Program;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.jvm.cpu.ManualClock;
import io.ebpf4j.object.ObjectFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The kernel of one test and what was loaded into it. Used by the test's thread. */
final class Fixture implements AutoCloseable {
  private final Setting setting;
  private final @Nullable ManualClock clock;
  private final Kernel kernel;
  private @Nullable ObjectFile file;
  private @Nullable BpfObject object;

  /** A fixture on Linux, or where that is null on a new kernel in the JVM. */
  Fixture(Setting setting, @Nullable Kernel linux) {
    this.setting = setting;
    clock = setting.clockNanos().map(ManualClock::new).orElse(null);
    kernel = linux == null ? jvm(setting, clock) : linux;
  }

  private static Kernel jvm(Setting setting, @Nullable ManualClock clock) {
    if (setting.twin()) {
      return BothKernels.jvm();
    }
    JvmKernel.Builder builder = JvmKernel.builder().seed(setting.seed());
    setting.cpus().ifPresent(builder::cpus);
    if (clock != null) {
      builder.clock(clock);
    }
    return builder.build();
  }

  Kernel kernel() {
    return kernel;
  }

  Optional<ManualClock> clock() {
    return Optional.ofNullable(clock);
  }

  /**
   * The test's object, not loaded yet when it is first asked for.
   *
   * @throws IllegalArgumentException where the test names none, or one that is not there
   */
  ObjectFile file() {
    ObjectFile read = file;
    if (read == null) {
      read = read();
      file = read;
    }
    return read;
  }

  /**
   * The loaded object.
   *
   * @throws IllegalArgumentException as {@link #file}
   * @throws io.ebpf4j.BpfException where the kernel refuses it
   */
  BpfObject object() {
    BpfObject loaded = object;
    if (loaded == null) {
      loaded = kernel.load(file());
      object = loaded;
    }
    return loaded;
  }

  /** Loads the object where the test names one. */
  void loadWhereNamed() {
    if (!setting.object().isEmpty()) {
      object();
    }
  }

  /**
   * Closes everything.
   *
   * @throws AssertionError where the test has left something open
   */
  void finish() {
    List<String> leaks;
    try (this) {
      if (object != null) {
        object.close();
      }
      leaks = leaks();
    }
    if (!leaks.isEmpty() && !setting.leaksAllowed()) {
      throw new AssertionError(
          "the test has left open %s: close what a test opens, with try, and unpin what it pins"
              .formatted(String.join(", ", leaks)));
    }
  }

  @Override
  public void close() {
    kernel.pins().forEach(kernel::unpin);
    kernel.close();
  }

  private List<String> leaks() {
    List<String> leaks = new ArrayList<>();
    kernel.openHandles().stream().map(Fixture::described).sorted().forEach(leaks::add);
    kernel.openReadersAndMappings().stream().map(Object::toString).sorted().forEach(leaks::add);
    kernel.pins().forEach(path -> leaks.add("the pin " + path));
    return leaks;
  }

  private static String described(Descriptor handle) {
    return switch (handle) {
      case BpfMap map -> "map '%s' (id %d)".formatted(map.name(), map.id());
      case Program program -> "program '%s' (id %d)".formatted(program.name(), program.id());
      case Link link -> "link %d".formatted(link.id());
      default -> handle.toString();
    };
  }

  private ObjectFile read() {
    String name = setting.object();
    if (name.isEmpty()) {
      throw new IllegalArgumentException(
          "%s names no object: write @EbpfTest(\"….bpf.o\") on the test or on its class"
              .formatted(setting.testClass().getSimpleName()));
    }
    try (InputStream resource = resource(name)) {
      if (resource != null) {
        return ObjectFile.parse(name.substring(name.lastIndexOf('/') + 1), resource.readAllBytes());
      }
      if (Files.exists(Path.of(name))) {
        return ObjectFile.read(Path.of(name));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the object %s cannot be read".formatted(name), e);
    }
    throw new IllegalArgumentException(
        "the object %s is neither a resource beside %s, nor one at the root of the class path, nor a"
                .formatted(name, setting.testClass().getSimpleName())
            + " file in %s".formatted(Path.of("").toAbsolutePath()));
  }

  private @Nullable InputStream resource(String name) {
    InputStream beside = setting.testClass().getResourceAsStream(name);
    return beside == null && !name.startsWith("/")
        ? setting.testClass().getResourceAsStream("/" + name)
        : beside;
  }
}
