package io.ebpf4j.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Program;
import io.ebpf4j.isa.Assembler;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.socket.Family;
import io.ebpf4j.jvm.socket.UdpSocket;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import io.ebpf4j.spec.ProgramType;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Sockets that come and go while a program chooses among them: nothing is lost, nothing stays. */
class SocketChurnTest {
  private static final int SOCKETS = 10_000;
  private static final int SLOTS = 64;
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  /** Answers that an update may get from a socket that goes meanwhile. */
  private static final Set<Errno> EXPECTED = EnumSet.of(Errno.EINVAL, Errno.EBUSY, Errno.EBADF);

  private static byte[] bytes(long value, int size) {
    byte[] eight =
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    return java.util.Arrays.copyOf(eight, size);
  }

  /** Takes the slot that the payload says. */
  private static Program selecting(JvmKernel kernel, BpfMap map) {
    List<Instruction> code =
        Assembler.assemble(
                """
                r6 = r1
                *(u32 *)(r10 -4) = 0
                r2 = 8
                r3 = r10
                r3 += -4
                r4 = 1
                call 26
                r1 = r6
                r2 = 0 ll
                r3 = r10
                r3 += -4
                r4 = 0
                call 82
                r0 = 1
                exit
                """)
            .instructions();
    return kernel.loadProgram(
        ProgramSpec.of("select", ProgramType.SK_REUSEPORT, code)
            .withReferences(List.of(new Reference.ToMap(8, "sockets"))),
        Map.of("sockets", map));
  }

  private static UdpSocket member(JvmKernel kernel, InetSocketAddress address) {
    UdpSocket socket = kernel.sockets().udp(Family.IPV4);
    socket.setReusePort(true);
    socket.bind(address);
    return socket;
  }

  @Test
  void tenThousandSocketsComeAndGoUnderLoad() throws InterruptedException {
    try (JvmKernel kernel = JvmKernel.create();
        BpfMap map =
            kernel.createMap(MapSpec.of("sockets", MapType.REUSEPORT_SOCKARRAY, 4, 8, SLOTS));
        Program program = selecting(kernel, map)) {
      UdpSocket anchor = member(kernel, new InetSocketAddress(LOOPBACK, 0));
      InetSocketAddress address = anchor.localAddress();
      anchor.attachReuseportProgram(program.fd());
      AtomicBoolean ended = new AtomicBoolean();
      AtomicLong sent = new AtomicLong();
      AtomicReference<Throwable> failure = new AtomicReference<>();
      Thread load =
          Thread.ofPlatform()
              .start(() -> {
                InetSocketAddress source = new InetSocketAddress(LOOPBACK, 9);
                try {
                  while (!ended.get()) {
                    kernel
                        .sockets()
                        .deliver(source, address, new byte[] {(byte) (sent.get() % SLOTS)});
                    sent.incrementAndGet();
                    anchor.receive();
                  }
                } catch (Throwable thrown) {
                  failure.set(thrown);
                }
              });
      List<Thread> churners = new ArrayList<>();
      for (int thread = 0; thread < 2; thread++) {
        long seed = thread;
        churners.add(
            Thread.ofPlatform()
                .start(() -> {
                  try {
                    churn(kernel, map, address, new SplittableRandom(seed));
                  } catch (Throwable thrown) {
                    failure.set(thrown);
                  }
                }));
      }
      for (Thread churner : churners) {
        churner.join();
      }
      ended.set(true);
      load.join();
      assertThat(failure.get()).isNull();
      assertThat(sent.get()).isPositive();
      assertThat(kernel.sockets().count()).isEqualTo(1);
      for (int slot = 0; slot < SLOTS; slot++) {
        assertThat(map.lookup(bytes(slot, 4))).isNull();
      }
      anchor.detachReuseportProgram();
    }
  }

  private static void churn(
      JvmKernel kernel, BpfMap map, InetSocketAddress address, SplittableRandom random) {
    for (int i = 0; i < SOCKETS / 2; i++) {
      UdpSocket socket = member(kernel, address);
      try {
        map.update(bytes(random.nextInt(SLOTS), 4), bytes(socket.fd(), 8));
      } catch (BpfException refused) {
        assertThat(EXPECTED).contains(refused.errno());
      }
      switch (random.nextInt(4)) {
        case 0 ->
            map.delete(java.lang.foreign.MemorySegment.ofArray(bytes(random.nextInt(SLOTS), 4)));
        case 1 -> socket.connect(new InetSocketAddress(LOOPBACK, 7));
        default -> {}
      }
      socket.close();
    }
  }

  @Test
  void aMapThatGoesAndSocketsThatGoDoNotWaitForEachOther() throws InterruptedException {
    try (JvmKernel kernel = JvmKernel.create()) {
      InetSocketAddress any = new InetSocketAddress(LOOPBACK, 0);
      for (int round = 0; round < 200; round++) {
        BpfMap map = kernel.createMap(MapSpec.of("sockets", MapType.REUSEPORT_SOCKARRAY, 4, 8, 8));
        List<UdpSocket> sockets = new ArrayList<>();
        for (int slot = 0; slot < 8; slot++) {
          UdpSocket socket = member(kernel, any);
          map.update(bytes(slot, 4), bytes(socket.fd(), 8));
          sockets.add(socket);
        }
        Thread closing = Thread.ofPlatform().start(() -> sockets.forEach(UdpSocket::close));
        map.close();
        closing.join();
      }
      assertThat(kernel.sockets().count()).isZero();
      assertThat(kernel.openHandles()).isEmpty();
    }
  }
}
