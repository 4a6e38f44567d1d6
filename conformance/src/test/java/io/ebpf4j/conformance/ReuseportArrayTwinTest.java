package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.Elements.delete;
import static io.ebpf4j.conformance.Elements.lookup;
import static io.ebpf4j.conformance.Elements.next;
import static io.ebpf4j.conformance.Elements.u32;
import static io.ebpf4j.conformance.Elements.u64;
import static io.ebpf4j.conformance.Elements.update;
import static io.ebpf4j.conformance.TwinSockets.LOOPBACK;
import static io.ebpf4j.conformance.TwinSockets.array;
import static io.ebpf4j.conformance.TwinSockets.put;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.junit.LeaksAllowed;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** REUSEPORT_SOCKARRAY: which sockets go in, what is found there, how they leave. */
@LeaksAllowed
class ReuseportArrayTwinTest {
  private static final int BAD_FD = 999;

  private TwinSockets sockets;
  private BpfMap map;

  @BeforeEach
  void open(Kernel kernel) {
    sockets = new TwinSockets(kernel);
    map = array(kernel, 4);
  }

  @AfterEach
  void close() {
    sockets.close();
  }

  @TwinTest
  void aLookupGivesTheCookieOfTheSocket(Kernel kernel) {
    TwinSocket udp = sockets.member(LOOPBACK, 0);
    assertThat(lookup(map, 0, 0)).isEqualTo("ENOENT");
    assertThat(put(map, 0, udp)).isEqualTo("OK");
    assertThat(Elements.value(map, 0)).isEqualTo(udp.cookie());
    assertThat(lookup(map, 4, 0)).isEqualTo("ENOENT");
    assertThat(lookup(map, 0, 1)).isEqualTo("EINVAL");
  }

  @TwinTest
  void valuesOfFourBytesTakeDescriptorsAndGiveNoCookies(Kernel kernel) {
    BpfMap narrow = kernel.createMap(MapSpec.of("narrow", MapType.REUSEPORT_SOCKARRAY, 4, 4, 4));
    TwinSocket udp = sockets.member(LOOPBACK, 0);
    assertThat(put(narrow, 0, udp)).isEqualTo("OK");
    assertThat(lookup(narrow, 0, 0)).isEqualTo("ENOSPC");
    assertThat(lookup(narrow, 1, 0)).isEqualTo("ENOSPC");
    assertThat(update(narrow, 1, u32(-1), 0)).isEqualTo("EBADF");
  }

  @TwinTest
  void anUpdateIsCheckedInLinuxOrder(Kernel kernel) {
    TwinSocket udp = sockets.member(LOOPBACK, 0);
    assertThat(update(map, 4, u64(BAD_FD), 3)).isEqualTo("EINVAL");
    assertThat(update(map, 4, u64(BAD_FD), MapFlags.LOCK)).isEqualTo("EINVAL");
    assertThat(update(map, 4, u64(BAD_FD), 0)).isEqualTo("E2BIG");
    assertThat(update(map, 0, u64(BAD_FD), MapFlags.EXIST)).isEqualTo("EBADF");
    assertThat(update(map, 0, u64(-1), 0)).isEqualTo("EINVAL");
    assertThat(update(map, 0, u64(1L << 31), 0)).isEqualTo("EINVAL");
    assertThat(update(map, 0, u64(map.fd()), 0)).isEqualTo("ENOTSOCK");
    assertThat(put(map, 0, udp, MapFlags.EXIST)).isEqualTo("ENOENT");
    assertThat(put(map, 0, udp, MapFlags.NOEXIST)).isEqualTo("OK");
    assertThat(put(map, 0, udp, MapFlags.NOEXIST)).isEqualTo("EEXIST");
    assertThat(put(map, 1, udp, MapFlags.EXIST)).isEqualTo("ENOENT");
  }

  @TwinTest
  void presenceIsCheckedBeforeTheSocketItself(Kernel kernel) {
    TwinSocket udp = sockets.member(LOOPBACK, 0);
    TwinSocket unbound = sockets.udp();
    assertThat(put(map, 0, udp)).isEqualTo("OK");
    assertThat(put(map, 0, unbound, MapFlags.NOEXIST)).isEqualTo("EEXIST");
    assertThat(put(map, 1, unbound, MapFlags.EXIST)).isEqualTo("ENOENT");
    assertThat(put(map, 1, unbound)).isEqualTo("EINVAL");
  }

  @TwinTest
  void onlySocketsThatShareAnAddressGoIn(Kernel kernel) {
    TwinSocket alone = sockets.udp();
    assertThat(alone.bind(LOOPBACK, 0)).isEqualTo("OK");
    assertThat(put(map, 0, alone)).isEqualTo("EINVAL");
    assertThat(alone.reuseport(true)).isEqualTo("OK");
    assertThat(put(map, 0, alone)).isEqualTo("EINVAL");
    TwinSocket unbound = sockets.udp();
    unbound.reuseport(true);
    assertThat(put(map, 0, unbound)).isEqualTo("EINVAL");
    TwinSocket silent = sockets.tcp();
    silent.reuseport(true);
    assertThat(silent.bind(LOOPBACK, 0)).isEqualTo("OK");
    assertThat(put(map, 0, silent)).isEqualTo("EINVAL");
    assertThat(silent.listen(4)).isEqualTo("OK");
    assertThat(put(map, 0, silent)).isEqualTo("OK");
    assertThat(put(map, 1, sockets.member("::1", 0))).isEqualTo("OK");
    assertThat(put(map, 2, sockets.listener("::1", 0))).isEqualTo("OK");
    assertThat(put(map, 3, sockets.member("0.0.0.0", 0))).isEqualTo("OK");
  }

  @TwinTest
  void aSocketIsInOneSlotOfOneArray(Kernel kernel) {
    BpfMap other = array(kernel, 4);
    TwinSocket first = sockets.member(LOOPBACK, 0);
    TwinSocket second = sockets.member(LOOPBACK, first.port());
    assertThat(put(map, 0, first)).isEqualTo("OK");
    assertThat(put(map, 0, first)).isEqualTo("EBUSY");
    assertThat(put(map, 1, first)).isEqualTo("EBUSY");
    assertThat(put(other, 0, first)).isEqualTo("EBUSY");
    assertThat(put(map, 0, second)).isEqualTo("OK");
    assertThat(put(other, 0, first)).isEqualTo("OK");
    assertThat(delete(other, 0)).isEqualTo("OK");
    assertThat(put(map, 1, first)).isEqualTo("OK");
  }

  @TwinTest
  void aDeletedSlotIsEmpty(Kernel kernel) {
    assertThat(put(map, 2, sockets.member(LOOPBACK, 0))).isEqualTo("OK");
    assertThat(delete(map, 2)).isEqualTo("OK");
    assertThat(delete(map, 2)).isEqualTo("ENOENT");
    assertThat(delete(map, 4)).isEqualTo("E2BIG");
    assertThat(lookup(map, 2, 0)).isEqualTo("ENOENT");
  }

  @TwinTest
  void keysAreEnumeratedWhetherTakenOrNot(Kernel kernel) {
    assertThat(next(map, null)).isEqualTo("0");
    assertThat(next(map, 2L)).isEqualTo("3");
    assertThat(next(map, 3L)).isEqualTo("ENOENT");
    assertThat(next(map, 9L)).isEqualTo("0");
  }

  @TwinTest
  void thereIsNoLookupWithDeletionAndNoBatch(Kernel kernel) {
    assertThat(Elements.answer(() -> map.lookupAndDelete(u32(0), Elements.room(8), 0)))
        .isEqualTo("ENOTSUPP");
    assertThat(
            Elements.answer(() -> {
              map.updateBatch(u32(0), u64(3), 1, 0);
            }))
        .isEqualTo("ENOTSUPP");
  }

  @TwinTest
  void aClosedSocketLeavesItsSlot(Kernel kernel) {
    TwinSocket udp = sockets.member(LOOPBACK, 0);
    TwinSocket tcp = sockets.listener(LOOPBACK, 0);
    put(map, 0, udp);
    put(map, 1, tcp);
    udp.close();
    tcp.close();
    assertThat(lookup(map, 0, 0)).isEqualTo("ENOENT");
    assertThat(lookup(map, 1, 0)).isEqualTo("ENOENT");
  }

  @TwinTest
  void aConnectedUdpSocketLeavesForGood(Kernel kernel) {
    for (String address : new String[] {LOOPBACK, "0.0.0.0"}) {
      TwinSocket udp = sockets.member(address, 0);
      int port = udp.port();
      assertThat(put(map, 0, udp)).isEqualTo("OK");
      assertThat(udp.connect(LOOPBACK, 9)).isEqualTo("OK");
      assertThat(lookup(map, 0, 0)).isEqualTo("ENOENT");
      assertThat(put(map, 0, udp)).isEqualTo("EINVAL");
      assertThat(udp.disconnect()).isEqualTo("OK");
      assertThat(put(map, 0, udp)).isEqualTo("EINVAL");
      if (udp.port() != 0) {
        assertThat(udp.port()).isEqualTo(port);
      }
    }
  }

  @TwinTest
  void aListenerThatIsShutDownLeavesAndComesBackByListening(Kernel kernel) {
    TwinSocket tcp = sockets.listener(LOOPBACK, 0);
    assertThat(put(map, 0, tcp)).isEqualTo("OK");
    assertThat(tcp.shutdown()).isEqualTo("OK");
    assertThat(lookup(map, 0, 0)).isEqualTo("ENOENT");
    assertThat(put(map, 0, tcp)).isEqualTo("EINVAL");
    assertThat(tcp.listen(4)).isEqualTo("OK");
    assertThat(put(map, 0, tcp)).isEqualTo("OK");
    assertThat(tcp.disconnect()).isEqualTo("OK");
    assertThat(lookup(map, 0, 0)).isEqualTo("ENOENT");
    assertThat(put(map, 0, tcp)).isEqualTo("EINVAL");
    assertThat(tcp.listen(4)).isEqualTo("OK");
    assertThat(put(map, 0, tcp)).isEqualTo("OK");
  }

  @TwinTest
  void aFreedMapFreesItsSockets(Kernel kernel) {
    TwinSocket udp = sockets.member(LOOPBACK, 0);
    BpfMap gone = array(kernel, 4);
    put(gone, 3, udp);
    gone.close();
    String answer = put(map, 0, udp);
    for (int tries = 0; tries < 500 && answer.equals("EBUSY"); tries++) {
      // Linux frees a map a little later.
      LockSupport.parkNanos(10_000_000);
      answer = put(map, 0, udp);
    }
    assertThat(answer).isEqualTo("OK");
  }

  @TwinTest
  void aSocketKeepsItsSlotWhenItStopsSharing(Kernel kernel) {
    TwinSocket udp = sockets.member(LOOPBACK, 0);
    put(map, 0, udp);
    assertThat(udp.reuseport(false)).isEqualTo("OK");
    assertThat(lookup(map, 0, 0)).isEqualTo("OK");
  }

  @TwinTest
  void aFrozenOrReadOnlyArrayTakesNoSocket(Kernel kernel) {
    TwinSocket udp = sockets.member(LOOPBACK, 0);
    map.freeze();
    assertThat(put(map, 0, udp)).isEqualTo("EPERM");
    BpfMap readOnly =
        kernel.createMap(
            MapSpec.of("r", MapType.REUSEPORT_SOCKARRAY, 4, 8, 4).withFlags(MapFlags.RDONLY));
    assertThat(put(readOnly, 0, udp)).isEqualTo("EPERM");
  }
}
