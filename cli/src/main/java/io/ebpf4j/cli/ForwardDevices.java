package io.ebpf4j.cli;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.net.CaptureDevice;
import io.ebpf4j.jvm.net.DeviceSettings;
import io.ebpf4j.jvm.net.NetDevice;
import io.ebpf4j.jvm.net.NetDevices;
import io.ebpf4j.jvm.net.VethPair;
import io.ebpf4j.pcap.CaptureReader;
import io.ebpf4j.pcap.CaptureWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The devices of {@code ebpf4j forward}, made from {@code NAME=KIND}. They are down at first. */
final class ForwardDevices implements AutoCloseable {
  private static final Pattern REFERENCE = Pattern.compile("\"?@([A-Za-z0-9_.-]+)\"?");
  private static final DeviceSettings SETTINGS = DeviceSettings.DEFAULT.withUp(false);

  private final NetDevices all;
  private final SequencedMap<String, NetDevice> named = new LinkedHashMap<>();
  private final List<CaptureDevice> captures = new ArrayList<>();
  private final List<NetDevice> inputs = new ArrayList<>();

  ForwardDevices(NetDevices all) {
    this.all = all;
  }

  /**
   * Makes a device.
   *
   * @throws IllegalArgumentException where the text names none that can be
   * @throws IOException where a capture cannot be opened; the message is a sentence
   */
  void add(String text) throws IOException {
    int equals = text.indexOf('=');
    int colon = text.indexOf(':', equals);
    if (equals < 1 || colon < 0) {
      throw new IllegalArgumentException(
          "'%s' is not NAME=KIND; a KIND is capture:IN[:OUT], veth:PEER or linux:INTERFACE"
              .formatted(text));
    }
    String name = text.substring(0, equals);
    String kind = text.substring(equals + 1, colon);
    String rest = text.substring(colon + 1);
    try {
      switch (kind) {
        case "capture" -> addCapture(name, rest);
        case "veth" -> addVeth(name, rest);
        case "linux" ->
            throw new IllegalArgumentException(
                ("%s: real interfaces of Linux are not built yet in the JVM kernel: use capture: or"
                        + " veth:")
                    .formatted(text));
        default ->
            throw new IllegalArgumentException(
                "'%s' is no kind of device: capture, veth or linux".formatted(kind));
      }
    } catch (BpfException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  private void addCapture(String name, String files) throws IOException {
    int colon = files.indexOf(':');
    String in = colon < 0 ? files : files.substring(0, colon);
    String out = colon < 0 ? "" : files.substring(colon + 1);
    CaptureReader reader = in.isEmpty() ? null : CaptureReader.open(Path.of(in));
    try {
      CaptureWriter writer = out.isEmpty() ? null : CaptureWriter.create(Path.of(out));
      CaptureDevice capture =
          all.addCapture(name, SETTINGS, reader, writer, CaptureDevice.Timing.FULL_SPEED);
      captures.add(capture);
      named.put(name, capture.device());
      if (reader != null) {
        inputs.add(capture.device());
      }
    } catch (IOException | BpfException e) {
      if (reader != null) {
        reader.close();
      }
      throw e;
    }
  }

  private void addVeth(String name, String peer) {
    VethPair pair = all.addVeth(name, peer, SETTINGS);
    named.put(name, pair.device());
    named.put(peer, pair.peer());
  }

  /** The devices by name, in the order in which they were named. */
  SequencedMap<String, NetDevice> named() {
    return named;
  }

  /** The device of that name. */
  NetDevice find(String name) {
    NetDevice device = named.get(name);
    if (device == null) {
      throw new IllegalArgumentException(
          "there is no device %s; there are %s".formatted(name, String.join(", ", named.keySet())));
    }
    return device;
  }

  /** A text with each {@code @NAME} replaced by that device's number. */
  String withNumbers(String text) {
    Matcher reference = REFERENCE.matcher(text);
    return reference.replaceAll(found -> Integer.toString(find(found.group(1)).ifindex()));
  }

  /** Sets all up, those that bring traffic last. */
  void up() {
    named.values().stream()
        .filter(device -> !inputs.contains(device))
        .forEach(device -> device.setUp(true));
    inputs.forEach(device -> device.setUp(true));
  }

  /** Whether the traffic ends by itself. */
  boolean endsByItself() {
    return !inputs.isEmpty();
  }

  /** Waits until all captures have been read. */
  void awaitEnd() throws InterruptedException {
    for (NetDevice input : inputs) {
      input.awaitEnd();
    }
  }

  /** Packets of the captures that are no Ethernet frames. */
  long unusable() {
    return captures.stream().mapToLong(CaptureDevice::refused).sum();
  }

  /**
   * Takes all devices down, which also ends frames that go round for ever, and removes those of
   * captures, which closes their files.
   *
   * @throws IOException the first that went wrong with a capture; the message is a sentence
   */
  @Override
  public void close() throws IOException {
    named.values().stream()
        .filter(device -> !inputs.contains(device))
        .forEach(device -> device.setUp(false));
    IOException failure = null;
    for (CaptureDevice capture : captures) {
      capture.device().remove();
      IOException ended = capture.failure().orElse(null);
      failure = failure == null ? ended : failure;
    }
    captures.clear();
    if (failure != null) {
      throw failure;
    }
  }
}
