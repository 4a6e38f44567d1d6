package io.ebpf4j.jvm.net;

import io.ebpf4j.BpfException;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.JudgedKind;
import io.ebpf4j.jvm.context.LegacyPacketAccess;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.PacketFeed;
import io.ebpf4j.jvm.context.ProgramKind;
import io.ebpf4j.jvm.context.Repetition;
import io.ebpf4j.jvm.context.Sleepable;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.cpu.Slot;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Programs that see a packet as {@code struct __sk_buff}: socket filters and those of control
 * groups, which see it from behind the Ethernet header, and tc classifiers and actions, which see
 * it whole. A test run is one packet, run over as often as asked without being put back.
 */
final class SkBuffProgramKind implements ProgramKind {
  /** BPF_F_TEST_SKB_CHECKSUM_COMPLETE of the UAPI header. */
  static final int CHECKSUM_COMPLETE = 1 << 2;

  /** The longest packet of a test run. */
  static final int MAX_PACKET = 3712;

  static final Slot<Buffers> BUFFERS = Slot.of(Buffers.class);

  private final ProgramType type;
  private final boolean seesEthernet;
  private final ProgramKind judged;
  private final NetDevices devices;

  SkBuffProgramKind(ProgramType type, NetDevices devices) {
    this.type = type;
    this.seesEthernet = type == ProgramType.SCHED_CLS || type == ProgramType.SCHED_ACT;
    this.judged = JudgedKind.of(type);
    this.devices = devices;
  }

  /** The packets of one CPU. */
  static final class Buffers extends Spares<SkBuffBuffer> {
    Buffers() {
      super(SkBuffBuffer::new);
    }
  }

  @Override
  public ProgramType type() {
    return type;
  }

  @Override
  public ContextLayout context(ProgramSpec program) {
    return switch (type) {
      case SOCKET_FILTER -> SkBuff.FILTER_LAYOUT;
      case CGROUP_SKB -> SkBuff.cgroupLayout(judged.context(program));
      default -> SkBuff.TC_LAYOUT;
    };
  }

  @Override
  public void check(ProgramSpec program) {
    if (type == ProgramType.CGROUP_SKB) {
      judged.check(program);
    } else {
      Sleepable.refuse(program);
    }
  }

  @Override
  public Optional<ReturnRange> returnRange(ProgramSpec program) {
    return type == ProgramType.CGROUP_SKB ? judged.returnRange(program) : Optional.empty();
  }

  @Override
  public Optional<LegacyPacketAccess> legacyPacketAccess() {
    return type == ProgramType.CGROUP_SKB
        ? Optional.empty()
        : Optional.of(new SkBuffLegacyAccess());
  }

  @Override
  public TestRun.Result testRun(LoadedProgram program, Machine machine, TestRun run) {
    refuseMode(run);
    refuseLength(run.data().length);
    byte[] given = run.context();
    SkBuffContext context = given == null ? null : SkBuffContext.of(given, devices);
    Cpu cpu = Repetition.enterCpu(machine, run.cpu());
    try {
      Buffers spares = cpu.slots().get(BUFFERS);
      SkBuffBuffer buffer = spares.take();
      try {
        return run(program, cpu, run, buffer, context);
      } finally {
        spares.giveBack(buffer);
      }
    } finally {
      cpu.exit();
    }
  }

  private TestRun.Result run(
      LoadedProgram program,
      Cpu cpu,
      TestRun run,
      SkBuffBuffer buffer,
      @Nullable SkBuffContext context) {
    buffer.fill(run.data());
    refuseShortHeader(buffer);
    if (!seesEthernet) {
      buffer.pullEthernet();
    }
    if (context != null) {
      context.put(buffer.skb());
    }
    Repetition.Outcome outcome = Repetition.run(cpu, program, buffer.skb(), run.repeat());
    byte[] after = context == null ? new byte[0] : context.after(buffer.skb());
    if (!seesEthernet) {
      buffer.pushEthernet();
    }
    byte[] data = PacketOutput.of(run, SkBuff.length(buffer.skb()), buffer::bytes);
    return new TestRun.Result(outcome.returnValue(), data, after, outcome.meanNanos());
  }

  @Override
  public Optional<PacketFeed> feed(LoadedProgram program, Machine machine) {
    return Optional.of(new SkBuffFeed(program, machine, seesEthernet));
  }

  private void refuseMode(TestRun run) {
    if (run.flags() == CHECKSUM_COMPLETE) {
      throw new BpfException(
          Errno.ENOTSUPP,
          "a test run with BPF_F_TEST_SKB_CHECKSUM_COMPLETE is not supported by this kernel yet");
    }
    if (run.flags() != 0) {
      throw invalid(
          "a test run of type %s takes no flags but BPF_F_TEST_SKB_CHECKSUM_COMPLETE, not 0x%x"
              .formatted(type.label(), run.flags()));
    }
    if (run.cpu() > 0) {
      throw invalid("a test run of type %s has no choice of CPU".formatted(type.label()));
    }
  }

  private static void refuseLength(int length) {
    if (length < SkBuff.ETHERNET_BYTES || length > MAX_PACKET) {
      throw invalid(
          "a packet of %d bytes: it is from %d, an Ethernet header, to %d"
              .formatted(length, SkBuff.ETHERNET_BYTES, MAX_PACKET));
    }
  }

  private static void refuseShortHeader(SkBuffBuffer buffer) {
    if (!buffer.hasNetworkHeader()) {
      throw invalid(
          "%d bytes behind the Ethernet header are no %s packet: its header has %d"
              .formatted(
                  SkBuff.length(buffer.skb()) - SkBuff.ETHERNET_BYTES,
                  buffer.protocolName(),
                  buffer.headerBytes()));
    }
  }

  private static BpfException invalid(String sentence) {
    return new BpfException(Errno.EINVAL, sentence);
  }
}
