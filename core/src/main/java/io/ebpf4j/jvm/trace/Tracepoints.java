package io.ebpf4j.jvm.trace;

import io.ebpf4j.BpfException;
import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.ContextLayout.Access;
import io.ebpf4j.jvm.context.ContextLayout.Field;
import io.ebpf4j.jvm.context.ContextLayout.Kind;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.trace.Tracepoint.Parameter;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/** The tracepoints of a kernel, and with them its types. Thread safe. */
final class Tracepoints {
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,99}");

  private final Machine machine;
  private final Map<String, Tracepoint> tracepoints = new ConcurrentHashMap<>();
  private volatile Btf types;

  Tracepoints(Machine machine, Btf types) {
    this.machine = machine;
    this.types = types;
  }

  /** The kernel's types, with those of its tracepoints. */
  Btf types() {
    return types;
  }

  Optional<Tracepoint> find(String name) {
    return Optional.ofNullable(tracepoints.get(name));
  }

  synchronized Tracepoint declare(String name, List<Parameter> parameters) {
    if (!NAME.matcher(name).matches()) {
      throw new BpfException(
          Errno.EINVAL, "'%s' is no name of a tracepoint: take a C name".formatted(name));
    }
    if (parameters.size() > Tracepoint.MAX_ARGUMENTS) {
      throw new BpfException(
          Errno.EINVAL,
          "tracepoint %s has %d arguments, %d are possible"
              .formatted(name, parameters.size(), Tracepoint.MAX_ARGUMENTS));
    }
    Tracepoint there = tracepoints.get(name);
    if (there != null) {
      if (there.parameters().equals(parameters)) {
        return there;
      }
      throw new BpfException(
          Errno.EEXIST,
          "%s is declared with other arguments: %s".formatted(there, there.parameters()));
    }
    types = withTypes(types, name, parameters);
    Tracepoint made = new Tracepoint(machine, name, parameters);
    tracepoints.put(name, made);
    return made;
  }

  /** As Linux has it: a typedef of a pointer to what the tracepoint calls. */
  private static Btf withTypes(Btf before, String name, List<Parameter> parameters) {
    BtfBuilder builder = new BtfBuilder(before);
    List<BtfType.Parameter> all = new ArrayList<>();
    all.add(new BtfType.Parameter("__data", builder.pointer(0)));
    for (Parameter parameter : parameters) {
      all.add(new BtfType.Parameter(parameter.name(), type(builder, parameter)));
    }
    int prototype = builder.prototype(0, all.toArray(BtfType.Parameter[]::new));
    builder.typedef("btf_trace_" + name, builder.pointer(prototype));
    return builder.build();
  }

  private static int type(BtfBuilder builder, Parameter parameter) {
    String width =
        switch (parameter.bytes()) {
          case 1 -> "char";
          case 2 -> "short int";
          case 4 -> "int";
          default -> "long int";
        };
    if (parameter.signed()) {
      return builder.signed(parameter.bytes() == 1 ? "signed char" : width, parameter.bytes());
    }
    String unsigned =
        switch (parameter.bytes()) {
          case 1 -> "unsigned char";
          case 2 -> "short unsigned int";
          case 4 -> "unsigned int";
          default -> "long unsigned int";
        };
    return builder.unsigned(unsigned, parameter.bytes());
  }

  /**
   * The context of a program that is loaded for a tracepoint.
   *
   * @throws BpfException ENOENT where there is none of that name
   */
  ContextLayout context(ProgramSpec program) {
    int count = target(program).parameters().size();
    List<Field> fields = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int offset = i * Long.BYTES;
      fields.add(
          new Field(
              "arg" + i,
              offset,
              Long.BYTES,
              Kind.SCALAR,
              Access.FIRST_PARTS,
              false,
              offset,
              Long.BYTES));
    }
    return new ContextLayout(
        "btf_trace_" + program.attachTo(), count * Long.BYTES, count * Long.BYTES, fields);
  }

  /** The tracepoint that a program is loaded for. */
  Tracepoint target(ProgramSpec program) {
    return find(program.attachTo())
        .orElseThrow(() ->
            new BpfException(
                Errno.ENOENT,
                "program %s: there is no tracepoint '%s' here: declare it before"
                    .formatted(program.name(), program.attachTo())));
  }
}
