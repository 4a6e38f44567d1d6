package io.ebpf4j.cli;

import java.io.PrintStream;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** A progress bar on a terminal, for a run of more than a second. */
final class Progress implements AutoCloseable {
  /** Set by the launcher where standard error is a terminal. */
  private static final String TERMINAL = "ebpf4j.terminal";

  private static final int MASK = 0xfff;
  private static final long PATIENCE_NANOS = 1_000_000_000;
  private static final long MEBIBYTE = 1 << 20;

  private final PacketSource source;
  private final boolean wanted;
  private final long begin = System.nanoTime();
  private @Nullable ProgressBar bar;

  Progress(PacketSource source, boolean quiet) {
    this.source = source;
    this.wanted = !quiet && Boolean.getBoolean(TERMINAL);
  }

  /** To be called with the number of packets so far; looks at the clock once in a while. */
  void packets(long count) {
    if (wanted && (count & MASK) == 0) {
      update(count);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }

  private void update(long count) {
    long nanos = System.nanoTime() - begin;
    if (nanos < PATIENCE_NANOS) {
      return;
    }
    if (bar == null) {
      bar =
          new ProgressBarBuilder()
              .setTaskName("running")
              .setInitialMax(source.totalBytes())
              .setUnit(" MiB", MEBIBYTE)
              .setStyle(ProgressBarStyle.ASCII)
              .setConsumer(new ConsoleProgressBarConsumer(new PrintStream(System.err, true)))
              .build();
    }
    bar.stepTo(source.bytesRead());
    bar.setExtraMessage(
        String.format(Locale.ROOT, " %,d packets, %,d/s", count, Math.round(count * 1e9 / nanos)));
  }
}
