package io.ebpf4j.jvm.compiler;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.DynamicCallSiteDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;

/**
 * The objects that generated code uses, as static finals of its class that are set when it
 * initialises: C2 folds them.
 */
final class Constants {
  private static final ClassDesc LOADER = ClassDesc.of(ProgramLoader.class.getName());
  private static final MethodTypeDesc CONSTANT =
      MethodTypeDesc.of(ConstantDescs.CD_Object, ConstantDescs.CD_Class, ConstantDescs.CD_int);

  private static final DirectMethodHandleDesc CALL_SITE =
      ConstantDescs.ofCallsiteBootstrap(
          LOADER, "callSite", ConstantDescs.CD_CallSite, ConstantDescs.CD_int);

  private final ClassDesc owner;
  private final List<Object> values = new ArrayList<>();
  private final List<ClassDesc> types = new ArrayList<>();

  Constants(ClassDesc owner) {
    this.owner = owner;
  }

  /** Puts an object on the stack. */
  <T> void load(CodeBuilder code, T value, Class<? super T> type) {
    int number = numberOf(value);
    if (number < 0) {
      number = values.size();
      values.add(value);
      types.add(ClassDesc.of(type.getName()));
    }
    code.getstatic(owner, name(number), types.get(number));
  }

  /** Calls through a call site. */
  void callSite(CodeBuilder code, TailCallSite site, MethodTypeDesc type) {
    values.add(site);
    types.add(ConstantDescs.CD_CallSite);
    code.invokedynamic(DynamicCallSiteDesc.of(CALL_SITE, "tailCall", type, values.size() - 1));
  }

  /** The call sites among the objects. */
  List<TailCallSite> callSites() {
    return values.stream()
        .filter(TailCallSite.class::isInstance)
        .map(TailCallSite.class::cast)
        .toList();
  }

  /** The objects, for the loader of the class. */
  Object[] values() {
    return values.toArray();
  }

  /** Writes the fields, and the part of the class's initialiser that sets them. */
  void write(ClassBuilder type, CodeBuilder initialiser) {
    for (int i = 0; i < values.size(); i++) {
      if (values.get(i) instanceof TailCallSite) {
        continue;
      }
      type.withField(
          name(i),
          types.get(i),
          ClassFile.ACC_PRIVATE | ClassFile.ACC_STATIC | ClassFile.ACC_FINAL);
      initialiser
          .loadConstant(owner)
          .loadConstant(i)
          .invokestatic(LOADER, "constant", CONSTANT)
          .checkcast(types.get(i))
          .putstatic(owner, name(i), types.get(i));
    }
  }

  private int numberOf(Object value) {
    for (int i = 0; i < values.size(); i++) {
      if (values.get(i) == value) {
        return i;
      }
    }
    return -1;
  }

  private static String name(int number) {
    return "CONSTANT_" + number;
  }
}
