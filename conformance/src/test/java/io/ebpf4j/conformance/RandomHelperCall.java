package io.ebpf4j.conformance;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import io.ebpf4j.spec.ProgramType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Calls of helpers whose answer is theirs alone, with arguments drawn from a seed: the text and
 * checksum helpers over the bytes of a map's value, which takes the results too.
 */
final class RandomHelperCall {
  private static final int STRTOL = 105;
  private static final int STRTOUL = 106;
  private static final int CSUM_DIFF = 28;

  private static final int INPUT_BYTES = 64;
  private static final int RESULT = INPUT_BYTES;
  private static final int RETURNED = INPUT_BYTES + 8;
  private static final String ALPHABET = "0123456789012345678901234567abcfxXz-+ \t\n_";

  private final SplittableRandom random;
  private final byte[] value = new byte[INPUT_BYTES + 16];
  private final List<Instruction> code = new ArrayList<>();
  private final List<Reference> references = new ArrayList<>();

  private RandomHelperCall(long seed) {
    random = new SplittableRandom(seed);
  }

  /** The calls and their answers. */
  static List<String> run(Kernel kernel, RandomCase drawn) {
    return drawn.steps().stream().map(seed -> new RandomHelperCall(seed).run(kernel)).toList();
  }

  private String run(Kernel kernel) {
    String call = random.nextInt(3) == 0 ? checksum() : number();
    address(1, RETURNED);
    code.add(new Instruction(0x7b, 1, 0, 0, 0));
    code.add(new Instruction(0x95, 0, 0, 0, 0));
    ProgramSpec spec =
        ProgramSpec.of("helper", ProgramType.XDP, code)
            .withExpectedAttachType(AttachType.XDP)
            .withReferences(references);
    try (BpfMap map = kernel.createMap(MapSpec.array("value", value.length, 1));
        Program program = load(kernel, spec, map)) {
      program.testRun(TestRun.of(new byte[64]));
      MemorySegment after = Elements.room(value.length);
      map.lookup(Elements.u32(0), after, 0);
      return call
          + ": "
          + after.get(ValueLayout.JAVA_LONG_UNALIGNED, RETURNED)
          + " "
          + HexFormat.of().formatHex(after.asSlice(RESULT, 8).toArray(ValueLayout.JAVA_BYTE));
    } catch (BpfException e) {
      return call + ": " + e.errno();
    }
  }

  private Program load(Kernel kernel, ProgramSpec spec, BpfMap map) {
    map.update(Elements.u32(0), MemorySegment.ofArray(value), MapFlags.ANY);
    return kernel.loadProgram(spec, Map.of("value", map));
  }

  private String number() {
    int length = 1 + random.nextInt(random.nextBoolean() ? 8 : 32);
    for (int i = 0; i < length; i++) {
      value[i] = (byte) ALPHABET.charAt(random.nextInt(ALPHABET.length()));
    }
    if (random.nextInt(4) == 0) {
      byte[] prefix = (random.nextBoolean() ? "0x" : " -").getBytes(StandardCharsets.US_ASCII);
      System.arraycopy(prefix, 0, value, 0, Math.min(prefix.length, length));
    }
    int[] bases = {0, 0, 8, 10, 10, 16, 2, 36, 32, -1};
    int base = bases[random.nextInt(bases.length)];
    int helper = random.nextBoolean() ? STRTOL : STRTOUL;
    address(1, 0);
    set(2, length);
    set(3, base);
    address(4, RESULT);
    call(helper);
    return "helper %d of '%s' base %d"
        .formatted(helper, new String(value, 0, length, StandardCharsets.US_ASCII), base);
  }

  private String checksum() {
    byte[] input = new byte[INPUT_BYTES];
    random.nextBytes(input);
    System.arraycopy(input, 0, value, 0, input.length);
    int fromBytes = random.nextInt(6) == 0 ? 3 : 4 * (1 + random.nextInt(8));
    int toBytes = random.nextInt(6) == 0 ? 5 : 4 * (1 + random.nextInt(8));
    int seed = random.nextInt();
    address(1, 0);
    set(2, fromBytes);
    address(3, INPUT_BYTES / 2);
    set(4, toBytes);
    code.add(new Instruction(0xb4, 5, 0, 0, seed));
    call(CSUM_DIFF);
    return "csum_diff of %d and %d bytes of %x, seed %x"
        .formatted(fromBytes, toBytes, Arrays.hashCode(input), seed);
  }

  private void address(int register, int offset) {
    references.add(new Reference.ToMapValue(code.size(), "value", offset));
    code.add(new Instruction(0x18, register, 2, 0, 0));
    code.add(new Instruction(0, 0, 0, 0, 0));
  }

  private void set(int register, int number) {
    code.add(new Instruction(0xb7, register, 0, 0, number));
  }

  private void call(int helper) {
    code.add(new Instruction(0x85, 0, 0, 0, helper));
  }
}
