package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.cpu.Cpu;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who is told of a kernel's network events: listeners and the flight recorder. Without either an
 * event costs two loads.
 */
final class NetEvents {
  /** What stands for a map's id where a program has named a device itself. */
  private static final int NO_MAP = Integer.MAX_VALUE;

  private final List<Consumer<NetEvent>> listeners = new CopyOnWriteArrayList<>();
  private volatile boolean heard;

  /** Calls a listener for each event, on the thread where it happens, until the answer is run. */
  Runnable listen(Consumer<NetEvent> listener) {
    listeners.add(listener);
    heard = true;
    return () -> {
      listeners.remove(listener);
      heard = !listeners.isEmpty();
    };
  }

  boolean isHeard() {
    return heard || NetFlight.isRecording();
  }

  void redirect(
      NetDevice from,
      LoadedProgram program,
      @Nullable DropReason refused,
      Redirect.Kind kind,
      @Nullable RedirectMap map,
      RedirectMap.@Nullable Target target,
      int index) {
    boolean toDevice = kind == Redirect.Kind.DEVICE;
    int toIfindex = toDevice ? index : target == null ? 0 : target.ifindex();
    int mapId = toDevice ? NO_MAP : map == null ? 0 : map.id();
    int mapIndex = toDevice ? 0 : index;
    int error = refused == null ? 0 : refused.redirectError();
    tell(
        error == 0
            ? new NetEvent.XdpRedirect(program.id(), from.ifindex(), toIfindex, mapId, mapIndex)
            : new NetEvent.XdpRedirectErr(
                program.id(), from.ifindex(), error, toIfindex, mapId, mapIndex));
  }

  void exception(NetDevice device, LoadedProgram program, int verdict) {
    if (isHeard()) {
      tell(new NetEvent.XdpException(program.id(), verdict, device.ifindex()));
    }
  }

  void bulkTx(NetDevice device, int sent, int drops, int error) {
    if (isHeard()) {
      tell(new NetEvent.XdpBulkTx(device.ifindex(), drops, sent, error));
    }
  }

  void devmapXmit(NetDevice from, NetDevice to, int sent, int drops, int error) {
    if (isHeard()) {
      tell(new NetEvent.XdpDevmapXmit(from.ifindex(), to.ifindex(), drops, sent, error));
    }
  }

  void cpumapEnqueue(int mapId, Cpu from, Cpu to, int drops, int processed) {
    if (isHeard()) {
      tell(new NetEvent.XdpCpumapEnqueue(mapId, from.number(), to.number(), drops, processed));
    }
  }

  void cpumapKthread(int mapId, Cpu cpu, int processed, int passed, int dropped, int redirected) {
    if (isHeard()) {
      tell(
          new NetEvent.XdpCpumapKthread(
              mapId, cpu.number(), 0, processed, passed, dropped, redirected));
    }
  }

  void dropped(NetDevice device, DropReason reason) {
    if (isHeard()) {
      tell(new NetEvent.FrameDropped(device.ifindex(), device.name(), reason));
    }
  }

  private void tell(NetEvent event) {
    if (NetFlight.isRecording()) {
      NetFlight.record(event);
    }
    for (Consumer<NetEvent> listener : listeners) {
      listener.accept(event);
    }
  }
}
