package io.ebpf4j.linux;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.btf.BtfStrings;
import io.ebpf4j.btf.BtfType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * An object's types as the kernel took them, or the reason why it did not: kernels refuse kinds
 * that they do not know, and most objects do without. Closed after the maps or the program are
 * made, which hold the types themselves.
 *
 * @param fd the descriptor, or 0 where there is none
 * @param refusal why the kernel refused them, or empty
 */
record LoadedBtf(int fd, String refusal) implements AutoCloseable {
  private static final int LOG_BYTES = 1 << 16;
  private static final int EXTERN_BYTES = 4;

  /** No types at all. */
  static LoadedBtf none() {
    return new LoadedBtf(0, "");
  }

  /** Hands the kernel types whose strings are complete. */
  static LoadedBtf load(BtfStrings strings) {
    byte[] bytes = strings.section();
    try (Bpf bpf = new Bpf()) {
      bpf.in(0, MemorySegment.ofArray(bytes)).u32(16, bytes.length);
      long result = bpf.call(Bpf.BTF_LOAD);
      if (result >= 0) {
        return new LoadedBtf((int) result, "");
      }
      MemorySegment log = bpf.buffer(LOG_BYTES);
      long again = bpf.pointer(8, log).u32(20, LOG_BYTES).u32(24, 1).call(Bpf.BTF_LOAD);
      if (again >= 0) {
        return new LoadedBtf((int) again, "");
      }
      String reason = log.getString(0).strip();
      return new LoadedBtf(
          0,
          "; without the object's BTF, which it refused: "
              + (reason.isEmpty()
                  ? Syscall.errno(result).name()
                  : reason.substring(reason.lastIndexOf('\n') + 1)));
    }
  }

  /**
   * The types in the form that kernels take: the symbols that an object declares extern have no
   * place in a section, and kernels want each variable placed and defined.
   */
  static Btf forKernel(Btf types) {
    BtfBuilder builder = new BtfBuilder(types);
    boolean changed = false;
    for (int id = 1; id < types.size(); id++) {
      if (types.type(id) instanceof BtfType.DataSection section && hasExterns(types, section)) {
        placeExterns(types, builder, id, section);
        changed = true;
      }
    }
    return changed ? builder.build() : types;
  }

  private static boolean hasExterns(Btf types, BtfType.DataSection section) {
    return section.variables().stream()
        .map(place -> types.type(place.type()))
        .anyMatch(type ->
            type instanceof BtfType.Function
                || type instanceof BtfType.Variable variable
                    && variable.linkage() == BtfType.Linkage.EXTERN);
  }

  private static void placeExterns(
      Btf types, BtfBuilder builder, int id, BtfType.DataSection section) {
    boolean symbols = section.name().equals(".ksyms");
    int number = builder.signed("int", EXTERN_BYTES);
    List<BtfType.SectionVariable> places = new ArrayList<>();
    int end = 0;
    for (BtfType.SectionVariable place : section.variables()) {
      int variable = place.type();
      switch (types.type(variable)) {
        case BtfType.Function function -> {
          defineFunction(types, builder, variable, function);
          variable = builder.variable("ksym_" + function.name(), number, BtfType.Linkage.GLOBAL);
        }
        case BtfType.Variable extern when extern.linkage() == BtfType.Linkage.EXTERN ->
            builder.replace(
                variable,
                new BtfType.Variable(
                    extern.name(), symbols ? number : extern.type(), BtfType.Linkage.GLOBAL));
        default -> {
          // What is defined is in its place already.
        }
      }
      places.add(symbols ? new BtfType.SectionVariable(variable, end, EXTERN_BYTES) : place);
      end += EXTERN_BYTES;
    }
    builder.replace(
        id, new BtfType.DataSection(section.name(), symbols ? end : section.size(), places));
  }

  /** Kernels take a function that is global only with names for its parameters. */
  private static void defineFunction(
      Btf types, BtfBuilder builder, int id, BtfType.Function function) {
    if (types.type(function.prototype()) instanceof BtfType.FunctionPrototype prototype) {
      List<BtfType.Parameter> named = new ArrayList<>();
      for (BtfType.Parameter parameter : prototype.parameters()) {
        boolean nameless = parameter.name().isEmpty() && parameter.type() != 0;
        named.add(
            nameless ? new BtfType.Parameter("a" + named.size(), parameter.type()) : parameter);
      }
      int renamed = builder.add(new BtfType.FunctionPrototype(prototype.result(), named));
      builder.replace(id, new BtfType.Function(function.name(), renamed, BtfType.Linkage.GLOBAL));
    }
  }

  @Override
  public void close() {
    if (fd != 0) {
      Bpf.closeFd(fd);
    }
  }
}
