package io.ebpf4j.cli;

import io.ebpf4j.jvm.net.DeviceCounters;
import io.ebpf4j.jvm.net.DropReason;
import io.ebpf4j.jvm.net.NetDevice;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;

/** What devices have counted. Used by one thread. */
final class ForwardReport implements LiveWatch.Report {
  private final String object;
  private final String program;
  private final List<NetDevice> devices;
  private final List<NetDevice> attached;
  private final long begin = System.nanoTime();
  private final long[] before;
  private long beforeNanos = begin;

  ForwardReport(String object, String program, List<NetDevice> devices, List<NetDevice> attached) {
    this.object = object;
    this.program = program;
    this.devices = List.copyOf(devices);
    this.attached = List.copyOf(attached);
    this.before = new long[devices.size()];
  }

  @Override
  public String heading() {
    return "%s on %s"
        .formatted(program, String.join(", ", attached.stream().map(NetDevice::name).toList()));
  }

  @Override
  public TextTable table() {
    long now = System.nanoTime();
    double seconds = Math.max(1, now - beforeNanos) / 1e9;
    TextTable table =
        new TextTable(
            "device",
            "ifindex",
            "received",
            "per second",
            "passed",
            "turned",
            "redirected",
            "dropped",
            "sent",
            "not sent");
    for (int i = 0; i < before.length; i++) {
      NetDevice device = devices.get(i);
      DeviceCounters counters = device.counters();
      table.row(
          device.name(),
          Integer.toString(device.ifindex()),
          number(counters.rxPackets()),
          number(Math.round((counters.rxPackets() - before[i]) / seconds)),
          number(counters.passed()),
          number(counters.turned()),
          number(counters.redirected()),
          number(counters.rxDropped()),
          number(counters.txPackets()),
          number(counters.txDropped()));
      before[i] = counters.rxPackets();
    }
    beforeNanos = now;
    return table;
  }

  /** Prints all of it, at the end. */
  void print(List<MapDump> maps, long unusable, boolean asJson, PrintWriter out)
      throws IOException {
    if (asJson) {
      Json.print(
          out,
          json -> {
            json.writeStartObject();
            json.writeStringField("object", object);
            json.writeArrayFieldStart("devices");
            for (NetDevice device : devices) {
              DeviceCounters counters = device.counters();
              json.writeStartObject();
              json.writeStringField("name", device.name());
              json.writeNumberField("ifindex", device.ifindex());
              json.writeNumberField("rx_packets", counters.rxPackets());
              json.writeNumberField("tx_packets", counters.txPackets());
              json.writeNumberField("rx_dropped", counters.rxDropped());
              json.writeEndObject();
            }
            json.writeEndArray();
            json.writeObjectFieldStart("verdicts");
            for (Map.Entry<String, Long> verdict : verdicts().entrySet()) {
              json.writeNumberField(verdict.getKey(), verdict.getValue());
            }
            json.writeEndObject();
            json.writeObjectFieldStart("drops");
            for (Map.Entry<DropReason, Long> drop : drops().entrySet()) {
              json.writeNumberField(drop.getKey().label(), drop.getValue());
            }
            json.writeEndObject();
            JsonReport.maps(json, maps);
            json.writeEndObject();
          });
      return;
    }
    java.util.Arrays.fill(before, 0);
    beforeNanos = begin;
    out.println(heading());
    out.println();
    table().print(out);
    counts("verdict", verdicts(), out);
    SequencedMap<String, Long> reasons = new LinkedHashMap<>();
    drops()
        .forEach((reason, count) -> reasons.put(reason.label() + ": " + reason.sentence(), count));
    counts("dropped because", reasons, out);
    if (unusable > 0) {
      out.println();
      out.println("no Ethernet frames, left out: " + number(unusable));
    }
    TextReport text = new TextReport(out, false);
    for (MapDump map : maps) {
      text.map(map);
    }
    out.flush();
  }

  private static void counts(String heading, Map<String, Long> counts, PrintWriter out) {
    if (!counts.isEmpty()) {
      TextTable table = new TextTable(heading, "packets");
      counts.forEach((name, count) -> table.row(name, number(count)));
      out.println();
      table.print(out);
    }
  }

  /** What the program gave, on all devices that it is attached to. */
  private SequencedMap<String, Long> verdicts() {
    Map<String, Long> sums = new LinkedHashMap<>();
    for (NetDevice device : attached) {
      DeviceCounters counters = device.counters();
      sums.merge("XDP_ABORTED", count(counters, DropReason.XDP_ABORTED), Long::sum);
      sums.merge("XDP_DROP", count(counters, DropReason.XDP_DROP), Long::sum);
      sums.merge("XDP_PASS", counters.passed(), Long::sum);
      sums.merge("XDP_TX", counters.turned(), Long::sum);
      sums.merge("XDP_REDIRECT", redirected(counters), Long::sum);
      sums.merge("invalid", count(counters, DropReason.XDP_INVALID_VERDICT), Long::sum);
    }
    SequencedMap<String, Long> given = new LinkedHashMap<>();
    sums.forEach((verdict, count) -> {
      if (count > 0) {
        given.put(verdict, count);
      }
    });
    return given;
  }

  /** Also those that could not be handed on. */
  private static long redirected(DeviceCounters counters) {
    long failed = 0;
    for (Map.Entry<DropReason, Long> drop : counters.drops().entrySet()) {
      failed +=
          switch (drop.getKey()) {
            case REDIRECT_WITHOUT_TARGET,
                REDIRECT_TO_NO_DEVICE,
                REDIRECT_NOT_SUPPORTED,
                REDIRECT_DEVICE_DOWN,
                REDIRECT_TOO_LONG,
                BROADCAST_WITHOUT_TARGET,
                CPU_QUEUE_FULL,
                SOCKET_QUEUE_FULL,
                SOCKET_ELSEWHERE ->
                drop.getValue();
            default -> 0;
          };
    }
    return counters.redirected() + failed;
  }

  private static long count(DeviceCounters counters, DropReason reason) {
    return counters.drops().getOrDefault(reason, 0L);
  }

  private Map<DropReason, Long> drops() {
    Map<DropReason, Long> sums = new EnumMap<>(DropReason.class);
    devices.forEach(device ->
        device.counters().drops().forEach((reason, count) -> sums.merge(reason, count, Long::sum)));
    return sums;
  }

  private static String number(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }
}
