package io.ebpf4j.object;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.spec.ProgramSpec;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged objects are refused with a sentence, or read: never anything else, and soon. */
class ObjectFuzzTest {
  private static final Duration TIME = Duration.ofMillis(700);
  private static final Duration SLOWEST = Duration.ofSeconds(2);
  private static final long MOST_MEMORY = 256L << 20;

  @ParameterizedTest
  @ValueSource(strings = {"globals", "calls", "maps", "externs", "core", "maps.clang13"})
  void damagedObjectsAreRefusedWithASentenceOrRead(String name) {
    byte[] good = TestObjects.bytes(name);
    Btf types = TestObjects.read(name).btf().orElseThrow();
    Random random = new Random(name.hashCode());
    Instant end = Instant.now().plus(TIME);
    int refused = 0;
    int read = 0;
    while (Instant.now().isBefore(end)) {
      long seed = random.nextLong();
      byte[] damaged = damage(good, new Random(seed));
      long memory = allocated();
      Instant start = Instant.now();
      try {
        use(ObjectFile.parse("x.o", damaged), types);
        read++;
      } catch (ObjectFormatException e) {
        assertThat(e).hasMessageMatching("(?s)x\\.o: .+|instruction .+");
        refused++;
      } catch (RuntimeException | Error e) {
        fail("seed " + seed + " of " + name, e);
      }
      assertThat(Duration.between(start, Instant.now())).as("seed %d", seed).isLessThan(SLOWEST);
      assertThat(allocated() - memory).as("seed %d", seed).isLessThan(MOST_MEMORY);
    }
    assertThat(refused).isPositive();
    assertThat(read).isPositive();
  }

  private static void use(ObjectFile object, Btf types) {
    object.configure(KernelConfiguration.ofJvm());
    object
        .btf()
        .ifPresent(own -> {
          CoreRelocator relocator = new CoreRelocator(own, types);
          for (ProgramSpec program : object.programs().values()) {
            relocator.relocate(program);
          }
        });
  }

  private static byte[] damage(byte[] good, Random random) {
    byte[] bytes = good.clone();
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      switch (random.nextInt(5)) {
        case 0 -> bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        case 2 -> damageHeaders(bytes, random);
        case 3 -> copyRange(bytes, random);
        default -> {
          if (random.nextInt(8) == 0) {
            bytes = Arrays.copyOf(bytes, 1 + random.nextInt(bytes.length));
          }
        }
      }
    }
    return bytes;
  }

  /** A number in a section's header becomes one that is likely to hurt. */
  private static void damageHeaders(byte[] bytes, Random random) {
    if (bytes.length < 64) {
      return;
    }
    ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    long table = file.getLong(40);
    int count = file.getShort(60) & 0xffff;
    if (count == 0) {
      return;
    }
    long at = table + random.nextInt(count) * 64L + random.nextInt(16) * 4L;
    if (at >= 0 && at <= bytes.length - 4) {
      int[] numbers = {0, 1, -1, 7, 24, 64, 0x7fffffff, 0x80000000, random.nextInt(bytes.length)};
      file.putInt((int) at, numbers[random.nextInt(numbers.length)]);
    }
  }

  private static void copyRange(byte[] bytes, Random random) {
    int length = 1 + random.nextInt(Math.min(64, bytes.length));
    int from = random.nextInt(bytes.length - length + 1);
    int to = random.nextInt(bytes.length - length + 1);
    System.arraycopy(bytes, from, bytes, to, length);
  }

  private static long allocated() {
    return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getCurrentThreadAllocatedBytes();
  }
}
