package io.ebpf4j.jvm.net;

import java.util.List;
import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.FlightRecorder;
import jdk.jfr.FlightRecorderListener;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Recording;
import jdk.jfr.StackTrace;
import jdk.jfr.Throttle;

/**
 * The network events as flight recorder events, with the kernel's names and fields. Each kind is
 * recorded at most some thousand times a second; without a recording an event costs one load.
 */
@SuppressWarnings("UnusedVariable") // The recorder reads the fields.
final class NetFlight {
  private static final String LIMIT = "5000/s";

  private static volatile boolean recording;

  private NetFlight() {}

  static {
    FlightRecorder.addListener(
        new FlightRecorderListener() {
          @Override
          public void recordingStateChanged(Recording changed) {
            recording = isWanted();
          }
        });
    recording = FlightRecorder.isInitialized() && isWanted();
  }

  /** Whether a recording takes any of the events. */
  static boolean isRecording() {
    return recording;
  }

  private static boolean isWanted() {
    return List.of(
            Redirect.class,
            RedirectErr.class,
            ExceptionEvent.class,
            BulkTx.class,
            DevmapXmit.class,
            CpumapEnqueue.class,
            CpumapKthread.class,
            Dropped.class)
        .stream()
        .anyMatch(event -> EventType.getEventType(event).isEnabled());
  }

  /** Records an event. */
  static void record(NetEvent event) {
    switch (event) {
      case NetEvent.XdpRedirect e -> new Redirect(e).commit();
      case NetEvent.XdpRedirectErr e -> new RedirectErr(e).commit();
      case NetEvent.XdpException e -> new ExceptionEvent(e).commit();
      case NetEvent.XdpBulkTx e -> new BulkTx(e).commit();
      case NetEvent.XdpDevmapXmit e -> new DevmapXmit(e).commit();
      case NetEvent.XdpCpumapEnqueue e -> new CpumapEnqueue(e).commit();
      case NetEvent.XdpCpumapKthread e -> new CpumapKthread(e).commit();
      case NetEvent.FrameDropped e -> new Dropped(e).commit();
    }
  }

  @Name("io.ebpf4j.xdp_redirect")
  @Label("xdp_redirect")
  @Category({"eBPF", "xdp"})
  @StackTrace(false)
  @Throttle(LIMIT)
  private static final class Redirect extends Event {
    final int progId;
    final int ifindex;
    final int toIfindex;
    final int mapId;
    final int mapIndex;

    Redirect(NetEvent.XdpRedirect event) {
      progId = event.progId();
      ifindex = event.ifindex();
      toIfindex = event.toIfindex();
      mapId = event.mapId();
      mapIndex = event.mapIndex();
    }
  }

  @Name("io.ebpf4j.xdp_redirect_err")
  @Label("xdp_redirect_err")
  @Category({"eBPF", "xdp"})
  @StackTrace(false)
  @Throttle(LIMIT)
  private static final class RedirectErr extends Event {
    final int progId;
    final int ifindex;
    final int err;
    final int toIfindex;
    final int mapId;
    final int mapIndex;

    RedirectErr(NetEvent.XdpRedirectErr event) {
      progId = event.progId();
      ifindex = event.ifindex();
      err = event.err();
      toIfindex = event.toIfindex();
      mapId = event.mapId();
      mapIndex = event.mapIndex();
    }
  }

  @Name("io.ebpf4j.xdp_exception")
  @Label("xdp_exception")
  @Category({"eBPF", "xdp"})
  @StackTrace(false)
  @Throttle(LIMIT)
  private static final class ExceptionEvent extends Event {
    final int progId;
    final int act;
    final int ifindex;

    ExceptionEvent(NetEvent.XdpException event) {
      progId = event.progId();
      act = event.act();
      ifindex = event.ifindex();
    }
  }

  @Name("io.ebpf4j.xdp_bulk_tx")
  @Label("xdp_bulk_tx")
  @Category({"eBPF", "xdp"})
  @StackTrace(false)
  @Throttle(LIMIT)
  private static final class BulkTx extends Event {
    final int ifindex;
    final int drops;
    final int sent;
    final int err;

    BulkTx(NetEvent.XdpBulkTx event) {
      ifindex = event.ifindex();
      drops = event.drops();
      sent = event.sent();
      err = event.err();
    }
  }

  @Name("io.ebpf4j.xdp_devmap_xmit")
  @Label("xdp_devmap_xmit")
  @Category({"eBPF", "xdp"})
  @StackTrace(false)
  @Throttle(LIMIT)
  private static final class DevmapXmit extends Event {
    final int fromIfindex;
    final int toIfindex;
    final int drops;
    final int sent;
    final int err;

    DevmapXmit(NetEvent.XdpDevmapXmit event) {
      fromIfindex = event.fromIfindex();
      toIfindex = event.toIfindex();
      drops = event.drops();
      sent = event.sent();
      err = event.err();
    }
  }

  @Name("io.ebpf4j.xdp_cpumap_enqueue")
  @Label("xdp_cpumap_enqueue")
  @Category({"eBPF", "xdp"})
  @StackTrace(false)
  @Throttle(LIMIT)
  private static final class CpumapEnqueue extends Event {
    final int mapId;
    final int cpu;
    final int toCpu;
    final int drops;
    final int processed;

    CpumapEnqueue(NetEvent.XdpCpumapEnqueue event) {
      mapId = event.mapId();
      cpu = event.cpu();
      toCpu = event.toCpu();
      drops = event.drops();
      processed = event.processed();
    }
  }

  @Name("io.ebpf4j.xdp_cpumap_kthread")
  @Label("xdp_cpumap_kthread")
  @Category({"eBPF", "xdp"})
  @StackTrace(false)
  @Throttle(LIMIT)
  private static final class CpumapKthread extends Event {
    final int mapId;
    final int cpu;
    final int drops;
    final int processed;
    final int xdpPass;
    final int xdpDrop;
    final int xdpRedirect;

    CpumapKthread(NetEvent.XdpCpumapKthread event) {
      mapId = event.mapId();
      cpu = event.cpu();
      drops = event.drops();
      processed = event.processed();
      xdpPass = event.xdpPass();
      xdpDrop = event.xdpDrop();
      xdpRedirect = event.xdpRedirect();
    }
  }

  @Name("io.ebpf4j.frame_dropped")
  @Label("Frame Dropped")
  @Category({"eBPF", "xdp"})
  @StackTrace(false)
  @Throttle(LIMIT)
  private static final class Dropped extends Event {
    final int ifindex;
    final String device;
    final String reason;

    @Label("Why")
    final String sentence;

    Dropped(NetEvent.FrameDropped event) {
      ifindex = event.ifindex();
      device = event.device();
      reason = event.reason().label();
      sentence = event.reason().sentence();
    }
  }
}
