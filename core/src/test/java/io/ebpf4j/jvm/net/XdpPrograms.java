package io.ebpf4j.jvm.net;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import io.ebpf4j.spec.ProgramType;
import java.util.ArrayList;
import java.util.List;

/** Small XDP programs for tests of devices. */
final class XdpPrograms {
  static final int DROP = 1;
  static final int PASS = 2;
  static final int TX = 3;
  static final int REDIRECT = 4;

  private XdpPrograms() {}

  /** Gives one verdict. */
  static ProgramSpec verdict(int verdict) {
    return of("verdict", new Instruction(0xb7, 0, 0, 0, verdict));
  }

  /** The same, for an entry of a device map. */
  static ProgramSpec egress(int verdict) {
    return verdict(verdict).withExpectedAttachType(AttachType.XDP_DEVMAP);
  }

  /** Gives what bpf_redirect_map gives for a constant key of the map "targets". */
  static ProgramSpec redirectMap(int key, int flags) {
    return of(
            "redirect",
            new Instruction(0x18, 1, 0, 0, 0),
            Instruction.of(0),
            new Instruction(0xb7, 2, 0, 0, key),
            new Instruction(0xb7, 3, 0, 0, flags),
            new Instruction(0x85, 0, 0, 0, 51))
        .withReferences(List.of(new Reference.ToMap(0, "targets")));
  }

  /** Gives what bpf_redirect gives. */
  static ProgramSpec redirect(int ifindex, int flags) {
    return of(
        "redirect",
        new Instruction(0xb7, 1, 0, 0, ifindex),
        new Instruction(0xb7, 2, 0, 0, flags),
        new Instruction(0x85, 0, 0, 0, 23));
  }

  /** Writes the egress ifindex into the first byte of the packet, and passes it. */
  static ProgramSpec stampEgress() {
    return of(
            "stamp",
            new Instruction(0x61, 2, 1, 0, 0),
            new Instruction(0x61, 3, 1, 4, 0),
            new Instruction(0x61, 4, 1, 20, 0),
            new Instruction(0xbf, 5, 2, 0, 0),
            new Instruction(0x07, 5, 0, 0, 1),
            new Instruction(0xb7, 0, 0, 0, PASS),
            new Instruction(0x2d, 5, 3, 1, 0),
            new Instruction(0x73, 2, 4, 0, 0))
        .withExpectedAttachType(AttachType.XDP_DEVMAP);
  }

  private static ProgramSpec of(String name, Instruction... body) {
    List<Instruction> code = new ArrayList<>(List.of(body));
    code.add(new Instruction(0x95, 0, 0, 0, 0));
    return ProgramSpec.of(name, ProgramType.XDP, code).withExpectedAttachType(AttachType.XDP);
  }
}
