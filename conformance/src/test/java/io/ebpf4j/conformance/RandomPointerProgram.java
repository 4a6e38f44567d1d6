package io.ebpf4j.conformance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A program that mostly does what is allowed: it works with pointers to its context, packet, stack
 * and map values, bounds numbers by comparisons and masks, adds them to pointers and follows those,
 * calls helpers and functions, and loops. Now and then a register, an offset or a bound is a wrong
 * one, so that about half of the programs are refused.
 */
final class RandomPointerProgram {
  private static final List<String> MAPS =
      List.of(
          ".map values ARRAY 64 4",
          ".map one ARRAY 64 1",
          ".map odd ARRAY 13 3",
          ".map constants ARRAY 64 1 RDONLY_PROG contents=05000000000000003f000000ff00ff00 frozen",
          ".map locked ARRAY {u64 count; struct bpf_spin_lock lock; u32 pad} 1");
  private static final String[] TYPES = {"u8", "u16", "u32", "u64"};
  private static final String[] LOADS = {"u8", "u16", "u32", "u64", "u64", "s8", "s16", "s32"};
  private static final String[] OPERATORS = {
    "+=", "+=", "-=", "*=", "&=", "&=", "|=", "^=", "<<=", ">>=", "s>>=", "/=", "%=", "=", "s/="
  };
  private static final String[] COMPARISONS = {
    "==", "!=", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<=", "&"
  };
  private static final int[] NUMBERS = {
    0,
    1,
    2,
    3,
    4,
    7,
    8,
    15,
    16,
    31,
    32,
    55,
    56,
    57,
    60,
    62,
    63,
    64,
    65,
    127,
    255,
    256,
    -1,
    -2,
    -8,
    -64,
    0xffff,
    1 << 29,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE
  };

  private enum Kind {
    UNSET,
    NUMBER,
    STACK,
    VALUE,
    MAYBE,
    PACKET,
    END,
    CONTEXT
  }

  private final RandomGenerator random;
  private final List<String> lines = new ArrayList<>();
  private final Kind[] kinds = new Kind[11];
  private final Kind[] slots = new Kind[8];
  private final boolean tc;
  private int labels;

  private RandomPointerProgram(RandomGenerator random) {
    this.random = random;
    this.tc = random.nextInt(4) == 0;
  }

  /** A program of that many steps, most of them of one to four instructions. */
  static VerdictCase of(RandomGenerator random, int steps) {
    return new RandomPointerProgram(random).build(steps);
  }

  private VerdictCase build(int steps) {
    lines.add(".case random");
    lines.add(tc ? ".type SCHED_CLS" : ".type XDP");
    if (random.nextInt(10) == 0) {
      lines.add(".flags strict");
    }
    lines.addAll(MAPS);
    Arrays.fill(kinds, Kind.UNSET);
    Arrays.fill(slots, Kind.UNSET);
    kinds[1] = Kind.CONTEXT;
    kinds[10] = Kind.STACK;
    move(6, 1);
    line("r7 = map[one][0]+%d", random.nextInt(4) == 0 ? 8 : 0);
    kinds[7] = Kind.VALUE;
    line("r8 = *(%s *)(r7 +8)", pick(LOADS));
    kinds[8] = Kind.NUMBER;
    if (random.nextBoolean()) {
      lookup();
    }
    for (int i = 0; i < steps; i++) {
      step();
    }
    line("out:");
    line("r0 = 0");
    line("exit");
    boolean function = lines.stream().anyMatch(l -> l.equals("call function"));
    if (function) {
      function();
    }
    return CaseReader.read("random", lines);
  }

  private void step() {
    switch (random.nextInt(24)) {
      case 0, 1, 2, 3 -> arithmetic();
      case 4, 5 -> bound();
      case 6, 7 -> addToPointer();
      case 8, 9 -> access();
      case 10 -> branch();
      case 11 -> branch();
      case 12 -> packet();
      case 13 -> lookup();
      case 14 -> spill();
      case 15 -> fill();
      case 16 -> helper();
      case 17 -> call();
      case 18 -> atomic();
      case 19 -> loop();
      case 20 -> move(writable(), any());
      case 21 -> number();
      case 22 -> stackPointer();
      default -> checkNull();
    }
  }

  private void arithmetic() {
    int to = numberRegister();
    String operator = pick(OPERATORS);
    String r = random.nextInt(3) == 0 ? "w" : "r";
    switch (random.nextInt(8)) {
      case 0 -> line("%s%d = -%s%d", r, to, r, to);
      case 1 -> line("r%d = (s%d)r%d", to, 8 << random.nextInt(3), to);
      case 2 -> line("w%d = w%d", to, numberRegister());
      case 3, 4 -> line("%s%d %s %s%d", r, to, operator, r, numberRegister());
      default -> line("%s%d %s %d", r, to, operator, operand(operator, r.equals("w")));
    }
  }

  private int operand(String operator, boolean narrow) {
    if (operator.endsWith("<<=") || operator.endsWith(">>=")) {
      return random.nextInt(narrow ? 32 : 64);
    }
    int number = constant();
    return (operator.contains("/") || operator.contains("%")) && number == 0 ? 1 : number;
  }

  /** Makes a number small, by a comparison or a mask. */
  private void bound() {
    int number = numberRegister();
    int limit = random.nextInt(3) == 0 ? constant() : random.nextInt(72);
    switch (random.nextInt(6)) {
      case 0, 1 -> line("r%d &= %d", number, (1 << random.nextInt(7)) - 1);
      case 2 -> {
        line("if r%d s< 0 goto out", number);
        line("if r%d s> %d goto out", number, limit);
      }
      case 3 -> line("if w%d > %d goto out", number, limit);
      default -> line("if r%d %s %d goto out", number, random.nextBoolean() ? ">" : ">=", limit);
    }
  }

  private void addToPointer() {
    int pointer = random.nextInt(3) == 0 ? of(Kind.PACKET) : of(Kind.VALUE);
    if (pointer < 0) {
      return;
    }
    int to = writable();
    move(to, pointer);
    switch (random.nextInt(5)) {
      case 0 -> line("r%d += %d", to, constant());
      case 1 -> line("r%d -= r%d", to, numberRegister());
      default -> line("r%d += r%d", to, numberRegister());
    }
    if (random.nextBoolean()) {
      access(to);
    }
  }

  private void access() {
    int pointer =
        switch (random.nextInt(6)) {
          case 0 -> 10;
          case 1 -> of(Kind.CONTEXT);
          case 2 -> of(Kind.PACKET);
          case 3 -> any();
          default -> of(Kind.VALUE);
        };
    if (pointer >= 0) {
      access(pointer);
    }
  }

  private void access(int pointer) {
    String type = pick(TYPES);
    int offset = offset(kinds[pointer], Integer.parseInt(type.substring(1)) / 8);
    if (random.nextInt(3) == 0) {
      if (random.nextBoolean()) {
        line("*(%s *)(r%d %d) = r%d", type, pointer, offset, any());
      } else {
        line("*(%s *)(r%d %d) = %d", type, pointer, offset, constant());
      }
      return;
    }
    int to = writable();
    line(
        "r%d = *(%s *)(r%d %d)",
        to, kinds[pointer] == Kind.CONTEXT ? "u32" : pick(LOADS), pointer, offset);
    kinds[to] = Kind.NUMBER;
  }

  private int offset(Kind kind, int bytes) {
    boolean careless = random.nextInt(16) == 0;
    return switch (kind) {
      case STACK -> careless ? constant() % 520 : -bytes * (1 + random.nextInt(64 / bytes));
      case CONTEXT -> careless ? random.nextInt(200) : 4 * (tc ? random.nextInt(12) : 3);
      case PACKET -> careless ? random.nextInt(-8, 64) : random.nextInt(8);
      default -> careless ? random.nextInt(-8, 72) : random.nextInt(random.nextInt(2) * 60 + 4);
    };
  }

  /** A forward jump over the next steps. */
  private void branch() {
    String label = "l" + labels++;
    String r = random.nextInt(3) == 0 ? "w" : "r";
    int left = random.nextInt(12) == 0 ? any() : numberRegister();
    if (random.nextInt(3) == 0) {
      line("if %s%d %s %s%d goto %s", r, left, pick(COMPARISONS), r, numberRegister(), label);
    } else {
      line("if %s%d %s %d goto %s", r, left, pick(COMPARISONS), constant(), label);
    }
    Kind[] before = kinds.clone();
    Kind[] slotsBefore = slots.clone();
    for (int n = 1 + random.nextInt(3); n > 0; n--) {
      step();
    }
    if (random.nextInt(3) == 0) {
      String end = "l" + labels++;
      line("goto %s", end);
      line("%s:", label);
      Kind[] first = kinds.clone();
      System.arraycopy(before, 0, kinds, 0, kinds.length);
      step();
      line("%s:", end);
      merge(kinds, first);
    } else {
      line("%s:", label);
      merge(kinds, before);
    }
    merge(slots, slotsBefore);
  }

  private void merge(Kind[] into, Kind[] other) {
    for (int i = 0; i < into.length; i++) {
      if (into[i] != other[i] && random.nextInt(8) != 0) {
        into[i] = Kind.UNSET;
      }
    }
  }

  private void packet() {
    int start = writable();
    int end = writable();
    if (start == end || of(Kind.CONTEXT) < 0) {
      return;
    }
    int context = of(Kind.CONTEXT);
    line("r%d = *(u32 *)(r%d +%d)", start, context, tc ? 76 : 0);
    kinds[start] = Kind.PACKET;
    context = of(Kind.CONTEXT);
    if (context < 0) {
      return;
    }
    line("r%d = *(u32 *)(r%d +%d)", end, context, tc ? 80 : 4);
    kinds[end] = Kind.END;
    int checked = writable();
    if (checked == end || checked == start) {
      return;
    }
    line("r%d = r%d", checked, start);
    kinds[checked] = Kind.PACKET;
    if (random.nextInt(4) == 0) {
      line("r%d += r%d", start, numberRegister());
      line("r%d = r%d", checked, start);
    }
    line("r%d += %d", checked, random.nextInt(6) == 0 ? constant() & 0xffff : 8);
    switch (random.nextInt(6)) {
      case 0 -> line("if r%d >= r%d goto out", checked, end);
      case 1 -> line("if r%d < r%d goto out", end, checked);
      case 2 -> line("if r%d <= r%d goto out", end, checked);
      default -> line("if r%d > r%d goto out", checked, end);
    }
    access(start);
  }

  private void lookup() {
    String map = random.nextInt(5) == 0 ? "odd" : "values";
    int at = -4 * (1 + random.nextInt(4));
    line("*(u32 *)(r10 %d) = %d", at, random.nextInt(6));
    line("r2 = r10");
    line("r2 += %d", at);
    line("r1 = map[%s]", map);
    clobberedCall("bpf_map_lookup_elem", Kind.MAYBE);
    if (random.nextInt(4) != 0) {
      line("if r0 == 0 goto out");
      kinds[0] = Kind.VALUE;
    }
    if (random.nextBoolean()) {
      move(6 + random.nextInt(4), 0);
    }
  }

  private void clobberedCall(String name, Kind result) {
    line("call %s", name);
    for (int i = 1; i <= 5; i++) {
      kinds[i] = Kind.UNSET;
    }
    kinds[0] = result;
  }

  private void spill() {
    int slot = random.nextInt(slots.length);
    int from = any();
    if (random.nextInt(4) == 0) {
      String type = pick(TYPES);
      int bytes = Integer.parseInt(type.substring(1)) / 8;
      int at = -8 * (slot + 1) + bytes * random.nextInt(8 / bytes);
      line("*(%s *)(r10 %d) = r%d", type, at, numberRegister());
      slots[slot] = Kind.NUMBER;
    } else {
      line("*(u64 *)(r10 %d) = r%d", -8 * (slot + 1), from);
      slots[slot] = kinds[from];
    }
  }

  private void fill() {
    int slot = random.nextInt(slots.length);
    int to = writable();
    if (random.nextInt(4) == 0) {
      String type = pick(LOADS);
      int bytes = Integer.parseInt(type.substring(1)) / 8;
      int at = -8 * (slot + 1) + bytes * random.nextInt(8 / bytes);
      line("r%d = *(%s *)(r10 %d)", to, type, at);
      kinds[to] = Kind.NUMBER;
    } else {
      line("r%d = *(u64 *)(r10 %d)", to, -8 * (slot + 1));
      kinds[to] = slots[slot] == Kind.UNSET ? Kind.NUMBER : slots[slot];
    }
  }

  private void helper() {
    int memory = random.nextBoolean() ? 10 : of(Kind.VALUE);
    int size = numberRegister();
    switch (random.nextInt(5)) {
      case 0 -> {
        line("r2 = r%d", size);
        line("r1 = r%d", Math.max(memory, 0));
        if (memory == 10) {
          line("r1 += %d", -64 + 4 * random.nextInt(16));
        }
        line("r3 = 0");
        line("r4 = 0");
        line("r5 = 0");
        clobberedCall("bpf_csum_diff", Kind.NUMBER);
      }
      case 1 -> {
        line("r2 = %d", random.nextInt(8) == 0 ? constant() : 1 + random.nextInt(16));
        line("r1 = r10");
        line("r1 += %d", -16);
        line("r3 = 0");
        line("r4 = r10");
        line("r4 += %d", -8 * (1 + random.nextInt(8)));
        clobberedCall("bpf_strtol", Kind.NUMBER);
      }
      case 2 -> {
        int context = of(Kind.CONTEXT);
        if (context >= 0) {
          line("r1 = r%d", context);
          line("r2 = %d", random.nextInt(16));
          if (tc) {
            clobberedCall("bpf_skb_pull_data", Kind.NUMBER);
          } else {
            clobberedCall("bpf_xdp_adjust_head", Kind.NUMBER);
          }
          forgetPackets();
        }
      }
      case 3 -> {
        line("r1 = map[locked][0]+8");
        line("call bpf_spin_lock");
        line("r1 = map[locked][0]+8");
        clobberedCall("bpf_spin_unlock", Kind.UNSET);
      }
      default -> clobberedCall("bpf_get_smp_processor_id", Kind.NUMBER);
    }
  }

  private void forgetPackets() {
    for (int i = 0; i < kinds.length; i++) {
      boolean packet = kinds[i] == Kind.PACKET || kinds[i] == Kind.END;
      if (packet && random.nextInt(16) != 0) {
        kinds[i] = Kind.UNSET;
      }
    }
  }

  private void call() {
    line("r2 = r%d", numberRegister());
    int pointer = random.nextInt(3) == 0 ? 10 : of(Kind.VALUE);
    line("r1 = r%d", pointer < 0 ? 10 : pointer);
    clobberedCall("function", Kind.NUMBER);
  }

  private void function() {
    line("function:");
    switch (random.nextInt(4)) {
      case 0 -> line("r0 = r2");
      case 1 -> {
        line("r0 = 0");
        line("if r2 > %d goto +2", random.nextInt(70));
        line("r1 += r2");
        line("r0 = *(u8 *)(r1 -8)");
      }
      case 2 -> {
        line("*(u64 *)(r1 -8) = r2");
        line("r0 = 0");
      }
      default -> {
        line("r0 = r2");
        line("r0 &= 63");
      }
    }
    line("exit");
  }

  private void atomic() {
    int pointer = random.nextInt(3) == 0 ? 10 : of(Kind.VALUE);
    if (pointer < 0) {
      return;
    }
    String type = random.nextBoolean() ? "u64" : "u32";
    int at = pointer == 10 ? -8 * (1 + random.nextInt(8)) : 8 * random.nextInt(7);
    int source = numberRegister();
    if (random.nextBoolean()) {
      line("lock *(%s *)(r%d %d) += r%d", type, pointer, at, source);
    } else {
      String name = type.equals("u64") ? "atomic64_fetch_or" : "atomic_fetch_or";
      line("r%d = %s((%s *)(r%d %d), r%d)", source, name, type, pointer, at, source);
    }
  }

  private void loop() {
    int counter = writable();
    String again = "l" + labels++;
    int times = 1 + random.nextInt(random.nextInt(6) == 0 ? 40 : 5);
    line("r%d = 0", counter);
    kinds[counter] = Kind.UNSET;
    line("%s:", again);
    boolean endless = random.nextInt(5) == 0;
    for (int n = endless ? 0 : random.nextInt(3); n > 0; n--) {
      arithmetic();
    }
    kinds[counter] = Kind.NUMBER;
    line("r%d += %d", counter, random.nextInt(64) == 0 ? 0 : 1);
    if (endless) {
      String end = "l" + labels++;
      line("may_goto %s", end);
      line("goto %s", again);
      line("%s:", end);
      line("r%d = %d", counter, times);
    } else {
      line("if r%d %s %d goto %s", counter, random.nextBoolean() ? "<" : "!=", times, again);
    }
  }

  private void number() {
    int to = writable();
    switch (random.nextInt(5)) {
      case 0 -> line("r%d = %d", to, constant());
      case 1 -> {
        int value = of(Kind.VALUE);
        if (value < 0) {
          line("r%d = 5", to);
        } else {
          line("r%d = *(%s *)(r%d +%d)", to, pick(LOADS), value, random.nextInt(3) * 2);
        }
      }
      case 2 -> line("w%d = %d", to, constant());
      case 3 -> {
        line("r%d = map[constants][0]+%d", to, random.nextInt(10));
        line("r%d = *(%s *)(r%d +0)", to, pick(LOADS), to);
      }
      default -> {
        clobberedCall("bpf_get_prandom_u32", Kind.NUMBER);
        return;
      }
    }
    kinds[to] = Kind.NUMBER;
  }

  /** A pointer into the stack, some with a variable offset, and an access by it. */
  private void stackPointer() {
    int to = writable();
    line("r%d = r10", to);
    line("r%d += %d", to, -8 * (1 + random.nextInt(8)));
    if (random.nextBoolean()) {
      int number = numberRegister();
      if (number != to) {
        line("r%d &= %d", number, 8 * random.nextInt(3));
        line("r%d += r%d", to, number);
      }
    }
    kinds[to] = Kind.STACK;
    String type = pick(TYPES);
    switch (random.nextInt(3)) {
      case 0 -> line("*(%s *)(r%d -8) = %d", type, to, constant());
      case 1 -> line("*(%s *)(r%d -8) = r%d", type, to, any());
      default -> {
        int into = writable();
        line("r%d = *(%s *)(r%d -8)", into, type, to);
        kinds[into] = Kind.NUMBER;
      }
    }
  }

  private void checkNull() {
    int maybe = of(Kind.MAYBE);
    if (maybe < 0) {
      arithmetic();
      return;
    }
    line("if r%d == 0 goto out", maybe);
    kinds[maybe] = Kind.VALUE;
  }

  private void move(int to, int from) {
    line("r%d = r%d", to, from);
    kinds[to] = kinds[from];
  }

  /** A register that holds something, mostly. */
  private int any() {
    for (int tries = 0; tries < 20; tries++) {
      int register = random.nextInt(11);
      if (kinds[register] != Kind.UNSET) {
        return register;
      }
    }
    return random.nextInt(50) == 0 ? random.nextInt(11) : 10;
  }

  private int writable() {
    return random.nextInt(10);
  }

  /** A register of that kind, or -1. */
  private int of(Kind kind) {
    int start = random.nextInt(11);
    for (int i = 0; i < 11; i++) {
      if (kinds[(start + i) % 11] == kind) {
        return (start + i) % 11;
      }
    }
    return -1;
  }

  private int numberRegister() {
    int register = random.nextInt(40) == 0 ? random.nextInt(10) : of(Kind.NUMBER);
    if (register < 0) {
      register = random.nextInt(10);
      line("r%d = %d", register, constant());
      kinds[register] = Kind.NUMBER;
    }
    return register;
  }

  private int constant() {
    return NUMBERS[random.nextInt(NUMBERS.length)];
  }

  private String pick(String[] of) {
    return of[random.nextInt(of.length)];
  }

  @SuppressWarnings("AnnotateFormatMethod") // The annotation would be a dependency.
  private void line(String format, Object... arguments) {
    lines.add(format.formatted(arguments));
  }
}
