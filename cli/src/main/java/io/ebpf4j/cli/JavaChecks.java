package io.ebpf4j.cli;

import io.ebpf4j.jvm.memory.Memory;
import java.util.List;

/** What {@code doctor} looks at in the JVM: all that the JVM kernel needs. */
final class JavaChecks {
  private JavaChecks() {}

  static List<Check> all() {
    return List.of(java(), memory(), nativeAccess(), processors());
  }

  private static Check java() {
    return Check.yes(
        "Java 25 or newer",
        "%s of %s, on %s %s"
            .formatted(
                Runtime.version(),
                System.getProperty("java.vendor"),
                System.getProperty("os.name"),
                System.getProperty("os.arch")));
  }

  private static Check memory() {
    String name = "fast memory access";
    return Memory.FAST
        ? Check.yes(name, "jdk.internal.misc is exported")
        : Check.no(
            name,
            "jdk.internal.misc is not exported",
            "programs run, but slower: give java --add-exports"
                + " java.base/jdk.internal.misc=ALL-UNNAMED (=io.ebpf4j.core on the module path),"
                + " as ./ebpf4j does");
  }

  private static Check nativeAccess() {
    String name = "native access";
    return JavaChecks.class.getModule().isNativeAccessEnabled()
        ? Check.yes(name, "enabled")
        : Check.no(
            name,
            "not enabled",
            "Java warns of it, and will refuse it one day: give java"
                + " --enable-native-access=ALL-UNNAMED, as ./ebpf4j does");
  }

  private static Check processors() {
    return Check.yes(
        "processors", "%d for this process".formatted(Runtime.getRuntime().availableProcessors()));
  }
}
