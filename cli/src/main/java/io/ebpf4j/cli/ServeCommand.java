package io.ebpf4j.cli;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.ReuseportServer;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ebpf4j serve}: an echo server whose members a program chooses among. */
@Command(
    name = "serve",
    mixinStandardHelpOptions = true,
    description = {
      "Serve a port by members that echo, and let a program choose the member of each datagram or"
          + " connection. The members' sockets lie in the object's REUSEPORT_SOCKARRAY, member 0 in"
          + " slot 0. Ends with Ctrl-C or --seconds.",
    })
final class ServeCommand implements Callable<Integer> {
  private static final int MAX_PORT = 65535;
  private static final int MAX_MEMBERS = 4096;

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

  @ArgGroup(multiplicity = "1")
  private Port port = new Port();

  private static final class Port {
    @Option(names = "--udp", paramLabel = "PORT", description = "Serve datagrams; 0: any port.")
    private @Nullable Integer udp;

    @Option(names = "--tcp", paramLabel = "PORT", description = "Serve connections; 0: any port.")
    private @Nullable Integer tcp;
  }

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      description = "The address to serve (default: 127.0.0.1).")
  private String host = "127.0.0.1";

  @Option(
      names = "--members",
      paramLabel = "N",
      description = "How many share the port (default: 4).")
  private int members = 4;

  @Option(
      names = "--array",
      paramLabel = "MAP",
      description = "Where the members' sockets go, if the object has several arrays of sockets.")
  private @Nullable String array;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description = "How long it serves (default: until Ctrl-C).")
  private double seconds = Double.POSITIVE_INFINITY;

  @Override
  public Integer call() throws IOException {
    InetSocketAddress address = checkUsage();
    ObjectFile file = ObjectInput.read(object);
    ObjectChanges changes =
        new ObjectChanges(file, objectOptions, kernelOptions.elements, command.commandLine());
    ProgramSpec chosen = changes.choose(program);
    if (chosen.type() != ProgramType.SK_REUSEPORT && chosen.type() != ProgramType.SOCKET_FILTER) {
      throw new RefusedException(
          "program %s is of type %s: one that chooses a member is in section sk_reuseport or socket"
              .formatted(chosen.name(), chosen.type().label()));
    }
    changes.beforeLoad();
    String slots = arrayName(file);
    MapNames names = new MapNames(file);
    try {
      if (common.on == KernelChoice.JVM) {
        try (Kernel kernel = kernelOptions.kernel(kernelOptions.cpus).build()) {
          serve(kernel, file, changes, chosen, slots, address);
        }
      } else {
        try (LinuxSide linux = LinuxSide.open()) {
          serve(linux.kernel(), file, changes, chosen, slots, address);
        }
      }
    } catch (BpfException e) {
      throw new RefusedException(names.inSentence(e), e);
    }
    return ExitStatus.DONE;
  }

  private void serve(
      Kernel kernel,
      ObjectFile file,
      ObjectChanges changes,
      ProgramSpec chosen,
      @Nullable String slots,
      InetSocketAddress address)
      throws IOException {
    try (BpfObject loaded = kernel.load(file);
        EchoServer server = EchoServer.open(kernel, port.udp != null, address)) {
      List<ReuseportServer.Member> all =
          server.join(members, slots == null ? null : loaded.map(slots));
      changes.afterLoad(loaded);
      server.attach(loaded.program(chosen.name()));
      ServeReport report =
          new ServeReport(
              object.toString(),
              kernel.name(),
              port.udp != null ? "udp" : "tcp",
              server.address(),
              all,
              server::refused);
      PrintWriter out = command.commandLine().getOut();
      LiveWatch.run(
          report,
          seconds,
          new CountDownLatch(1),
          common,
          out,
          () -> report.print(maps(loaded), common.json, out));
    }
  }

  private static List<MapDump> maps(BpfObject loaded) {
    return loaded.maps().entrySet().stream()
        .map(entry -> new MapDump(entry.getKey(), entry.getValue()))
        .toList();
  }

  private @Nullable String arrayName(ObjectFile file) {
    List<String> arrays =
        file.maps().entrySet().stream()
            .filter(entry -> entry.getValue().type() == MapType.REUSEPORT_SOCKARRAY)
            .map(java.util.Map.Entry::getKey)
            .toList();
    if (array != null) {
      if (!arrays.contains(array)) {
        throw usage(
            "--array: %s has no REUSEPORT_SOCKARRAY %s; it has %s"
                .formatted(file.name(), array, String.join(", ", arrays)));
      }
    } else if (arrays.size() > 1) {
      throw usage(
          "%s has several arrays of sockets: choose one with --array: %s"
              .formatted(file.name(), String.join(", ", arrays)));
    }
    if (arrays.isEmpty()) {
      return null;
    }
    String chosen = array == null ? arrays.getFirst() : array;
    MapSpec spec = file.map(chosen);
    if (Integer.compareUnsigned(spec.maxEntries(), members) < 0) {
      throw usage(
          "%d members do not fit %s, which has %s slots: resize it with --map %s=%d"
              .formatted(
                  members, chosen, Integer.toUnsignedString(spec.maxEntries()), chosen, members));
    }
    return chosen;
  }

  private InetSocketAddress checkUsage() {
    if (common.on == KernelChoice.BOTH) {
      throw usage("serve works on one kernel: --on jvm or --on linux");
    }
    if (members < 1 || members > MAX_MEMBERS) {
      throw usage("--members takes 1 to %d, not %d".formatted(MAX_MEMBERS, members));
    }
    if (!(seconds > 0)) {
      throw usage("--seconds takes more than 0, not " + seconds);
    }
    Integer udp = port.udp;
    Integer tcp = port.tcp;
    int number = udp != null ? udp : tcp != null ? tcp : 0;
    if (number < 0 || number > MAX_PORT) {
      throw usage("a port is 0 to %d, not %d".formatted(MAX_PORT, number));
    }
    kernelOptions.check(common.on, command.commandLine());
    try {
      return new InetSocketAddress(InetAddress.getByName(host), number);
    } catch (UnknownHostException e) {
      throw usage("--host: there is no address '%s'".formatted(host));
    }
  }

  private ParameterException usage(String sentence) {
    return new ParameterException(command.commandLine(), sentence);
  }
}
