package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.btf.Btf;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;

/** What a load does where the kernel does not take everything that the object asks for. */
class ObjectLoadingTwinTest {
  private ObjectFile file;

  @BeforeEach
  void read() throws IOException {
    file =
        ObjectFile.read(
            Path.of(System.getProperty("ebpf4j.root"), "examples/xdp-count/xdp_count.bpf.o"));
  }

  @TwinTest
  void mapWhoseTypesAreRefusedIsMadeWithoutThem(Kernel kernel) {
    MapSpec counts = file.map("cnt");
    Btf btf = file.btf().orElseThrow();
    MapSpec wideKey = counts.withTypes(btf, counts.valueType(), counts.valueType());
    assertThatThrownBy(() -> kernel.createMap(wideKey))
        .isInstanceOfSatisfying(
            BpfException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));

    file.replaceMap("cnt", wideKey);
    try (BpfObject object = kernel.load(file)) {
      assertThat(object.map("cnt").spec().valueType()).isZero();
      assertThat(object.map("cnt").lookup(new byte[] {6, 0, 0, 0})).isEqualTo(new byte[8]);
    }
  }

  @TwinTest
  void mapWhoseShapeIsRefusedIsRefused(Kernel kernel) {
    file.replaceMap("cnt", file.map("cnt").withMaxEntries(0));
    assertThatThrownBy(() -> kernel.load(file))
        .isInstanceOfSatisfying(
            BpfException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
  }
}
