package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.Elements.lookup;
import static io.ebpf4j.conformance.Elements.room;
import static io.ebpf4j.conformance.Elements.u32;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.Link;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.Attachment;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.function.BiConsumer;

/** Programs of a control group that account for packets in storage of their sockets. */
class CgroupPacketsTwinTest {
  private static final int HEADERS = 28;

  private static ObjectFile read() {
    try (InputStream in =
        CgroupPacketsTwinTest.class.getResourceAsStream("/cgroup_packets.bpf.o")) {
      return ObjectFile.parse("cgroup_packets.bpf.o", Objects.requireNonNull(in).readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What {@code struct account} has. */
  private record Account(
      long inPackets, long inBytes, long outPackets, long outBytes, int protocol) {
    static Account of(BpfMap map, TwinSocket socket) {
      MemorySegment value = room(48);
      assertThat(map.lookup(u32(socket.fd()), value, 0)).isTrue();
      return new Account(
          value.get(ValueLayout.JAVA_LONG_UNALIGNED, 0),
          value.get(ValueLayout.JAVA_LONG_UNALIGNED, 8),
          value.get(ValueLayout.JAVA_LONG_UNALIGNED, 16),
          value.get(ValueLayout.JAVA_LONG_UNALIGNED, 24),
          value.get(ValueLayout.JAVA_INT_UNALIGNED, 44));
    }
  }

  private static void inCgroup(Kernel kernel, ObjectFile file, BiConsumer<BpfObject, String> test) {
    try (StorageOwners owners = new StorageOwners(kernel);
        BpfObject object = kernel.load(file)) {
      owners.inCgroup(path -> test.accept(object, path));
    }
  }

  @TwinTest
  void eachSocketHasAnAccount(Kernel kernel) {
    inCgroup(
        kernel,
        read(),
        (object, path) -> {
          BpfMap accounts = object.map("accounts");
          TwinSockets sockets = new TwinSockets(kernel);
          try (TwinSocket server = sockets.udp();
              TwinSocket client = sockets.udp();
              Link in = kernel.attach(object.program("ingress"), new Attachment.Cgroup(path));
              Link out = kernel.attach(object.program("egress"), new Attachment.Cgroup(path))) {
            assertThat(in.info().type()).isEqualTo(3);
            assertThat(out.info().programId()).isEqualTo(object.program("egress").id());
            assertThat(server.bind("127.0.0.1", 0)).isEqualTo("OK");
            assertThat(lookup(accounts, server.fd(), 0)).isEqualTo("ENOENT");
            assertThat(client.sendTo("127.0.0.1", server.port(), new byte[100])).isEqualTo("OK");
            assertThat(client.sendTo("127.0.0.1", server.port(), new byte[50])).isEqualTo("OK");
            assertThat(server.receive().bytes()).hasSize(100);
            assertThat(server.receive().bytes()).hasSize(50);
            assertThat(Account.of(accounts, client))
                .isEqualTo(new Account(0, 0, 2, 150 + 2 * HEADERS, 17));
            assertThat(Account.of(accounts, server))
                .isEqualTo(new Account(2, 150 + 2 * HEADERS, 0, 0, 17));
            assertThat(client.connect("127.0.0.1", server.port())).isEqualTo("OK");
            assertThat(client.send(new byte[1])).isEqualTo("OK");
            MemorySegment value = room(48);
            accounts.lookup(u32(client.fd()), value, 0);
            assertThat(value.get(ValueLayout.JAVA_INT_UNALIGNED, 32)).isEqualTo(0x0100_007f);
            assertThat(Integer.reverseBytes(value.get(ValueLayout.JAVA_INT_UNALIGNED, 36)) & 0xffff)
                .isEqualTo(server.port());
            assertThat(value.get(ValueLayout.JAVA_INT_UNALIGNED, 40)).isEqualTo(client.port());
          }
        });
  }

  @TwinTest
  void aSocketThatHasSentItsShareMayNotSendMore(Kernel kernel) {
    ObjectFile file = read();
    file.set("limit", 2L);
    inCgroup(
        kernel,
        file,
        (object, path) -> {
          TwinSockets sockets = new TwinSockets(kernel);
          try (TwinSocket server = sockets.udp();
              TwinSocket client = sockets.udp();
              TwinSocket other = sockets.udp();
              Link out = kernel.attach(object.program("egress"), new Attachment.Cgroup(path))) {
            assertThat(server.bind("127.0.0.1", 0)).isEqualTo("OK");
            assertThat(client.sendTo("127.0.0.1", server.port(), new byte[1])).isEqualTo("OK");
            assertThat(client.sendTo("127.0.0.1", server.port(), new byte[1])).isEqualTo("OK");
            assertThat(client.sendTo("127.0.0.1", server.port(), new byte[1])).isEqualTo("EPERM");
            assertThat(other.sendTo("127.0.0.1", server.port(), new byte[1])).isEqualTo("OK");
            out.detach();
            assertThat(client.sendTo("127.0.0.1", server.port(), new byte[1])).isEqualTo("OK");
          }
        });
  }

  @TwinTest
  void aPacketHasItsSocketsCookie(Kernel kernel) {
    ObjectFile file = read();
    inCgroup(
        kernel,
        file,
        (object, path) -> {
          try (TwinSockets sockets = new TwinSockets(kernel);
              Link _ = kernel.attach(object.program("cookies"), new Attachment.Cgroup(path))) {
            TwinSocket server = sockets.udp();
            TwinSocket client = sockets.udp();
            assertThat(server.bind("127.0.0.1", 0)).isEqualTo("OK");
            assertThat(client.sendTo("127.0.0.1", server.port(), new byte[1])).isEqualTo("OK");
            MemorySegment globals = room(object.map(".bss").spec().valueSize());
            object.map(".bss").lookup(u32(0), globals, 0);
            assertThat(
                    globals.get(ValueLayout.JAVA_LONG_UNALIGNED, file.variable("cookie").offset()))
                .isEqualTo(client.cookie());
          }
        });
  }

  @TwinTest
  void whatMayNotEnterIsLost(Kernel kernel) {
    inCgroup(
        kernel,
        read(),
        (object, path) -> {
          TwinSockets sockets = new TwinSockets(kernel);
          try (TwinSocket server = sockets.udp();
              TwinSocket client = sockets.udp();
              Link count = kernel.attach(object.program("ingress"), new Attachment.Cgroup(path))) {
            assertThat(server.bind("127.0.0.1", 0)).isEqualTo("OK");
            try (Link refuse =
                kernel.attach(object.program("refuse"), new Attachment.Cgroup(path))) {
              assertThat(refuse.id()).isNotEqualTo(count.id());
              assertThat(client.sendTo("127.0.0.1", server.port(), new byte[1])).isEqualTo("OK");
              assertThat(server.receive().came()).isFalse();
              // The other program has seen it all the same.
              assertThat(Account.of(object.map("accounts"), server).inPackets()).isEqualTo(1);
              refuse.update(object.program("ingress"));
              assertThat(client.sendTo("127.0.0.1", server.port(), new byte[1])).isEqualTo("OK");
              assertThat(server.receive().came()).isTrue();
              assertThat(Account.of(object.map("accounts"), server).inPackets()).isEqualTo(3);
            }
          }
        });
  }
}
