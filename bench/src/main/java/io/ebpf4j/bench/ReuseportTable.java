package io.ebpf4j.bench;

import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.ProgramInfo;
import io.ebpf4j.ReuseportServer;
import io.ebpf4j.ReuseportServer.Member;
import io.ebpf4j.UdpMessage;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.linux.LinuxKernel;
import io.ebpf4j.object.ObjectFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/**
 * Compares servers that share a port: how long a program takes to choose a member, by the run-time
 * statistics of either kernel; UDP echoes a second of 64 bytes with four members; TCP connections a
 * second. All by turns in one run. Needs root.
 */
public final class ReuseportTable {
  private static final int MEMBERS = 4;
  private static final int CLIENTS = 4;

  /** Questions that a client has under way at once. */
  private static final int WINDOW = 16;

  private static final int ROUNDS = 5;
  private static final long ROUND_NANOS = 2_000_000_000;
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private final Path object;

  private ReuseportTable(Path object) {
    this.object = object;
  }

  /** What is measured: echoes or connections a second. */
  private interface Subject extends AutoCloseable {
    InetSocketAddress address();

    @Override
    void close() throws IOException;
  }

  /**
   * Measures.
   *
   * @param arguments the object of {@code examples/reuseport/watch.bpf.c}
   */
  public static void main(String[] arguments) throws Exception {
    new ReuseportTable(Path.of(arguments[0])).run();
  }

  private void run() throws Exception {
    double[][] echoes = new double[3][ROUNDS];
    double[][] accepts = new double[2][ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      try (Subject dispatcher = dispatcher()) {
        echoes[0][round] = echoes(dispatcher.address());
      }
      try (Kernel kernel = JvmKernel.create();
          Served server = new Served(kernel)) {
        echoes[1][round] = echoes(server.address());
      }
      try (Kernel kernel = LinuxKernel.open();
          Served server = new Served(kernel)) {
        echoes[2][round] = echoes(server.address());
      }
      try (Subject plain = plainAccept()) {
        accepts[0][round] = connections(plain.address());
      }
      try (Kernel kernel = JvmKernel.create();
          ReuseportServer<SocketChannel> server = kernel.serveTcp(ANY_PORT)) {
        for (int i = 0; i < MEMBERS; i++) {
          server.join(ReuseportTable::greet);
        }
        accepts[1][round] = connections(server.address());
      }
    }
    selection();
    print("UDP echoes/s, hand-written NIO dispatcher", echoes[0], echoes[0]);
    print("UDP echoes/s, ReuseportServer on the JVM kernel", echoes[1], echoes[0]);
    print("UDP echoes/s, four SO_REUSEPORT sockets, program in Linux", echoes[2], echoes[0]);
    print("TCP connections/s, plain accept", accepts[0], accepts[0]);
    print("TCP connections/s, ReuseportServer on the JVM kernel", accepts[1], accepts[0]);
  }

  private static void print(String what, double[] rates, double[] base) {
    System.out.printf(
        Locale.ROOT, "%s: %.0f (%.2f)%n", what, median(rates), median(rates) / median(base));
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** Four members and the program, on a kernel. */
  private final class Served implements Subject {
    private final BpfObject loaded;
    private final ReuseportServer<UdpMessage> server;

    Served(Kernel kernel) throws IOException {
      loaded = kernel.load(ObjectFile.read(object));
      server = kernel.serveUdp(ANY_PORT);
      for (int i = 0; i < MEMBERS; i++) {
        Member member = server.join(message -> message.reply(message.payload()));
        loaded.map("members").update(number(i, Integer.BYTES), number(member.fd(), Long.BYTES));
      }
      server.attach(program());
    }

    Program program() {
      return loaded.program("watch");
    }

    @Override
    public InetSocketAddress address() {
      return server.address();
    }

    @Override
    public void close() {
      server.close();
      loaded.close();
    }
  }

  private static byte[] number(int value, int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(0, value).array();
  }

  private void selection() throws IOException {
    try (Kernel jvm = JvmKernel.create();
        Kernel linux = LinuxKernel.open()) {
      double mine = nanosOfSelection(jvm);
      double other = nanosOfSelection(linux);
      System.out.printf(
          Locale.ROOT,
          "selection, ns by run-time statistics: JVM %.1f, Linux %.1f (%.2f)%n",
          mine,
          other,
          mine / other);
    }
  }

  private double nanosOfSelection(Kernel kernel) throws IOException {
    try (Served server = new Served(kernel)) {
      echoes(server.address());
      try (Kernel.Statistics _ = kernel.enableStatistics()) {
        ProgramInfo before = server.program().info();
        echoes(server.address());
        ProgramInfo after = server.program().info();
        return (double) (after.runNanos() - before.runNanos())
            / (after.runCount() - before.runCount());
      }
    }
  }

  /** Echoes a second, by clients that each have a window of questions under way. */
  private static double echoes(InetSocketAddress address) {
    return rate(count -> {
      try (DatagramChannel client = DatagramChannel.open()) {
        client.connect(address);
        client.socket().setSoTimeout(1000);
        ByteBuffer buffer = ByteBuffer.allocateDirect(64);
        for (int i = 0; i < WINDOW; i++) {
          client.write(buffer.clear());
        }
        long end = System.nanoTime() + ROUND_NANOS;
        while (System.nanoTime() < end) {
          client.read(buffer.clear());
          count.increment();
          client.write(buffer.clear());
        }
      }
    });
  }

  private static double connections(InetSocketAddress address) {
    return rate(count -> {
      ByteBuffer buffer = ByteBuffer.allocateDirect(1);
      long end = System.nanoTime() + ROUND_NANOS;
      while (System.nanoTime() < end) {
        try (SocketChannel client = SocketChannel.open(address)) {
          client.read(buffer.clear());
          count.increment();
        }
      }
    });
  }

  private interface Load {
    void run(LongAdder count) throws IOException;
  }

  private static double rate(Load load) {
    LongAdder count = new LongAdder();
    List<Thread> clients = new ArrayList<>();
    long begin = System.nanoTime();
    for (int i = 0; i < CLIENTS; i++) {
      clients.add(
          Thread.ofPlatform()
              .start(() -> {
                try {
                  load.run(count);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              }));
    }
    try {
      for (Thread client : clients) {
        client.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return count.sum() * 1e9 / (System.nanoTime() - begin);
  }

  private record Question(InetSocketAddress source, ByteBuffer payload) {}

  /** What one writes by hand: one thread receives and hands on by turns, as the program does. */
  private static Subject dispatcher() throws IOException {
    DatagramChannel channel = DatagramChannel.open().bind(ANY_PORT);
    AtomicBoolean closed = new AtomicBoolean();
    List<BlockingQueue<Question>> queues = new ArrayList<>();
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < MEMBERS; i++) {
      BlockingQueue<Question> queue = new ArrayBlockingQueue<>(ReuseportServer.DEFAULT_CAPACITY);
      queues.add(queue);
      workers.add(Thread.ofPlatform().daemon().start(() -> answer(channel, queue, closed)));
    }
    Thread.ofPlatform().daemon().start(() -> dispatch(channel, queues));
    InetSocketAddress address = (InetSocketAddress) channel.getLocalAddress();
    return new Subject() {
      @Override
      public InetSocketAddress address() {
        return address;
      }

      @Override
      public void close() throws IOException {
        closed.set(true);
        channel.close();
        workers.forEach(Thread::interrupt);
      }
    };
  }

  private static void dispatch(DatagramChannel channel, List<BlockingQueue<Question>> queues) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 16);
    try {
      for (int turn = 0; ; turn++) {
        InetSocketAddress source = (InetSocketAddress) channel.receive(buffer.clear());
        byte[] bytes = new byte[buffer.flip().remaining()];
        buffer.get(bytes);
        Question question = new Question(source, ByteBuffer.wrap(bytes));
        if (!queues.get(turn % queues.size()).offer(question)) {
          System.err.println("dropped");
        }
      }
    } catch (IOException closed) {
      // By the end of the round.
    }
  }

  private static void answer(
      DatagramChannel channel, BlockingQueue<Question> queue, AtomicBoolean closed) {
    try {
      while (!closed.get()) {
        Question question = queue.take();
        channel.send(question.payload(), question.source());
      }
    } catch (IOException | InterruptedException ended) {
      // By the end of the round.
    }
  }

  /** One thread that accepts, and four that greet. */
  private static Subject plainAccept() throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open().bind(ANY_PORT, 4096);
    BlockingQueue<SocketChannel> queue = new ArrayBlockingQueue<>(1024);
    List<Thread> threads = new ArrayList<>();
    threads.add(
        Thread.ofPlatform()
            .daemon()
            .start(() -> {
              try {
                while (true) {
                  queue.put(channel.accept());
                }
              } catch (AsynchronousCloseException | InterruptedException ended) {
                // By the end of the round.
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            }));
    for (int i = 0; i < MEMBERS; i++) {
      threads.add(
          Thread.ofPlatform()
              .daemon()
              .start(() -> {
                try {
                  while (true) {
                    greet(queue.take());
                  }
                } catch (InterruptedException ended) {
                  // By the end of the round.
                }
              }));
    }
    InetSocketAddress address = (InetSocketAddress) channel.getLocalAddress();
    return new Subject() {
      @Override
      public InetSocketAddress address() {
        return address;
      }

      @Override
      public void close() throws IOException {
        channel.close();
        threads.forEach(Thread::interrupt);
      }
    };
  }

  private static void greet(SocketChannel connection) {
    try (connection) {
      connection.write(ByteBuffer.wrap(new byte[] {1}));
    } catch (IOException gone) {
      // The client has ended.
    }
  }
}
