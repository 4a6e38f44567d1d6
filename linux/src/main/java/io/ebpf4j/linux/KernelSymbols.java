package io.ebpf4j.linux;

import io.ebpf4j.BpfException;
import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfKind;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.spec.Errno;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Variables and functions of the running kernel, by its BTF or by its symbol table. */
final class KernelSymbols {
  private static final Path SYMBOLS = Path.of("/proc/kallsyms");

  private final Supplier<Btf> kernel;
  private final @Nullable Btf object;

  /**
   * Symbols as an object sees them.
   *
   * @param kernel the kernel's types, read when they are needed
   * @param object the object's types
   */
  KernelSymbols(Supplier<Btf> kernel, @Nullable Btf object) {
    this.kernel = kernel;
    this.object = object;
  }

  /** Whether the object declares the symbol with a type: {@code extern const void} is none. */
  boolean isTyped(int btfType) {
    return object != null
        && btfType != 0
        && switch (object.type(btfType)) {
          case BtfType.Variable variable ->
              !(object.stripped(variable.type()) instanceof BtfType.VoidType);
          case BtfType.Function _ -> true;
          default -> false;
        };
  }

  /** The kernel's BTF id of a variable or function that the object declares with a type. */
  OptionalInt id(String name, int btfType) {
    boolean function = object != null && object.kind(btfType) == BtfKind.FUNC;
    return kernel.get().find(name, function ? BtfKind.FUNC : BtfKind.VAR);
  }

  /** The kernel's BTF id of a function. */
  OptionalInt function(String name) {
    return kernel.get().find(name, BtfKind.FUNC);
  }

  /** The address of a symbol in the kernel's symbol table. */
  static OptionalLong address(String name) {
    try (Stream<String> lines = Files.lines(SYMBOLS)) {
      return lines
          .map(line -> line.split("\\s+", 4))
          .filter(words -> words.length >= 3 && words[2].equals(name))
          .mapToLong(words -> Long.parseUnsignedLong(words[0], 16))
          .findFirst();
    } catch (IOException e) {
      throw new BpfException(Errno.EIO, SYMBOLS + " cannot be read: is /proc mounted?");
    }
  }
}
