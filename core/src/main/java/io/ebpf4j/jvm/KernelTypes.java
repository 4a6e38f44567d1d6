package io.ebpf4j.jvm;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.btf.BtfType.Enumerator;
import io.ebpf4j.jvm.helper.Dynptr;
import io.ebpf4j.jvm.helper.HelperTable;
import io.ebpf4j.jvm.helper.KfuncTable;
import io.ebpf4j.jvm.helper.NumberIterator;
import io.ebpf4j.jvm.map.Cgroup;
import io.ebpf4j.jvm.map.MapStructs;
import io.ebpf4j.jvm.map.WorkQueueKfuncs;
import io.ebpf4j.jvm.net.Net;
import io.ebpf4j.jvm.socket.Sockets;
import io.ebpf4j.jvm.storage.Storage;
import io.ebpf4j.jvm.trace.Trace;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.ProgramType;
import java.util.List;
import java.util.stream.Stream;

/**
 * The kernel's own BTF, against which CO-RE relocates: its basic types, the enums of bpf(2), and
 * what each subsystem declares. A type, field or enumerator is in it only where this kernel has it,
 * so that {@code bpf_core_field_exists} and the like tell the truth.
 */
final class KernelTypes {
  private KernelTypes() {}

  /** The types of a kernel with these helpers, and the kernel functions of these classes. */
  static Btf of(HelperTable helpers, List<Class<?>> kfuncs) {
    BtfBuilder types = new BtfBuilder();
    basicTypes(types);
    types.enumeration("bpf_func_id", helperNumbers(helpers));
    types.enumeration(
        "bpf_prog_type",
        Stream.of(ProgramType.values())
            .map(type -> new Enumerator("BPF_PROG_TYPE_" + type.name(), type.id()))
            .toList());
    types.enumeration(
        "bpf_attach_type",
        Stream.of(AttachType.values())
            .map(type -> new Enumerator("BPF_" + type.name(), type.id()))
            .toList());
    MapStructs.declare(types);
    Net.declareTypes(types);
    Sockets.declareTypes(types);
    Trace.declareTypes(types);
    Cgroup.declare(types);
    Storage.declareTypes(types);
    NumberIterator.declareTypes(types);
    Dynptr.declareTypes(types);
    WorkQueueKfuncs.declareTypes(types);
    KfuncTable.declare(kfuncs, types);
    return types.build();
  }

  private static List<Enumerator> helperNumbers(HelperTable helpers) {
    return helpers.all().stream()
        .map(helper -> new Enumerator("BPF_FUNC_" + helper.name(), helper.id()))
        .distinct()
        .sorted((a, b) -> Long.compare(a.value(), b.value()))
        .toList();
  }

  private static void basicTypes(BtfBuilder types) {
    types.unsigned("long unsigned int", 8);
    types.signed("long int", 8);
    types.unsigned("char", 1);
    types.typedef("bool", types.bool());
    types.typedef(
        "size_t", types.typedef("__kernel_size_t", types.unsigned("long unsigned int", 8)));
    number(types, "8", types.signed("signed char", 1), types.unsigned("unsigned char", 1));
    number(types, "16", types.signed("short int", 2), types.unsigned("short unsigned int", 2));
    number(types, "32", types.signed("int", 4), types.unsigned("unsigned int", 4));
    number(
        types, "64", types.signed("long long int", 8), types.unsigned("long long unsigned int", 8));
  }

  /** The typedefs of a width: {@code __s32}, {@code s32}, {@code __u32}, {@code u32}, … */
  private static void number(BtfBuilder types, String bits, int signed, int unsigned) {
    types.typedef("s" + bits, types.typedef("__s" + bits, signed));
    int typedef = types.typedef("__u" + bits, unsigned);
    types.typedef("u" + bits, typedef);
    if (!bits.equals("8")) {
      types.typedef("__be" + bits, typedef);
      types.typedef("__le" + bits, typedef);
    }
  }
}
