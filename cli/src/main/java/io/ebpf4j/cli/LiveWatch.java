package io.ebpf4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Waits while something runs, and shows how it goes once a second on a terminal. */
final class LiveWatch {
  /** Set by the launcher where standard error is a terminal. */
  private static final String TERMINAL = "ebpf4j.terminal";

  private static final long ROUND_NANOS = 1_000_000_000;
  private static final int LAST_WORDS_SECONDS = 10;

  private LiveWatch() {}

  /** What is shown meanwhile. */
  interface Report {
    /** One line that says what runs. */
    String heading();

    /** How it goes. */
    TextTable table();
  }

  /** What is said at the end. */
  interface LastWords {
    void say() throws IOException;
  }

  /**
   * Returns when the time is over or it is stopped; on Ctrl-C the JVM ends when the last words are
   * said.
   */
  static void run(
      Report report,
      double seconds,
      CountDownLatch stop,
      CommonOptions common,
      PrintWriter out,
      LastWords lastWords)
      throws IOException {
    boolean live = Boolean.getBoolean(TERMINAL) && !common.quiet && !common.json;
    if (!common.quiet && !common.json) {
      out.println(report.heading() + ", Ctrl-C ends");
      out.flush();
    }
    CountDownLatch said = new CountDownLatch(1);
    Thread hook =
        Thread.ofPlatform()
            .unstarted(() -> {
              stop.countDown();
              try {
                if (!said.await(LAST_WORDS_SECONDS, TimeUnit.SECONDS)) {
                  out.println("it did not end in time");
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      watch(report, seconds, live, stop, out);
      lastWords.say();
      out.flush();
    } finally {
      said.countDown();
      forget(hook);
    }
  }

  private static void forget(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // Ctrl-C: the hook runs already.
    }
  }

  private static void watch(
      Report report, double seconds, boolean live, CountDownLatch stop, PrintWriter out) {
    long begin = System.nanoTime();
    double limit = seconds * ROUND_NANOS;
    int lines = 0;
    try {
      while (true) {
        double left = limit - (System.nanoTime() - begin);
        if (left <= 0 || stop.await((long) Math.min(left, ROUND_NANOS), TimeUnit.NANOSECONDS)) {
          break;
        }
        if (live) {
          lines = show(report, lines, out);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Prints the table over the one before. */
  private static int show(Report report, int linesBefore, PrintWriter out) {
    StringWriter text = new StringWriter();
    report.table().print(new PrintWriter(text, true));
    if (linesBefore > 0) {
      out.print("\033[" + linesBefore + "A\033[J");
    }
    out.print(text);
    out.flush();
    return (int) text.toString().lines().count();
  }
}
