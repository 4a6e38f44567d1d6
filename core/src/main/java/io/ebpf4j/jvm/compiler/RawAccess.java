package io.ebpf4j.jvm.compiler;

import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_byte;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_short;
import static java.lang.constant.ConstantDescs.CD_void;

import io.ebpf4j.jvm.memory.Memory;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;

/**
 * How generated code touches raw memory. Which way is chosen when it is generated, never by a
 * branch in it. An access is {@link #begin}, then the address on the stack, then a value for a
 * store, then the access itself.
 */
enum RawAccess {
  /** The JDK's Unsafe, emitted itself: an intrinsic costs C2's inlining budget nothing. */
  DIRECT,
  /** The static methods of {@link Memory}: where the JDK does not export Unsafe. */
  WRAPPED;

  static final ClassDesc UNSAFE = ClassDesc.of("jdk.internal.misc.Unsafe");
  private static final ClassDesc MEMORY = ClassDesc.of(Memory.class.getName());

  /** The field of a generated class that holds Unsafe. */
  static final String FIELD = "UNSAFE";

  /** Puts on the stack what goes before the address. */
  void begin(CodeBuilder code, ClassDesc owner) {
    if (this == DIRECT) {
      code.getstatic(owner, FIELD, UNSAFE).aconst_null();
    }
  }

  /** Loads 1, 2, 4 or 8 bytes: a long, zero- or sign-extended. */
  void load(CodeBuilder code, int bytes, boolean signed) {
    call(code, "get" + name(bytes), type(bytes));
    extend(code, bytes, signed);
  }

  /** As {@link #load}, with acquire ordering. */
  void loadAcquire(CodeBuilder code, int bytes) {
    call(code, "get" + name(bytes) + "Acquire", type(bytes));
    extend(code, bytes, false);
  }

  /** Loads 4 bytes as an int. */
  void loadInt(CodeBuilder code) {
    call(code, "getInt", CD_int);
  }

  /** Stores the low bytes of the long on the stack. */
  void store(CodeBuilder code, int bytes) {
    cut(code, bytes);
    call(code, "put" + name(bytes), CD_void, type(bytes));
  }

  /** As {@link #store}, with release ordering. */
  void storeRelease(CodeBuilder code, int bytes) {
    cut(code, bytes);
    call(code, "put" + name(bytes) + "Release", CD_void, type(bytes));
  }

  /**
   * An atomic operation of 4 or 8 bytes with operands of that width on the stack; the old value.
   */
  void atomic(CodeBuilder code, String operation, int bytes, int operands) {
    ClassDesc type = type(bytes);
    ClassDesc[] given = new ClassDesc[operands];
    java.util.Arrays.fill(given, type);
    call(code, operation + name(bytes), type, given);
  }

  private void call(CodeBuilder code, String method, ClassDesc result, ClassDesc... operands) {
    List<ClassDesc> parameters = new ArrayList<>();
    if (this == DIRECT) {
      parameters.add(CD_Object);
    }
    parameters.add(CD_long);
    parameters.addAll(List.of(operands));
    MethodTypeDesc type = MethodTypeDesc.of(result, parameters);
    if (this == DIRECT) {
      code.invokevirtual(UNSAFE, method, type);
    } else {
      code.invokestatic(MEMORY, method, type);
    }
  }

  private static void extend(CodeBuilder code, int bytes, boolean signed) {
    switch (bytes) {
      case 1 -> {
        if (!signed) {
          code.sipush(0xff).iand();
        }
        code.i2l();
      }
      case 2 -> {
        if (!signed) {
          code.ldc(0xffff).iand();
        }
        code.i2l();
      }
      case 4 -> {
        code.i2l();
        if (!signed) {
          code.ldc(0xffff_ffffL).land();
        }
      }
      default -> {}
    }
  }

  private static void cut(CodeBuilder code, int bytes) {
    switch (bytes) {
      case 1 -> code.l2i().i2b();
      case 2 -> code.l2i().i2s();
      case 4 -> code.l2i();
      default -> {}
    }
  }

  private static ClassDesc type(int bytes) {
    return switch (bytes) {
      case 1 -> CD_byte;
      case 2 -> CD_short;
      case 4 -> CD_int;
      default -> CD_long;
    };
  }

  private static String name(int bytes) {
    return switch (bytes) {
      case 1 -> "Byte";
      case 2 -> "Short";
      case 4 -> "Int";
      default -> "Long";
    };
  }
}
