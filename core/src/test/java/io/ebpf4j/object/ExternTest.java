package io.ebpf4j.object;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.ebpf4j.btf.BtfType;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExternTest {
  private final ObjectFile object = TestObjects.read("externs");

  @Test
  void externsSayWhatBringsThem() {
    assertThat(object.externs())
        .extracting(Extern::name, Extern::kind, Extern::weak)
        .contains(
            tuple("CONFIG_HZ", Extern.Kind.CONFIGURATION, false),
            tuple("CONFIG_NOT_THERE", Extern.Kind.CONFIGURATION, true),
            tuple("missing_variable", Extern.Kind.KERNEL_SYMBOL, true),
            tuple("bpf_rcu_read_lock", Extern.Kind.KERNEL_FUNCTION, false));
  }

  @Test
  void theConfigurationIsAFrozenMapLaidOutAsByLibbpf() {
    MapSpec map = object.map(".kconfig");
    assertThat(map.name()).isEqualTo("externs.kconfig");
    assertThat(map.valueSize()).isEqualTo(39);
    assertThat(map.flags()).isEqualTo(MapFlags.MMAPABLE | MapFlags.RDONLY_PROG);
    assertThat(map.frozen()).isTrue();
    BtfType.DataSection types =
        (BtfType.DataSection) Objects.requireNonNull(map.btf()).type(map.valueType());
    assertThat(types.size()).isEqualTo(39);
    assertThat(object.variable("CONFIG_HZ").offset()).isZero();
    assertThat(object.variable("CONFIG_BPF_SYSCALL").offset()).isEqualTo(8);
    assertThat(object.variable("LINUX_KERNEL_VERSION").offset()).isEqualTo(16);
    assertThat(object.variable("CONFIG_DEFAULT_HOSTNAME").offset()).isEqualTo(23);
  }

  @Test
  void theJvmKernelKnowsAFewOptionsAndWeakOnesAreZero() {
    object.configure(KernelConfiguration.ofJvm());
    ByteBuffer values = values();
    assertThat(values.getLong(0)).as("CONFIG_HZ").isEqualTo(250);
    assertThat(values.getInt(8)).as("CONFIG_BPF_SYSCALL: yes").isEqualTo(1);
    assertThat(values.getInt(12)).as("CONFIG_NOT_THERE").isZero();
    assertThat(values.getInt(16)).as("LINUX_KERNEL_VERSION").isEqualTo(0x6122c);
    assertThat(values.get(20)).as("CONFIG_BPF_JIT").isEqualTo((byte) 1);
    assertThat(values.get(21)).as("CONFIG_NET, a char").isEqualTo((byte) 'y');
    assertThat(values.get(22)).as("LINUX_HAS_BPF_COOKIE").isEqualTo((byte) 1);
    assertThat(values.get(23)).as("CONFIG_DEFAULT_HOSTNAME").isZero();
  }

  @Test
  void aLinuxKernelsConfigurationIsReadFromItsFile() {
    KernelConfiguration linux =
        KernelConfiguration.ofLinux(
            0x61210,
            Stream.of(
                "# comment",
                "# CONFIG_NOT_THERE is not set",
                "CONFIG_HZ=1000",
                "CONFIG_BPF_SYSCALL=m",
                "CONFIG_BPF_JIT=n",
                "CONFIG_NET=y",
                "CONFIG_DEFAULT_HOSTNAME=\"a=b, and more than fits\""));
    object.configure(linux);
    ByteBuffer values = values();
    assertThat(values.getLong(0)).isEqualTo(1000);
    assertThat(values.getInt(8)).as("module").isEqualTo(2);
    assertThat(values.getInt(16)).isEqualTo(0x61210);
    assertThat(values.get(20)).isZero();
    byte[] name = new byte[16];
    values.get(23, name);
    assertThat(new String(name, UTF_8)).isEqualTo("a=b, and more t\0");
  }

  @Test
  void anOptionThatIsNotSetIsNamed() {
    assertThatThrownBy(() -> object.configure(with("CONFIG_HZ", null)))
        .isInstanceOf(ObjectFormatException.class)
        .hasMessageContainingAll("does not say what CONFIG_HZ is", "__weak");
  }

  @ParameterizedTest
  @CsvSource({
    "CONFIG_BPF_JIT, m",
    "CONFIG_BPF_JIT, 2",
    "CONFIG_NET, 256",
    "CONFIG_NET, '\"y\"'",
    "CONFIG_HZ, y",
    "CONFIG_HZ, 12z",
    "CONFIG_NOT_THERE, 0x80000000",
    "CONFIG_BPF_SYSCALL, 1",
    "CONFIG_DEFAULT_HOSTNAME, x"
  })
  void anOptionThatDoesNotFitItsTypeIsRefused(String option, String value) {
    assertThatThrownBy(() -> object.configure(with(option, value)))
        .isInstanceOf(ObjectFormatException.class)
        .hasMessageContaining(option + "=" + value);
  }

  @Test
  void instructionsReferToTheKernelsOwn() {
    ProgramSpec program = object.program("externs");
    assertThat(program.references())
        .filteredOn(Reference.ToMapValue.class::isInstance)
        .contains(new Reference.ToMapValue(15, ".kconfig", 16));
    assertThat(program.references())
        .filteredOn(Reference.ToKernelFunction.class::isInstance)
        .extracting(reference -> ((Reference.ToKernelFunction) reference).function())
        .containsExactly("bpf_rcu_read_lock", "bpf_rcu_read_unlock", "bpf_not_there");
    for (Reference reference : program.references()) {
      int expected =
          switch (reference) {
            case Reference.ToMap _ -> Isa.BPF_PSEUDO_MAP_FD;
            case Reference.ToMapValue _ -> Isa.BPF_PSEUDO_MAP_VALUE;
            case Reference.ToKernelSymbol _ -> Isa.BPF_PSEUDO_BTF_ID;
            case Reference.ToKernelFunction _ -> Isa.BPF_PSEUDO_KFUNC_CALL;
          };
      assertThat(program.instructions().get(reference.slot()).src()).isEqualTo(expected);
    }
  }

  private ByteBuffer values() {
    byte[] bytes =
        Objects.requireNonNull(object.map(".kconfig").contents()).toArray(ValueLayout.JAVA_BYTE);
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static KernelConfiguration with(String option, @Nullable String value) {
    Map<String, String> others = new HashMap<>();
    if (value != null) {
      others.put(option, value);
    }
    return asked ->
        asked.equals(option)
            ? Optional.ofNullable(others.get(asked))
            : KernelConfiguration.ofJvm().value(asked);
  }
}
