package io.ebpf4j.btf;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.fail;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Good sections with a few bytes changed are read, or refused with a sentence. */
final class BtfFuzzTest {
  private static final long NANOS = 700_000_000;
  private static final int[] TELLING_WORDS = {
    0, 1, -1, 2, 8, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0x0400_ffff, 0x8400_0002, 0x0d00_0001
  };

  private final Random random = new Random(4711);

  @Test
  void sectionOfClang() {
    fuzzBtf(BtfSamples.btfBytes());
  }

  @Test
  void sectionOfTheBuilder() {
    BtfBuilder types = new BtfBuilder();
    int u32 = types.unsigned("u32", 4);
    int node = types.forward("node", false);
    types.struct("node", m -> m.member("next", types.pointer(node)).bitField("bits", u32, 3));
    types.array(types.typedef("t", types.union("", m -> m.member("a", u32).member("b", node))), 2);
    fuzzBtf(types.build().encode());
  }

  @Test
  void extensionOfClang() {
    Btf btf = BtfSamples.btf();
    byte[] good = BtfSamples.extBytes();
    for (long end = System.nanoTime() + NANOS; System.nanoTime() < end; ) {
      byte[] bad = mutated(good);
      try {
        BtfExt ext = BtfExt.parse(bad, btf);
        List.of("xdp", "tc", ".text").forEach(ext::lines);
      } catch (BtfFormatException e) {
        checkSentence(e, bad);
      }
    }
  }

  private void fuzzBtf(byte[] good) {
    for (long end = System.nanoTime() + NANOS; System.nanoTime() < end; ) {
      byte[] bad = mutated(good);
      try {
        use(Btf.parse(bad));
      } catch (BtfFormatException e) {
        checkSentence(e, bad);
      }
    }
  }

  /** Whatever was let through must answer every question. */
  private static void use(Btf btf) {
    for (int id = 0; id < btf.size(); id++) {
      btf.typeName(id);
      btf.findAll(btf.type(id).name());
      btf.member(id, "value");
      if (btf.hasSize(id)) {
        btf.alignmentOf(id);
        if (btf.sizeOf(id) < 10_000) {
          JsonSink.of(btf, id, new byte[btf.sizeOf(id)]);
        }
      }
    }
    if (!Btf.parse(new Btf(btf.types()).encode()).types().equals(btf.types())) {
      fail("types change when they are encoded");
    }
  }

  private byte[] mutated(byte[] good) {
    byte[] bad = good.clone();
    for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
      int at = random.nextInt(bad.length);
      switch (random.nextInt(4)) {
        case 0 -> bad[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bad[at] = (byte) random.nextInt(256);
        case 2 -> putWord(bad, at & ~3, TELLING_WORDS[random.nextInt(TELLING_WORDS.length)]);
        default -> putWord(bad, at & ~3, random.nextInt(100));
      }
    }
    return random.nextInt(20) == 0 ? Arrays.copyOf(bad, random.nextInt(bad.length)) : bad;
  }

  private static void putWord(byte[] bytes, int at, int word) {
    for (int i = 0; i < 4 && at + i < bytes.length; i++) {
      bytes[at + i] = (byte) (word >>> i * 8);
    }
  }

  private static void checkSentence(BtfFormatException e, byte[] bad) {
    String sentence = String.valueOf(e.getMessage());
    if (sentence.length() < 20 || sentence.getBytes(UTF_8).length > 10_000) {
      fail("no sentence: '%s' for %d bytes", sentence, bad.length);
    }
  }
}
