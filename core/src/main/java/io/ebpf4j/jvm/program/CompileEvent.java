package io.ebpf4j.jvm.program;

import io.ebpf4j.jvm.compiler.Compiler;
import io.ebpf4j.spec.ProgramSpec;
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

  void report(ProgramSpec spec, Compiler.Compiled compiled) {
    program = spec.name();
    type = spec.type().label();
    instructions = spec.instructions().size();
    className = compiled.name();
    parts = compiled.parts();
    bytes = compiled.bytes().length;
    commit();
  }
}
