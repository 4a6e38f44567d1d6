package io.ebpf4j.cli;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.object.Variable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The value that an object gives a global variable. */
final class VariableValue {
  private VariableValue() {}

  /** The value by its type; variables are only known where there are types. */
  static String of(ObjectFile file, Variable variable, ValueText.Style style) {
    MemorySegment section = file.map(variable.section()).contents();
    byte[] value =
        section == null
            ? new byte[variable.size()]
            : section.asSlice(variable.offset(), variable.size()).toArray(ValueLayout.JAVA_BYTE);
    Btf btf = file.btf().orElseThrow();
    return ValueText.of(btf, variable.btfType(), value, style);
  }
}
