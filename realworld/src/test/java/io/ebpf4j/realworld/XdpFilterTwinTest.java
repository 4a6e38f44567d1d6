package io.ebpf4j.realworld;

import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.MapSpec.Pinning;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** xdp-filter's programs, as Debian ships them, with rules in its maps. */
class XdpFilterTwinTest {
  /** Bits of a rule: what it matches. */
  private static final int SOURCE = 1;

  private static final int DESTINATION = 2;
  private static final int TCP = 4;
  private static final int UDP = 8;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "alw_all", "alw_eth", "alw_ip", "alw_tcp", "alw_udp", "dny_all", "dny_eth", "dny_ip",
        "dny_tcp", "dny_udp"
      })
  void filtersAlike(String flavour) throws IOException, InterruptedException {
    Path object = DebianObjects.folder().resolve("xdpfilt_" + flavour + ".o");
    ObjectFile file = ObjectFile.read(object);
    String program = file.programs().firstEntry().getKey();
    Twin.play(
        object,
        XdpFilterTwinTest::unpinned,
        stage -> {
          Traffic traffic = new Traffic(12);
          stage.run(program, traffic.mixed(200));
          rule(
              stage,
              file,
              "filter_ports",
              Struct.u32(Short.reverseBytes((short) 80) & 0xffff),
              DESTINATION | TCP);
          rule(
              stage,
              file,
              "filter_ports",
              Struct.u32(Short.reverseBytes((short) 53) & 0xffff),
              DESTINATION | UDP);
          rule(stage, file, "filter_ipv4", Struct.addressBytes("10.0.1.3"), SOURCE);
          rule(stage, file, "filter_ipv4", Struct.addressBytes("192.0.2.4"), DESTINATION);
          rule(stage, file, "filter_ipv6", Struct.addressBytes("2001:db8:1::2"), SOURCE);
          rule(stage, file, "filter_ipv6", Struct.addressBytes("2001:db8:f::3"), SOURCE);
          stage.run(program, traffic.mixed(1_000));
          if (file.maps().containsKey("filter_ipv4")) {
            stage.delete("filter_ipv4", Struct.addressBytes("10.0.1.3"));
          }
          rule(
              stage, file, "filter_ethernet", Struct.of().mac("02:00:00:00:00:01").bytes(), SOURCE);
          stage.run(program, traffic.mixed(300));
          stage.dumpAll();
        });
  }

  /** Pins would outlive the test. */
  private static void unpinned(ObjectFile file) {
    file.maps().forEach((name, map) -> file.replaceMap(name, map.withPinning(Pinning.NONE)));
  }

  private static void rule(Stage stage, ObjectFile file, String map, byte[] key, long flags) {
    if (file.maps().containsKey(map)) {
      int cpus = stage.kernel().possibleCpus();
      Struct value = Struct.of();
      for (int cpu = 0; cpu < cpus; cpu++) {
        value.quad(flags);
      }
      stage.put(map, key, value.bytes());
    }
  }
}
