package io.ebpf4j.jvm.map;

import static io.ebpf4j.jvm.map.TestKernel.key;
import static io.ebpf4j.jvm.map.TestKernel.value;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.map.LinuxFacts.Fact;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each operation that Linux 6.18 was asked for, asked here. */
class OperationFactsTest {
  private static final String TWO_CPUS = "01000000ffffffff02000000ffffffff";
  private static final int BAD_FD = 9999;

  private final TestKernel kernel = new TestKernel();

  @AfterEach
  void close() {
    kernel.close();
  }

  static Stream<Fact> facts() {
    return LinuxFacts.arrays().stream()
        .filter(fact -> CreationFactsTest.facts().noneMatch(fact::equals));
  }

  @ParameterizedTest
  @MethodSource("facts")
  void operationAnswersAsLinux(Fact fact) {
    Answer linux = Answer.parse(fact.answer());
    Answer jvm = ask(fact.name());
    assertThat(jvm.outcome()).isEqualTo(linux.outcome());
    if (!linux.bytes().isEmpty()) {
      assertThat(jvm.bytes()).isEqualTo(linux.bytes());
    }
  }

  private Answer ask(String name) {
    int space = name.indexOf(' ');
    String subject = space < 0 ? name : name.substring(0, space);
    String operation = name.substring(space + 1);
    return switch (subject) {
      case "type", "name", "extra!=0" -> create(name);
      case "lookup", "update", "delete", "next", "lookup_and_delete", "freeze", "freeze2" ->
          array(name);
      case "possible" -> Answer.of(() -> Integer.toString(kernel.machine.cpus().size()));
      case "percpu" -> perCpu(operation);
      case "rdonly" -> limited(MapFlags.RDONLY, operation);
      case "wronly" -> limited(MapFlags.WRONLY, operation);
      case "prog" -> descriptors(MapType.PROG_ARRAY, operation);
      case "perf" -> descriptors(MapType.PERF_EVENT_ARRAY, operation);
      case "cg" -> descriptors(MapType.CGROUP_ARRAY, operation);
      case "AOM" -> mapOfMaps(name.equals("AOM") ? "create" : operation);
      default -> throw new AssertionError("no such case: " + name);
    };
  }

  private Answer create(String name) {
    MapSpec spec = MapSpec.array("x", 8, 4);
    return switch (name) {
      case "type 0" -> created(spec.withType(MapType.UNSPEC));
      case "type 99" -> unknownType(99);
      case "name bad" -> created(spec.withName("a b"));
      case "name ok" -> created(spec.withName("a_b.c"));
      case "name 16" -> created(spec.withName("a".repeat(16)));
      case "name 15" -> created(spec.withName("a".repeat(15)));
      case "extra!=0" -> created(spec.withExtra(1));
      default -> throw new AssertionError("no such case: " + name);
    };
  }

  private Answer array(String name) {
    JvmMap map = kernel.create(MapSpec.array("x", 8, 4));
    if (name.startsWith("update")) {
      boolean past = name.startsWith("update oob");
      if (name.equals("update frozen")) {
        map.user().freeze();
      }
      long flags = name.contains("flags") ? Long.parseLong(name.substring(name.length() - 1)) : 0;
      return Answer.of(() -> map.user().update(key(past ? 9 : 1), value(7), flags));
    }
    return switch (name) {
      case "lookup 0" -> looked(map, 0, 0);
      case "lookup 4" -> looked(map, 4, 0);
      case "lookup flags 1" -> looked(map, 0, 1);
      case "lookup F_LOCK" -> looked(map, 0, MapFlags.LOCK);
      case "lookup flags 8" -> looked(map, 0, 8);
      case "lookup frozen" -> {
        map.user().freeze();
        yield looked(map, 0, 0);
      }
      case "delete 0" -> Answer.ofFound(() -> map.user().delete(key(0)));
      case "delete oob" -> Answer.ofFound(() -> map.user().delete(key(9)));
      case "next NULL" -> next(map, null);
      case "next 0" -> next(map, 0);
      case "next 3" -> next(map, 3);
      case "next 9" -> next(map, 9);
      case "next max" -> next(map, -1);
      case "lookup_and_delete" ->
          Answer.ofFound(() -> map.user().lookupAndDelete(key(0), value(0), 0));
      case "freeze" -> Answer.of(map.user()::freeze);
      case "freeze2" -> {
        map.user().freeze();
        yield Answer.of(map.user()::freeze);
      }
      default -> throw new AssertionError("no such case: " + name);
    };
  }

  private Answer perCpu(String operation) {
    JvmMap map = kernel.create(MapSpec.of("x", MapType.PERCPU_ARRAY, 4, 4, 4));
    byte[] values = HexFormat.of().parseHex(TWO_CPUS);
    MemorySegment segment = MemorySegment.ofArray(values);
    if (operation.startsWith("update flags ")) {
      long flags = Long.parseLong(operation.substring("update flags ".length()));
      return Answer.of(() -> map.user().update(key(0), segment, flags));
    }
    return switch (operation) {
      case "update" -> Answer.of(() -> map.user().update(key(0), segment, 0));
      case "oob upd" -> Answer.of(() -> map.user().update(key(9), segment, 0));
      case "lookup" -> {
        map.user().update(key(0), segment, 0);
        yield looked(map, 0, 0);
      }
      case "delete" -> Answer.ofFound(() -> map.user().delete(key(0)));
      default -> throw new AssertionError("no such case: " + operation);
    };
  }

  private Answer limited(int flags, String operation) {
    JvmMap map = kernel.create(MapSpec.array("x", 8, 4).withFlags(flags));
    return switch (operation) {
      case "update" -> Answer.of(() -> map.user().update(key(0), value(1), 0));
      case "lookup" -> looked(map, 0, 0);
      case "nextkey" -> next(map, null);
      case "freeze" -> Answer.of(map.user()::freeze);
      default -> throw new AssertionError("no such case: " + operation);
    };
  }

  private Answer descriptors(MapType type, String operation) {
    JvmMap map = kernel.create(MapSpec.of("x", type, 4, 4, 4));
    int mapFd = kernel.fds.open(kernel.create(MapSpec.array("y", 8, 4)));
    return switch (operation) {
      case "lookup", "lookup empty" -> looked(map, 0, 0);
      case "lookup oob" -> looked(map, 9, 0);
      case "upd badfd" -> Answer.of(() -> map.user().update(key(0), key(BAD_FD), 0));
      case "upd flags1" -> Answer.of(() -> map.user().update(key(0), key(BAD_FD), 1));
      case "upd mapfd" -> Answer.of(() -> map.user().update(key(0), key(mapFd), 0));
      case "upd oob" -> Answer.of(() -> map.user().update(key(9), key(BAD_FD), 0));
      case "del", "del empty" -> Answer.ofFound(() -> map.user().delete(key(0)));
      case "del oob" -> Answer.ofFound(() -> map.user().delete(key(9)));
      case "next" -> next(map, null);
      case "freeze" -> Answer.of(map.user()::freeze);
      default -> throw new AssertionError("no such case: " + operation);
    };
  }

  private Answer mapOfMaps(String operation) {
    MapSpec shape = MapSpec.array("inner", 8, 4);
    MapSpec outer = MapSpec.of("outer", MapType.ARRAY_OF_MAPS, 4, 4, 4);
    return switch (operation) {
      case "no inner" -> created(outer);
      case "create" -> created(outer, shape);
      case "value8" -> created(outer.withValueSize(8), shape);
      case "of AOM" -> {
        JvmMap middle = kernel.create(outer, kernel.create(shape));
        yield Answer.of(() -> kernel.create(outer, middle).release());
      }
      case "of PROG" -> created(outer, MapSpec.of("p", MapType.PROG_ARRAY, 4, 4, 4));
      case "of PERF" -> created(outer, MapSpec.of("p", MapType.PERF_EVENT_ARRAY, 4, 4, 4));
      case "of DEVMAP" -> notBuilt(MapType.DEVMAP);
      case "of REUSE" -> created(outer, MapSpec.of("r", MapType.REUSEPORT_SOCKARRAY, 4, 4, 4));
      case "INNER_MAP other max" -> {
        MapSpec any = shape.withFlags(MapFlags.INNER_MAP);
        yield put(kernel.create(outer, kernel.create(any)), 0, any.withMaxEntries(9), 0);
      }
      case "INNER_MAP flagless" -> {
        MapSpec any = shape.withFlags(MapFlags.INNER_MAP);
        yield put(kernel.create(outer, kernel.create(any)), 0, shape, 0);
      }
      default -> mapOfMaps(operation, kernel.create(outer, kernel.create(shape)), shape);
    };
  }

  private Answer mapOfMaps(String operation, JvmMap map, MapSpec shape) {
    return switch (operation) {
      case "lookup empty" -> looked(map, 0, 0);
      case "upd same" -> put(map, 0, shape, 0);
      case "lookup" -> {
        put(map, 0, shape, 0);
        yield looked(map, 0, 0);
      }
      case "upd other max" -> put(map, 0, shape.withMaxEntries(9), 0);
      case "upd other value" -> put(map, 0, shape.withValueSize(16), 0);
      case "upd flags1" -> put(map, 0, shape, 1);
      case "upd flags2" -> put(map, 0, shape, 2);
      case "oob" -> put(map, 9, shape, 0);
      case "del" -> {
        put(map, 0, shape, 0);
        yield Answer.ofFound(() -> map.user().delete(key(0)));
      }
      case "del again" -> Answer.ofFound(() -> map.user().delete(key(0)));
      case "del oob" -> Answer.ofFound(() -> map.user().delete(key(9)));
      default -> throw new AssertionError("no such case: " + operation);
    };
  }

  private Answer put(JvmMap map, int index, MapSpec inner, long flags) {
    int fd = kernel.fds.open(kernel.create(inner));
    return Answer.of(() -> map.user().update(key(index), key(fd), flags));
  }

  private Answer created(MapSpec spec) {
    return Answer.of(() -> kernel.create(spec).release());
  }

  private Answer created(MapSpec spec, MapSpec inner) {
    JvmMap template = kernel.create(inner);
    return Answer.of(() -> kernel.create(spec, template).release());
  }

  /** The API cannot name it: it has no constant. */
  private static Answer unknownType(int number) {
    return MapType.ofId(number).isPresent()
        ? new Answer("OK", "")
        : new Answer(Errno.EINVAL.name(), "");
  }

  /** Linux takes it as a template; here the template itself is refused, by the name of its type. */
  private Answer notBuilt(MapType type) {
    try {
      kernel.create(MapSpec.of("x", type, 4, 4, 4)).release();
      return new Answer("built", "");
    } catch (BpfException e) {
      assertThat(e).hasMessageContaining("map type %s is not built", type);
      return new Answer("OK", "");
    }
  }

  private static Answer looked(JvmMap map, int index, long flags) {
    byte[] buffer = new byte[map.userValueSize()];
    return Answer.ofFound(
        () -> map.user().lookup(key(index), MemorySegment.ofArray(buffer), flags), buffer);
  }

  private static Answer next(JvmMap map, @Nullable Integer from) {
    byte[] buffer = new byte[4];
    return Answer.ofFound(
        () -> map.user().nextKey(from == null ? null : key(from), MemorySegment.ofArray(buffer)),
        buffer);
  }
}
