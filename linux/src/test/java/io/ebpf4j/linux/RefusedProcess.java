package io.ebpf4j.linux;

import io.ebpf4j.BpfException;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.List;
import java.util.Map;

/** Opens the kernel, loads a program and prints what was refused. */
final class RefusedProcess {
  private RefusedProcess() {}

  public static void main(String[] arguments) {
    ProgramSpec program =
        ProgramSpec.of(
            "probe",
            ProgramType.XDP,
            List.of(new Instruction(0xb7, 0, 0, 0, 0), new Instruction(0x95, 0, 0, 0, 0)));
    try (LinuxKernel kernel = LinuxKernel.open()) {
      kernel.loadProgram(program, Map.of()).close();
      System.out.println("nothing was refused");
    } catch (BpfException e) {
      System.out.println(e.getMessage());
    }
  }
}
