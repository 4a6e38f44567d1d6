package io.ebpf4j.jvm.program;

import io.ebpf4j.jvm.compiler.Compiler;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Flight recorder event: a program was compiled to a class. Its duration is what that took. */
@Name("io.ebpf4j.Compile")
@Label("eBPF Program Compiled")
@Category("eBPF")
@Description("A verified program became a class")
@StackTrace(false)
final class CompileEvent extends Event {
  @Label("Program")
  String program = "";

  @Label("Program Type")
  String type = "";

  @Label("Instructions")
  @Description("Slots of the program and its functions")
  int instructions;

  @Label("Class")
  String className = "";

  @Label("Parts")
  @Description("Methods that hold the program's code")
  int parts;

  @Label("Class Size")
  @DataAmount
  int bytes;

  /** Compiles a program and tells of it. */
  static Compiler.Compiled compile(Compiler.Source source) {
    CompileEvent event = new CompileEvent();
    event.begin();
    Compiler.Compiled compiled = Compiler.compile(source);
    event.end();
    if (event.shouldCommit()) {
      event.program = source.spec().name();
      event.type = source.spec().type().label();
      event.instructions = source.spec().instructions().size();
      event.className = compiled.name();
      event.parts = compiled.parts();
      event.bytes = compiled.bytes().length;
      event.commit();
    }
    return compiled;
  }
}
