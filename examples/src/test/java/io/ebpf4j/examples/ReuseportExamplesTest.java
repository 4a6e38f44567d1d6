package io.ebpf4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfException;
import io.ebpf4j.Kernel;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.linux.LinuxKernel;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples of reuseport groups, each under its own load, on either kernel. */
class ReuseportExamplesTest {
  private static Path object(String name) {
    Path here = Path.of("reuseport");
    return (here.toFile().isDirectory() ? here : Path.of("examples/reuseport"))
        .resolve(name + ".bpf.o");
  }

  private static Kernel kernel(String name) {
    if (name.equals("jvm")) {
      return JvmKernel.create();
    }
    try {
      return LinuxKernel.open();
    } catch (BpfException | UnsupportedOperationException e) {
      Assumptions.abort("not judged by Linux: " + e.getMessage());
      throw e;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"jvm", "linux"})
  void onlyTheClientsOfOneWorkerMove(String name) throws Exception {
    try (Kernel kernel = kernel(name)) {
      ConsistentHashing.Moves moves = ConsistentHashing.run(kernel, object("consistent"), 200);
      assertThat(moves.toNewcomer()).isBetween(15, 70);
      assertThat(moves.besidesNewcomer()).isZero();
      assertThat(moves.ofLeaver()).isBetween(15, 70);
      assertThat(moves.besidesLeaver()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"jvm", "linux"})
  void aRestartLosesNothing(String name) throws Exception {
    try (Kernel kernel = kernel(name)) {
      HotRestart.Counts counts = HotRestart.run(kernel, object("restart"), 4, 200);
      assertThat(counts.answered()).isEqualTo(counts.asked());
      assertThat(counts.oldFlowsMoved()).isZero();
      assertThat(counts.newFlowsAtOld()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"jvm", "linux"})
  void aQuicClientThatChangesItsPortStaysWithItsWorker(String name) throws Exception {
    try (Kernel kernel = kernel(name)) {
      QuicRouting.Counts counts = QuicRouting.run(kernel, object("quic"), 50);
      assertThat(counts).isEqualTo(new QuicRouting.Counts(50, 50, 50, 0));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"jvm", "linux"})
  void aWorkerServesItsOwnSourcesAlone(String name) throws Exception {
    try (Kernel kernel = kernel(name)) {
      assertThat(SourceIsolation.run(kernel, object("isolation"))).containsExactly(-1, 0, 1, 0, -1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"jvm", "linux"})
  void theDistributionIsSeenWhileItHappens(String name) throws Exception {
    try (Kernel kernel = kernel(name)) {
      WatchedDistribution.Shares shares = WatchedDistribution.run(kernel, object("watch"), 400);
      assertThat(shares.halfway()).containsExactly(50L, 50L, 50L, 50L);
      assertThat(shares.given()).containsExactly(100L, 100L, 100L, 100L);
      assertThat(shares.received()).isEqualTo(shares.given());
    }
  }
}
