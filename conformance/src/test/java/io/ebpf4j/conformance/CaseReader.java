package io.ebpf4j.conformance;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.isa.Assembler;
import io.ebpf4j.isa.Assembly;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.jvm.helper.HelperNames;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.FunctionInfo;
import io.ebpf4j.spec.ProgramSpec.Reference;
import io.ebpf4j.spec.ProgramType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One case: assembler text between directives.
 *
 * <ul>
 *   <li>{@code .type XDP}, {@code .attach XDP_DEVMAP}, {@code .to bpf_map_elem} (what it attaches
 *       to), {@code .license MIT}, {@code .flags sleepable frags strict}
 *   <li>{@code .map name ARRAY 16 4} is a map of values of 16 bytes and 4 elements; behind that
 *       flags ({@code RDONLY_PROG}), {@code contents=68656c6c6f00}, {@code frozen} and {@code
 *       inner=name}; for the size may stand <code>{u64 a; struct bpf_spin_lock lock}</code>
 *   <li>{@code .function static int add(u32 a)} where a function begins, by which the program gets
 *       types; {@code call add} calls it
 * </ul>
 */
final class CaseReader {
  private final Map<String, MapSpec> maps = new LinkedHashMap<>();
  private final StringBuilder code = new StringBuilder();
  private final Map<String, Integer> functions = new LinkedHashMap<>();
  private final BtfBuilder builder = new BtfBuilder();
  private final CaseTypes types = new CaseTypes(builder);
  private ProgramSpec program = ProgramSpec.of("verdict", ProgramType.XDP, List.of());

  private CaseReader() {}

  /** Reads a case, whose first line is its name. */
  static VerdictCase read(String file, List<String> lines) {
    String name = lines.getFirst().substring(".case ".length()).strip();
    CaseReader reader = new CaseReader();
    try {
      for (String line : lines.subList(1, lines.size())) {
        if (line.startsWith(".")) {
          String[] words = line.substring(1).split("\\s+", 2);
          reader.directive(words[0], words.length > 1 ? words[1].strip() : "");
        } else {
          reader.code.append(line).append('\n');
        }
      }
      return reader.build(name);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("%s, %s: %s".formatted(file, name, e.getMessage()), e);
    }
  }

  private void directive(String word, String rest) {
    switch (word) {
      case "type" -> program = program.withType(ProgramType.valueOf(rest));
      case "attach" -> program = program.withExpectedAttachType(AttachType.valueOf(rest));
      case "to" -> program = program.withAttachTo(rest);
      case "license" -> program = program.withLicense(rest);
      case "flags" -> {
        List<String> flags = CaseTypes.split(rest, " ");
        program =
            program
                .withFlags(flags.contains("sleepable"), flags.contains("frags"))
                .withStrictAlignment(flags.contains("strict"));
      }
      case "map" -> map(rest);
      case "function" -> {
        int type = types.function(rest);
        String name = rest.replaceFirst(".*?(\\w+)\\(.*", "$1");
        functions.put(name, type);
        code.append(name).append(":\n");
      }
      default -> throw new IllegalArgumentException("no directive: ." + word);
    }
  }

  private void map(String rest) {
    String[] words = rest.split("\\s+", 3);
    MapType type = MapType.valueOf(words[1]);
    String more = words[2];
    String members = "";
    if (more.startsWith("{")) {
      members = more.substring(1, more.indexOf('}'));
      more = "0" + more.substring(more.indexOf('}') + 1);
    }
    String[] numbers = more.split("\\s+", -1);
    int keySize =
        switch (type) {
          case RINGBUF, USER_RINGBUF, QUEUE, STACK, BLOOM_FILTER -> 0;
          default -> 4;
        };
    MapSpec spec =
        MapSpec.of(
            words[0], type, keySize, Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1]));
    if (!members.isEmpty()) {
      spec = typed(spec, members);
    }
    for (int i = 2; i < numbers.length; i++) {
      spec = attribute(spec, numbers[i]);
    }
    maps.put(spec.name(), spec);
  }

  private static MapSpec typed(MapSpec spec, String members) {
    BtfBuilder ofMap = new BtfBuilder();
    int key = ofMap.unsigned("unsigned int", 4);
    int value = new CaseTypes(ofMap).struct("value", members);
    Btf btf = ofMap.build();
    return spec.withTypes(btf, key, value)
        .withValueSize(((BtfType.Composite) btf.type(value)).size());
  }

  private MapSpec attribute(MapSpec spec, String attribute) {
    if (attribute.equals("frozen")) {
      return spec.withFrozen(true);
    }
    if (attribute.startsWith("contents=")) {
      byte[] given = HexFormat.of().parseHex(attribute.substring("contents=".length()));
      byte[] whole = new byte[spec.valueSize()];
      System.arraycopy(given, 0, whole, 0, given.length);
      return spec.withContents(MemorySegment.ofArray(whole));
    }
    if (attribute.startsWith("inner=")) {
      return spec.withInner(maps.get(attribute.substring("inner=".length())));
    }
    return spec.withFlags(
        spec.flags()
            | switch (attribute) {
              case "RDONLY_PROG" -> MapFlags.RDONLY_PROG;
              case "WRONLY_PROG" -> MapFlags.WRONLY_PROG;
              case "RDONLY" -> MapFlags.RDONLY;
              case "WRONLY" -> MapFlags.WRONLY;
              case "MMAPABLE" -> MapFlags.MMAPABLE;
              case "INNER_MAP" -> MapFlags.INNER_MAP;
              case "NO_PREALLOC" -> MapFlags.NO_PREALLOC;
              default -> throw new IllegalArgumentException("no attribute: " + attribute);
            });
  }

  private VerdictCase build(String name) {
    // A jump to each function behind the program tells where they begin.
    functions.keySet().forEach(function -> code.append("gotol ").append(function).append('\n'));
    Assembly assembly = Assembler.assemble(code.toString());
    int length = assembly.instructions().size() - functions.size();
    List<FunctionInfo> information = new ArrayList<>();
    for (int type : functions.values()) {
      int jump = length + information.size();
      int start = jump + 1 + assembly.instructions().get(jump).imm();
      information.add(new FunctionInfo(start, type));
    }
    List<Reference> references = new ArrayList<>();
    Map<String, MapSpec> used = new HashMap<>();
    List<Instruction> linked =
        assembly.link(reference -> {
          int slot = reference.slot();
          String named = reference.name();
          switch (reference.kind()) {
            case HELPER -> {
              return HelperNames.idOf(named.replaceFirst("^bpf_", ""))
                  .orElseThrow(() -> new IllegalArgumentException("no function: " + named));
            }
            case MAP -> references.add(new Reference.ToMap(slot, use(used, named)));
            case MAP_VALUE -> {
              int offset = assembly.instructions().get(slot + 1).imm();
              references.add(new Reference.ToMapValue(slot, use(used, named), offset));
            }
            case KERNEL_FUNCTION ->
                references.add(new Reference.ToKernelFunction(slot, named, 0, false));
            case BTF -> throw new IllegalArgumentException("kernel variables are not for cases");
          }
          return 0;
        });
    for (Reference reference : references) {
      if (assembly.instructions().get(reference.slot()).opcode() == (Isa.BPF_JMP | Isa.BPF_CALL)) {
        continue;
      }
      // The kernel that loads it says what kind of address it is.
      int slot = reference.slot();
      linked = replaced(linked, slot, linked.get(slot).withSrc(0));
    }
    ProgramSpec complete =
        program.withInstructions(linked.subList(0, length)).withReferences(references);
    if (!information.isEmpty()) {
      complete = complete.withDebugInformation(builder.build(), information, List.of());
    }
    return new VerdictCase(name, complete, List.copyOf(used.values()));
  }

  private static List<Instruction> replaced(List<Instruction> all, int slot, Instruction by) {
    List<Instruction> copy = new ArrayList<>(all);
    copy.set(slot, by);
    return copy;
  }

  private String use(Map<String, MapSpec> used, String name) {
    MapSpec spec = maps.get(name);
    if (spec == null) {
      throw new IllegalArgumentException("no map: " + name);
    }
    used.put(name, spec);
    return name;
  }
}
