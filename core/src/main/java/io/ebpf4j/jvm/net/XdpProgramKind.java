package io.ebpf4j.jvm.net;

import io.ebpf4j.BpfException;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.context.ContextInput;
import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.PacketFeed;
import io.ebpf4j.jvm.context.ProgramKind;
import io.ebpf4j.jvm.context.Repetition;
import io.ebpf4j.jvm.context.Sleepable;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.cpu.Slot;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * XDP programs. A test run is one frame, run over as often as asked without being put back; its
 * context is a {@code struct xdp_md} whose data, data_end and data_meta count from the first byte
 * of the input. Every expected attach type loads.
 */
final class XdpProgramKind implements ProgramKind {
  /** BPF_F_TEST_XDP_LIVE_FRAMES of the UAPI header. */
  static final int LIVE_FRAMES = 1 << 1;

  /** Bytes of a frame that fit beside what Linux keeps with a live one. */
  private static final int MAX_LIVE_BYTES = 3408;

  static final Slot<Buffers> BUFFERS = Slot.of(Buffers.class);

  private final NetDevices devices;

  XdpProgramKind(NetDevices devices) {
    this.devices = devices;
  }

  /** The frames of one CPU. */
  static final class Buffers extends Spares<XdpBuffer> {
    Buffers() {
      super(XdpBuffer::new);
    }
  }

  @Override
  public ProgramType type() {
    return ProgramType.XDP;
  }

  @Override
  public ContextLayout context(ProgramSpec program) {
    return program.expectedAttachType() == AttachType.XDP_DEVMAP
        ? XdpFrame.EGRESS_LAYOUT
        : XdpFrame.LAYOUT;
  }

  @Override
  public void check(ProgramSpec program) {
    Sleepable.refuse(program);
  }

  @Override
  public TestRun.Result testRun(LoadedProgram program, Machine machine, TestRun run) {
    refuseMode(program.spec(), run);
    Arrival arrival = Arrival.of(run, devices);
    if (run.flags() == LIVE_FRAMES) {
      return runLive(program, machine, run, arrival);
    }
    Cpu cpu = Repetition.enterCpu(machine, run.cpu());
    try {
      Buffers spares = cpu.slots().get(BUFFERS);
      XdpBuffer buffer = spares.take();
      try {
        buffer.fill(run.data(), arrival.metaLength, arrival.linearLength);
        buffer.arriveFrom(arrival.device.ifindex(), arrival.rxQueue);
        Repetition.Outcome outcome = Repetition.run(cpu, program, buffer.frame(), run.repeat());
        return result(run, buffer, outcome);
      } finally {
        spares.giveBack(buffer);
      }
    } finally {
      cpu.exit();
    }
  }

  private static TestRun.Result runLive(
      LoadedProgram program, Machine machine, TestRun run, Arrival arrival) {
    int batch = LiveFrames.batchSize(run);
    int length = run.data().length;
    if (length > MAX_LIVE_BYTES + arrival.metaLength || length > arrival.linearLength) {
      throw new BpfException(
          Errno.EINVAL,
          "a live frame has no frags: at most %d bytes, not %d"
              .formatted(MAX_LIVE_BYTES + arrival.metaLength, length));
    }
    try (XdpBuffer buffer = new XdpBuffer()) {
      buffer.fill(run.data(), arrival.metaLength, arrival.linearLength);
      long mean =
          new LiveFrames(program, arrival.device, arrival.rxQueue, buffer)
              .run(machine, run.cpu(), run.repeat(), batch);
      return new TestRun.Result(0, new byte[0], new byte[0], mean);
    }
  }

  @Override
  public Optional<PacketFeed> feed(LoadedProgram program, Machine machine) {
    return hasTestRun(program.spec())
        ? Optional.of(new XdpFeed(program, machine))
        : Optional.empty();
  }

  private static boolean hasTestRun(ProgramSpec program) {
    AttachType attachType = program.expectedAttachType();
    return attachType != AttachType.XDP_DEVMAP && attachType != AttachType.XDP_CPUMAP;
  }

  private static void refuseMode(ProgramSpec program, TestRun run) {
    if (!hasTestRun(program)) {
      throw new BpfException(
          Errno.EINVAL,
          "program %s is loaded for %s: such programs have no test run"
              .formatted(program.name(), program.expectedAttachType()));
    }
    if ((run.flags() & ~LIVE_FRAMES) != 0) {
      throw new BpfException(
          Errno.EINVAL,
          "an XDP test run takes no flags but BPF_F_TEST_XDP_LIVE_FRAMES, not 0x%x"
              .formatted(run.flags()));
    }
  }

  private static TestRun.Result result(TestRun run, XdpBuffer buffer, Repetition.Outcome outcome) {
    int meta = XdpFrame.metaLength(buffer.frame());
    int length = meta + XdpFrame.length(buffer.frame());
    byte[] data = PacketOutput.of(run, length, buffer::bytes);
    byte[] context = new byte[0];
    byte[] given = run.context();
    if (given != null) {
      context = ContextInput.inSizeOf(XdpFrame.LAYOUT, given);
      ByteBuffer out = littleEndian(context);
      out.putInt(Arrival.DATA, meta);
      out.putInt(Arrival.DATA_END, meta + XdpFrame.linearLength(buffer.frame()));
    }
    return new TestRun.Result(outcome.returnValue(), data, context, outcome.meanNanos());
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** How the input becomes a frame, by the context that the user gave. */
  private record Arrival(int metaLength, int linearLength, NetDevice device, int rxQueue) {
    static final int DATA = 0;
    static final int DATA_END = 4;
    static final int DATA_META = 8;
    static final int INGRESS_IFINDEX = 12;
    static final int RX_QUEUE_INDEX = 16;
    static final int EGRESS_IFINDEX = 20;

    static Arrival of(TestRun run, NetDevices devices) {
      int length = run.data().length;
      byte[] given = run.context();
      if (given == null) {
        refuseLength(length, 0);
        return checked(length, 0, length, devices.loopback(), 0);
      }
      ByteBuffer context = littleEndian(ContextInput.inSizeOf(XdpFrame.LAYOUT, given));
      int meta = context.getInt(DATA);
      long end = Integer.toUnsignedLong(context.getInt(DATA_END));
      if (context.getInt(DATA_META) != 0) {
        throw invalid("data_meta in the context is not 0: metadata begins where the input does");
      }
      if (end > length || Integer.toUnsignedLong(meta) > end) {
        throw invalid(
            "data is %s and data_end %d in the context of a frame of %d bytes"
                .formatted(Integer.toUnsignedString(meta), end, length));
      }
      if (!XdpFrame.isMetaLength(meta)) {
        throw invalid(
            "%d bytes of metadata in the context: it is a multiple of 4, up to %d"
                .formatted(meta, XdpFrame.HEADROOM - XdpFrame.HEADER_BYTES));
      }
      refuseLength(length, meta);
      if (context.getInt(EGRESS_IFINDEX) != 0) {
        throw invalid("egress_ifindex in the context is not 0");
      }
      int queue = context.getInt(RX_QUEUE_INDEX);
      NetDevice device = device(devices, context.getInt(INGRESS_IFINDEX), queue);
      return checked(length, meta, (int) end, device, queue);
    }

    private static NetDevice device(NetDevices devices, int ifindex, int queue) {
      if (ifindex == 0) {
        if (queue != 0) {
          throw invalid("rx_queue_index in the context is not 0, but ingress_ifindex is");
        }
        return devices.loopback();
      }
      NetDevice device =
          devices
              .find(ifindex)
              .orElseThrow(() ->
                  new BpfException(
                      Errno.ENODEV,
                      "there is no network device %s, ingress_ifindex in the context"
                          .formatted(Integer.toUnsignedString(ifindex))));
      if (Integer.compareUnsigned(queue, device.rxQueues()) >= 0) {
        throw invalid(
            "rx_queue_index in the context is %s, %s has %d queue(s)"
                .formatted(Integer.toUnsignedString(queue), device.name(), device.rxQueues()));
      }
      return device;
    }

    private static Arrival checked(int length, int meta, int end, NetDevice device, int queue) {
      int room = XdpFrame.PAGE_BYTES - XdpFrame.HEADROOM - XdpFrame.TAILROOM + meta;
      int linear = Math.min(end, room);
      int most = linear + XdpFrame.MAX_FRAGS * XdpFrame.PAGE_BYTES;
      if (length > most) {
        throw new BpfException(
            Errno.ENOMEM, "a frame of %d bytes is too long: at most %d".formatted(length, most));
      }
      return new Arrival(meta, linear, device, queue);
    }

    private static void refuseLength(int length, int meta) {
      if (length - meta < XdpFrame.ETHERNET_BYTES) {
        throw invalid(
            "a frame of %d bytes is shorter than an Ethernet header (%d)"
                .formatted(length - meta, XdpFrame.ETHERNET_BYTES));
      }
    }

    private static BpfException invalid(String sentence) {
      return new BpfException(Errno.EINVAL, sentence);
    }
  }
}
