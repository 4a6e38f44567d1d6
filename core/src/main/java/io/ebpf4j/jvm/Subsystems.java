package io.ebpf4j.jvm;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.jvm.context.Hook;
import io.ebpf4j.jvm.context.JudgedKind;
import io.ebpf4j.jvm.context.ProgramKind;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.helper.ChecksumHelpers;
import io.ebpf4j.jvm.helper.ControlHelpers;
import io.ebpf4j.jvm.helper.DynptrHelpers;
import io.ebpf4j.jvm.helper.HelperTable;
import io.ebpf4j.jvm.helper.KfuncTable;
import io.ebpf4j.jvm.helper.NumberIterator;
import io.ebpf4j.jvm.helper.PrintHelpers;
import io.ebpf4j.jvm.helper.SectionKfuncs;
import io.ebpf4j.jvm.helper.SequenceHelpers;
import io.ebpf4j.jvm.helper.StringHelpers;
import io.ebpf4j.jvm.helper.StringKfuncs;
import io.ebpf4j.jvm.helper.SystemHelpers;
import io.ebpf4j.jvm.map.JudgedMap;
import io.ebpf4j.jvm.map.MapKind;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.jvm.map.MapTypes;
import io.ebpf4j.jvm.net.Net;
import io.ebpf4j.jvm.socket.Sockets;
import io.ebpf4j.jvm.storage.Storage;
import io.ebpf4j.jvm.trace.Trace;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The subsystems of one kernel: a line for each, and what they bring put together. */
final class Subsystems implements AutoCloseable {
  private final MapTable maps;
  private final Storage storage;
  private final Net net;
  private final Sockets sockets;
  private final Trace trace;
  private final Map<ProgramType, ProgramKind> kinds;
  private final List<Hook> hooks;

  Subsystems(Machine machine, Storage.Limits limits, boolean poisoned) {
    maps = MapTable.install(machine);
    storage = new Storage(machine, limits, poisoned);
    maps.bring(storage.mapKinds());
    net = new Net(machine);
    maps.bring(net.mapKinds());
    sockets = new Sockets(machine);
    maps.bring(sockets.mapKinds());
    trace = new Trace(machine, Types.BTF);
    kinds =
        Stream.of(net.kinds(), sockets.kinds(), trace.kinds(), JudgedKind.all())
            .flatMap(List::stream)
            .collect(Collectors.toMap(ProgramKind::type, Function.identity(), (first, _) -> first));
    hooks = Stream.of(net.hooks(), trace.hooks()).flatMap(List::stream).toList();
  }

  Optional<ProgramKind> kind(ProgramType type) {
    return Optional.ofNullable(kinds.get(type));
  }

  /** Makes maps of the types that are not built, for programs that are verified alone. */
  void judgeMaps(Machine machine) {
    maps.bring(
        Stream.of(MapType.values())
            .filter(type -> type != MapType.UNSPEC && !MapTypes.isBuilt(machine, type))
            .<MapKind>map(JudgedMap.Kind::new)
            .toList());
  }

  /** The hook that an attachment is to. */
  Optional<Hook> hook(Attachment to) {
    return hooks.stream().filter(hook -> hook.takes(to)).findFirst();
  }

  Net net() {
    return net;
  }

  Sockets sockets() {
    return sockets;
  }

  Storage storage() {
    return storage;
  }

  Trace trace() {
    return trace;
  }

  static HelperTable helpers() {
    return Helpers.TABLE;
  }

  Btf btf() {
    return trace.types();
  }

  static KfuncTable kfuncs() {
    return Types.KFUNCS;
  }

  @Override
  public void close() {
    trace.close();
    sockets.close();
    net.close();
    storage.close();
    maps.close();
  }

  // Holders: the helpers and the types are read when the first program needs them.

  private static final class Helpers {
    static final HelperTable TABLE = HelperTable.of(classes());

    private static List<Class<?>> classes() {
      List<Class<?>> classes =
          new ArrayList<>(
              List.of(
                  ChecksumHelpers.class,
                  ControlHelpers.class,
                  DynptrHelpers.class,
                  PrintHelpers.class,
                  SequenceHelpers.class,
                  StringHelpers.class,
                  SystemHelpers.class));
      classes.addAll(MapTable.helpers());
      classes.addAll(Net.helpers());
      classes.addAll(Sockets.helpers());
      classes.addAll(Storage.helpers());
      classes.addAll(Trace.helpers());
      return classes;
    }
  }

  private static final class Types {
    private static final List<Class<?>> KFUNC_CLASSES =
        Stream.of(
                List.<Class<?>>of(
                    DynptrHelpers.class,
                    NumberIterator.class,
                    SectionKfuncs.class,
                    StringKfuncs.class),
                MapTable.kfuncs(),
                Net.kfuncs())
            .flatMap(List::stream)
            .toList();

    static final Btf BTF = KernelTypes.of(helpers(), KFUNC_CLASSES);
    static final KfuncTable KFUNCS = KfuncTable.of(KFUNC_CLASSES, BTF);
  }
}
