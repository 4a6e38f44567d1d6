package io.ebpf4j.conformance;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import io.ebpf4j.spec.ProgramType;
import java.util.ArrayList;
import java.util.List;

/** Small XDP programs for tests of devices and device maps. */
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

  /** Gives the number of bytes 0 to 3 of the value of a constant key of the map "targets". */
  static ProgramSpec lookup(int key, int offset) {
    return of(
            "lookup",
            new Instruction(0x62, 10, 0, -4, key),
            new Instruction(0xbf, 2, 10, 0, 0),
            new Instruction(0x07, 2, 0, 0, -4),
            new Instruction(0x18, 1, 0, 0, 0),
            Instruction.of(0),
            new Instruction(0x85, 0, 0, 0, 1),
            new Instruction(0x15, 0, 0, 1, 0),
            new Instruction(0x61, 0, 0, offset, 0))
        .withReferences(List.of(new Reference.ToMap(3, "targets")));
  }

  /** Writes into the value of key 0 of the map "targets". */
  static ProgramSpec write() {
    return of(
            "write",
            new Instruction(0x62, 10, 0, -4, 0),
            new Instruction(0xbf, 2, 10, 0, 0),
            new Instruction(0x07, 2, 0, 0, -4),
            new Instruction(0x18, 1, 0, 0, 0),
            Instruction.of(0),
            new Instruction(0x85, 0, 0, 0, 1),
            new Instruction(0x15, 0, 0, 1, 0),
            new Instruction(0x62, 0, 0, 0, 0),
            new Instruction(0xb7, 0, 0, 0, 2))
        .withReferences(List.of(new Reference.ToMap(3, "targets")));
  }

  /** Calls a helper with the map "targets" and a key on the stack. */
  static ProgramSpec keyed(int helper) {
    return of(
            "keyed",
            new Instruction(0x62, 10, 0, -4, 0),
            new Instruction(0x7a, 10, 0, -16, 0),
            new Instruction(0xbf, 2, 10, 0, 0),
            new Instruction(0x07, 2, 0, 0, -4),
            new Instruction(0xbf, 3, 10, 0, 0),
            new Instruction(0x07, 3, 0, 0, -16),
            new Instruction(0xb7, 4, 0, 0, 0),
            new Instruction(0x18, 1, 0, 0, 0),
            Instruction.of(0),
            new Instruction(0x85, 0, 0, 0, helper))
        .withReferences(List.of(new Reference.ToMap(7, "targets")));
  }

  /** Gives the verdict in the first byte of the packet's payload, behind the Ethernet header. */
  static ProgramSpec verdictOfPayload() {
    return of(
        "payload",
        new Instruction(0x61, 2, 1, 0, 0),
        new Instruction(0x61, 3, 1, 4, 0),
        new Instruction(0xbf, 4, 2, 0, 0),
        new Instruction(0x07, 4, 0, 0, 15),
        new Instruction(0xb7, 0, 0, 0, 1),
        new Instruction(0x2d, 4, 3, 1, 0),
        new Instruction(0x71, 0, 2, 14, 0));
  }

  /** Adds to the packet's byte 14 what lies in the context at an offset, and gives a verdict. */
  static ProgramSpec stamp(int contextOffset, int verdict, AttachType attachType) {
    return of(
            "stamp",
            new Instruction(0x61, 2, 1, 0, 0),
            new Instruction(0x61, 3, 1, 4, 0),
            new Instruction(0x61, 5, 1, contextOffset, 0),
            new Instruction(0xbf, 4, 2, 0, 0),
            new Instruction(0x07, 4, 0, 0, 15),
            new Instruction(0xb7, 0, 0, 0, verdict),
            new Instruction(0x2d, 4, 3, 3, 0),
            new Instruction(0x71, 3, 2, 14, 0),
            new Instruction(0x0f, 3, 5, 0, 0),
            new Instruction(0x73, 2, 3, 14, 0))
        .withExpectedAttachType(attachType);
  }

  /** Moves the packet's start or end, then gives what bpf_redirect_map gives for key 0. */
  static ProgramSpec adjustAndRedirect(int helper, int delta) {
    return of(
            "adjust",
            new Instruction(0xb7, 2, 0, 0, delta),
            new Instruction(0x85, 0, 0, 0, helper),
            new Instruction(0x18, 1, 0, 0, 0),
            Instruction.of(0),
            new Instruction(0xb7, 2, 0, 0, 0),
            new Instruction(0xb7, 3, 0, 0, 0),
            new Instruction(0x85, 0, 0, 0, 51))
        .withReferences(List.of(new Reference.ToMap(2, "targets")));
  }

  /**
   * Copies 64 bytes of the packet's payload to the stack, looks a route up with them, copies them
   * back, and gives what the lookup gave.
   */
  static ProgramSpec fibLookup(int bytes, int flags) {
    return of(
            "fib",
            new Instruction(0xbf, 6, 1, 0, 0),
            new Instruction(0xb7, 2, 0, 0, 14),
            new Instruction(0xbf, 3, 10, 0, 0),
            new Instruction(0x07, 3, 0, 0, -64),
            new Instruction(0xb7, 4, 0, 0, 64),
            new Instruction(0x85, 0, 0, 0, 189),
            new Instruction(0xbf, 1, 6, 0, 0),
            new Instruction(0xbf, 2, 10, 0, 0),
            new Instruction(0x07, 2, 0, 0, -64),
            new Instruction(0xb7, 3, 0, 0, bytes),
            new Instruction(0xb7, 4, 0, 0, flags),
            new Instruction(0x85, 0, 0, 0, 69),
            new Instruction(0xbf, 7, 0, 0, 0),
            new Instruction(0xbf, 1, 6, 0, 0),
            new Instruction(0xb7, 2, 0, 0, 14),
            new Instruction(0xbf, 3, 10, 0, 0),
            new Instruction(0x07, 3, 0, 0, -64),
            new Instruction(0xb7, 4, 0, 0, 64),
            new Instruction(0x85, 0, 0, 0, 190),
            new Instruction(0xbf, 0, 7, 0, 0))
        .withLicense("GPL");
  }

  /** Asks for the MTU, stores what comes back in the payload, and gives what the helper gave. */
  static ProgramSpec checkMtu(int ifindex, int length, int difference, int flags) {
    return of(
            "mtu",
            new Instruction(0xbf, 6, 1, 0, 0),
            new Instruction(0x62, 10, 0, -8, length),
            new Instruction(0xb7, 2, 0, 0, ifindex),
            new Instruction(0xbf, 3, 10, 0, 0),
            new Instruction(0x07, 3, 0, 0, -8),
            new Instruction(0xb7, 4, 0, 0, difference),
            new Instruction(0xb7, 5, 0, 0, flags),
            new Instruction(0x85, 0, 0, 0, 163),
            new Instruction(0xbf, 7, 0, 0, 0),
            new Instruction(0xbf, 1, 6, 0, 0),
            new Instruction(0xb7, 2, 0, 0, 14),
            new Instruction(0xbf, 3, 10, 0, 0),
            new Instruction(0x07, 3, 0, 0, -8),
            new Instruction(0xb7, 4, 0, 0, 4),
            new Instruction(0x85, 0, 0, 0, 190),
            new Instruction(0xbf, 0, 7, 0, 0))
        .withLicense("GPL");
  }

  /** Gives what bpf_redirect_map gives for the key in the packet's byte 14. */
  static ProgramSpec redirectByPayload(int flags) {
    return of(
            "by_payload",
            new Instruction(0x61, 2, 1, 0, 0),
            new Instruction(0x61, 3, 1, 4, 0),
            new Instruction(0xbf, 4, 2, 0, 0),
            new Instruction(0x07, 4, 0, 0, 15),
            new Instruction(0xb7, 0, 0, 0, 1),
            new Instruction(0x2d, 4, 3, 5, 0),
            new Instruction(0x71, 2, 2, 14, 0),
            new Instruction(0x18, 1, 0, 0, 0),
            Instruction.of(0),
            new Instruction(0xb7, 3, 0, 0, flags),
            new Instruction(0x85, 0, 0, 0, 51))
        .withReferences(List.of(new Reference.ToMap(7, "targets")));
  }

  private static ProgramSpec of(String name, Instruction... body) {
    List<Instruction> code = new ArrayList<>(List.of(body));
    code.add(new Instruction(0x95, 0, 0, 0, 0));
    return ProgramSpec.of(name, ProgramType.XDP, code).withExpectedAttachType(AttachType.XDP);
  }
}
