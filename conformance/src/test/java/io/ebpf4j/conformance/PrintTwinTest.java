package io.ebpf4j.conformance;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.TestRun;
import io.ebpf4j.junit.BothKernels;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.object.ObjectFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * What programs print is the same text on both kernels. Lines on Linux are found again, among those
 * of everybody, by a mark at the beginning of their format.
 */
class PrintTwinTest {
  private static final Path RECORDED =
      Path.of(
          System.getProperty("ebpf4j.root"),
          "core/src/test/resources/io/ebpf4j/jvm/helper/printk.tsv");

  private static final int FORMAT = 16;
  private static final int ARGUMENTS = FORMAT + 256;
  private static final int TEXT = ARGUMENTS + 12 * Long.BYTES;
  private static final int REQUEST_BYTES = TEXT + 64;

  private final String mark = "ebpf4j" + Long.toHexString(System.nanoTime());

  /** A line to be printed; {@code texts} has a bit for each argument that is the text's address. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Line(byte[] format, long[] arguments, int texts, byte[] text) {
    @Override
    public String toString() {
      return new String(format, ISO_8859_1);
    }
  }

  /** What it came to. */
  private record Printed(String format, int returned, String text) {}

  @Test
  void whatIsPrintedIsTheSameText() throws Exception {
    List<Line> lines = new ArrayList<>(recorded());
    lines.addAll(random(new SplittableRandom(), 300));
    Kernel linux = BothKernels.linux().orElse(null);
    Assumptions.assumeTrue(linux != null, "Linux is not available");
    List<Printed> theirs;
    try (Kernel kernel = Objects.requireNonNull(linux)) {
      theirs = onLinux(kernel, lines);
    }
    assertThat(onJvm(lines)).containsExactlyElementsOf(theirs);
    assertThat(theirs).filteredOn(line -> !line.text().isEmpty()).hasSizeGreaterThan(150);
  }

  private List<Printed> onJvm(List<Line> lines) throws IOException {
    List<String> sink = new ArrayList<>();
    List<Printed> printed = new ArrayList<>();
    try (JvmKernel kernel = JvmKernel.create();
        BpfObject object = kernel.load(object())) {
      kernel.trace(sink::add);
      for (int i = 0; i < lines.size(); i++) {
        sink.clear();
        int returned = print(object, lines.get(i), i);
        String all = sink.isEmpty() ? "" : sink.getFirst();
        printed.add(new Printed(lines.get(i).toString(), returned, afterMark(all, i)));
      }
    }
    return printed;
  }

  private List<Printed> onLinux(Kernel kernel, List<Line> lines) throws Exception {
    List<Integer> returned = new ArrayList<>();
    StringBuilder trace = new StringBuilder();
    try (BpfObject object = kernel.load(object())) {
      for (int i = 0; i < lines.size(); i++) {
        returned.add(print(object, lines.get(i), i));
        // A buffer that nobody made larger holds a page of lines.
        if (i % 16 == 15 || i == lines.size() - 1) {
          trace.append(trace());
        }
      }
    }
    List<Printed> printed = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      printed.add(
          new Printed(lines.get(i).toString(), returned.get(i), afterMark(trace.toString(), i)));
    }
    return printed;
  }

  /** The rest of the line that begins with the mark of that number. */
  private String afterMark(String text, int number) {
    String begin = mark(number);
    int at = text.indexOf(begin);
    if (at < 0) {
      return "";
    }
    int end = text.indexOf('\n', at);
    return text.substring(at + begin.length(), end < 0 ? text.length() : end);
  }

  private String mark(int number) {
    return mark + "-" + number + ":";
  }

  private int print(BpfObject object, Line line, int number) {
    byte[] begin = mark(number).getBytes(ISO_8859_1);
    ByteBuffer request = ByteBuffer.allocate(REQUEST_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    request.putInt(begin.length + line.format().length + 1);
    request.putInt(line.arguments().length).putInt(line.texts());
    request.position(FORMAT).put(begin).put(line.format());
    for (int i = 0; i < line.arguments().length; i++) {
      request.putLong(ARGUMENTS + i * Long.BYTES, line.arguments()[i]);
    }
    request.position(TEXT).put(line.text());
    object.map("requests").update(new byte[4], request.array());
    return object.program("print").testRun(TestRun.of(new byte[64])).returnValue();
  }

  private static ObjectFile object() throws IOException {
    try (InputStream in = PrintTwinTest.class.getResourceAsStream("/printk.bpf.o")) {
      return ObjectFile.parse("printk.bpf.o", Objects.requireNonNull(in).readAllBytes());
    }
  }

  /** The trace buffer, which stays as it is; the mount, where one is needed, ends at once. */
  private static String trace() throws Exception {
    String script =
        "t=/sys/kernel/tracing; [ -e $t/trace ] || mount -t tracefs none $t; exec cat $t/trace";
    Process process = new ProcessBuilder("unshare", "--mount", "sh", "-c", script).start();
    String text = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as("the tracefs is read").isZero();
    return text;
  }

  private static List<Line> recorded() throws IOException {
    List<Line> lines = new ArrayList<>();
    for (String row : Files.readAllLines(RECORDED)) {
      if (!row.startsWith("#")) {
        String[] fields = row.split("\t", -1);
        String[] numbers = fields[1].isEmpty() ? new String[0] : fields[1].split(",", -1);
        long[] arguments = new long[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
          arguments[i] = Long.parseLong(numbers[i]);
        }
        byte[] text = bytes(fields[3]);
        if (bytes(fields[0]).length < 200 && text.length < 64) {
          lines.add(new Line(bytes(fields[0]), arguments, Integer.parseInt(fields[2]), text));
        }
      }
    }
    return lines;
  }

  private static List<Line> random(SplittableRandom random, int count) {
    String[] conversions = {
      "%d", "%i", "%u", "%x", "%X", "%o", "%c", "%ld", "%lu", "%lx", "%lld", "%llu", "%llx", "%hd",
      "%hhu", "%5d", "%-8u|", "%08x", "%#x", "%+d", "% d", "%.3d", "%%", "%s", "%10s", "%p", "%z",
      "%", "%q", "%5", "%l", "text", " ", "%e"
    };
    List<Line> lines = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      StringBuilder format = new StringBuilder();
      int arguments = random.nextInt(5);
      long[] values = random.longs(arguments).map(v -> v >> random.nextInt(64)).toArray();
      int texts = 0;
      for (int part = 0; part < 1 + random.nextInt(4); part++) {
        String conversion = conversions[random.nextInt(conversions.length)];
        // Which number a hashed pointer gets is each kernel's own choice.
        if (conversion.equals("%p") && random.nextInt(4) != 0) {
          continue;
        }
        format.append(conversion);
      }
      if (format.indexOf("%p") >= 0) {
        Arrays.fill(values, 0);
      }
      if (format.indexOf("s") >= 0) {
        texts = (1 << arguments) - 1;
        format = new StringBuilder("%s|%s|%s|%s|".substring(0, 3 * Math.max(1, arguments)));
      }
      lines.add(
          new Line(format.toString().getBytes(ISO_8859_1), values, texts, bytes("some text")));
    }
    return lines;
  }

  private static byte[] bytes(String escaped) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < escaped.length(); i++) {
      if (escaped.charAt(i) == '\\') {
        bytes.write(Integer.parseInt(escaped, i + 2, i + 4, 16));
        i += 3;
      } else {
        bytes.write(escaped.charAt(i));
      }
    }
    return bytes.toByteArray();
  }
}
