package io.ebpf4j.cli;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.Link;
import io.ebpf4j.Program;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.jvm.net.NetDevice;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ebpf4j forward}: an XDP program on devices, until their traffic ends. */
@Command(
    name = "forward",
    mixinStandardHelpOptions = true,
    description = {
      "Run an XDP program on devices of the JVM kernel until their captures are used up or Ctrl-C,"
          + " and print what became of the frames.",
      "A device is NAME=KIND; KIND is capture:IN[:OUT] (what it receives and where it writes what"
          + " it sends; either may be empty) or veth:PEER (a pair, whose ends send to each other)."
          + " @NAME stands for a device's number in --put."
    })
final class ForwardCommand implements Callable<Integer> {
  private static final int MOST_WAITS = 2_000;
  private static final long WAIT_NANOS = 1_000_000;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before the call.
  private CommandSpec command;

  @Mixin private CommonOptions common = new CommonOptions();
  @Mixin private ObjectOptions objectOptions = new ObjectOptions();
  @Mixin private KernelOptions kernelOptions = new KernelOptions();

  @Parameters(paramLabel = "OBJECT", description = "The object file that clang wrote.")
  private Path object = Path.of("");

  @Option(
      names = "--prog",
      paramLabel = "NAME",
      description = "The program; may be left out where the object has one.")
  private @Nullable String program;

  @Option(
      names = "--device",
      paramLabel = "NAME=KIND",
      required = true,
      description = "A device. May be given several times.")
  private List<String> devices = new ArrayList<>();

  @Option(
      names = "--attach",
      paramLabel = "NAME",
      split = ",",
      description = "A device to attach the program to (default: the first). May be repeated.")
  private List<String> attach = new ArrayList<>();

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description = "How long at most (default: until the captures end or Ctrl-C).")
  private double seconds = Double.POSITIVE_INFINITY;

  @Option(names = "--trace", description = "Print what happens to frames, and what programs print.")
  private boolean trace;

  @Override
  public Integer call() throws IOException {
    checkUsage();
    ObjectFile file = ObjectInput.read(object);
    MapNames names = new MapNames(file);
    try (JvmKernel kernel = kernelOptions.kernel(kernelOptions.cpus).build();
        ForwardDevices made = new ForwardDevices(kernel.devices())) {
      for (String device : devices) {
        usage("--device", () -> made.add(device));
      }
      List<String> elements = new ArrayList<>();
      for (String element : kernelOptions.elements) {
        usage("--put " + element, () -> elements.add(made.withNumbers(element)));
      }
      ObjectChanges changes =
          new ObjectChanges(file, objectOptions, elements, command.commandLine());
      ProgramSpec chosen = changes.choose(program);
      if (chosen.type() != ProgramType.XDP) {
        throw new RefusedException(
            "program %s is of type %s: forward runs XDP programs, of section xdp"
                .formatted(chosen.name(), chosen.type().label()));
      }
      changes.beforeLoad();
      if (trace) {
        trace(kernel);
      }
      forward(kernel, file, changes, chosen, made);
    } catch (BpfException e) {
      throw new RefusedException(names.inSentence(e), e);
    }
    return ExitStatus.DONE;
  }

  private void forward(
      JvmKernel kernel,
      ObjectFile file,
      ObjectChanges changes,
      ProgramSpec chosen,
      ForwardDevices made)
      throws IOException {
    List<NetDevice> attached = new ArrayList<>();
    for (String name : attach.isEmpty() ? List.of(made.named().firstEntry().getKey()) : attach) {
      usage("--attach", () -> attached.add(made.find(name)));
    }
    try (BpfObject loaded = kernel.load(file)) {
      changes.afterLoad(loaded);
      List<Link> links = attach(kernel, loaded.program(chosen.name()), attached);
      ForwardReport report =
          new ForwardReport(
              object.toString(), chosen.name(), List.copyOf(made.named().values()), attached);
      PrintWriter out = command.commandLine().getOut();
      CountDownLatch stop = new CountDownLatch(1);
      made.up();
      if (made.endsByItself()) {
        Thread.ofPlatform().daemon().name("ebpf4j-end").start(() -> end(made, stop));
      }
      LiveWatch.run(
          report,
          seconds,
          stop,
          common,
          out,
          () -> {
            settle(kernel);
            long unusable = made.unusable();
            made.close();
            links.forEach(Link::close);
            report.print(maps(loaded), unusable, common.json, out);
          });
    }
  }

  private static List<Link> attach(Kernel kernel, Program program, List<NetDevice> devices) {
    List<Link> links = new ArrayList<>();
    for (NetDevice device : devices) {
      links.add(
          kernel.attach(program, new Attachment.Xdp(device.ifindex(), Attachment.XdpMode.ANY)));
    }
    return links;
  }

  private static void end(ForwardDevices made, CountDownLatch stop) {
    try {
      made.awaitEnd();
      stop.countDown();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits for frames that go on on other CPUs. */
  private static void settle(JvmKernel kernel) {
    for (int i = 0; i < MOST_WAITS && kernel.devices().framesInUse() > 0; i++) {
      LockSupport.parkNanos(WAIT_NANOS);
    }
  }

  private void trace(JvmKernel kernel) {
    PrintWriter lines =
        common.json ? command.commandLine().getErr() : command.commandLine().getOut();
    kernel.trace(lines::println);
    kernel.devices().listen(event -> lines.println(event));
  }

  private static List<MapDump> maps(BpfObject loaded) {
    return loaded.maps().entrySet().stream()
        .map(entry -> new MapDump(entry.getKey(), entry.getValue()))
        .toList();
  }

  private void checkUsage() {
    if (common.on != KernelChoice.JVM) {
      throw new ParameterException(
          command.commandLine(), "forward works on the JVM kernel's devices: leave --on out");
    }
    if (!(seconds > 0)) {
      throw new ParameterException(
          command.commandLine(), "--seconds takes more than 0, not " + seconds);
    }
    kernelOptions.check(common.on, command.commandLine());
  }

  private interface Step {
    void run() throws IOException;
  }

  /** What is wrong in an option's argument is wrong usage, and said with the option's name. */
  private void usage(String option, Step step) throws IOException {
    try {
      step.run();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), option + ": " + e.getMessage());
    } catch (IOException e) {
      throw new RefusedException(String.valueOf(e.getMessage()), e);
    }
  }
}
