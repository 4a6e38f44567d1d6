package io.ebpf4j.jvm.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Program;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.Attachment.XdpMode;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Devices come and go, and maps change, while frames run: each frame is accounted for. */
class HotPlugTest {
  private static final int FRAMES = Integer.getInteger("ebpf4j.hotplug.frames", 1_000_000);
  private static final byte[] PACKET = PacketKernel.frame(0x0800, 64);

  private final JvmKernel kernel = JvmKernel.builder().cpus(2).build();
  private final NetDevices devices = kernel.devices();
  private final AtomicLong sentByGoneDevices = new AtomicLong();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();

  private Thread start(Runnable work) {
    return Thread.ofPlatform()
        .start(() -> {
          try {
            work.run();
          } catch (Throwable thrown) {
            failure.set(thrown);
          }
        });
  }

  @ParameterizedTest
  @EnumSource(names = {"DEVMAP", "DEVMAP_HASH"})
  void noFrameIsLostWhileDevicesComeAndGo(MapType type) throws InterruptedException {
    ApplicationDevice in = devices.addApplication("in");
    ApplicationDevice other =
        devices.addApplication("other", DeviceSettings.DEFAULT.withFirstCpu(1));
    BpfMap map = kernel.createMap(MapSpec.of("targets", type, 4, 4, 4));
    Program unicast =
        kernel.loadProgram(XdpPrograms.redirectMap(0, XdpPrograms.PASS), Map.of("targets", map));
    Program broadcast =
        kernel.loadProgram(XdpPrograms.redirectMap(0, 1 << 3), Map.of("targets", map));
    kernel.attach(unicast, new Attachment.Xdp(in.ifindex(), XdpMode.NATIVE));
    kernel.attach(broadcast, new Attachment.Xdp(other.ifindex(), XdpMode.NATIVE));
    Thread first = start(() -> run(in));
    Thread second = start(() -> run(other));
    int plugs = 0;
    while (first.isAlive() || second.isAlive()) {
      plug(map, plugs++);
    }
    first.join();
    second.join();
    assertThat(failure.get()).isNull();
    assertThat(plugs).isGreaterThan(10);
    assertAccounted(in.device().counters());
    assertAccounted(other.device().counters());
    DeviceCounters a = in.device().counters();
    DeviceCounters b = other.device().counters();
    assertThat(a.rxPackets() + b.rxPackets()).isEqualTo(2L * FRAMES);
    assertThat(a.redirected() + b.redirected() + b.cloned()).isEqualTo(sentByGoneDevices.get());
    map.close();
    assertThat(devices.framesInUse()).isZero();
    kernel.close();
  }

  private static void run(ApplicationDevice device) {
    for (int left = FRAMES; left > 0; left -= 1000) {
      device.receive(
          0,
          receiver -> {
            for (int i = 0; i < 1000; i++) {
              receiver.receive(PACKET);
            }
          });
    }
  }

  private static void assertAccounted(DeviceCounters counters) {
    assertThat(counters.rxPackets())
        .isEqualTo(
            counters.passed() + counters.turned() + counters.redirected() + counters.rxDropped());
  }

  /** A device comes, frames may go to it by two entries, and it goes. */
  private void plug(BpfMap map, int number) {
    ApplicationDevice out = devices.addApplication("out" + number);
    for (int key = 0; key < 2; key++) {
      try {
        map.update(PacketKernel.ints(key), PacketKernel.ints(out.ifindex()));
      } catch (BpfException full) {
        failure.set(full);
      }
    }
    out.device().remove();
    DeviceCounters counters = out.device().counters();
    assertThat(counters.txQueued()).isEqualTo(counters.txPackets() + counters.txDropped());
    sentByGoneDevices.addAndGet(counters.txQueued());
    assertThat(map.lookup(PacketKernel.ints(0))).isNull();
  }
}
