package io.ebpf4j.btf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.btf.BtfExt.CoreKind;
import io.ebpf4j.btf.BtfExt.CoreRecord;
import io.ebpf4j.btf.BtfExt.FunctionRecord;
import io.ebpf4j.btf.BtfExt.LineRecord;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;

final class BtfExtTest {
  private final Btf btf = BtfSamples.btf();
  private final BtfExt ext = BtfExt.parse(BtfSamples.extBytes(), btf);

  @Test
  void functionsAreBySection() {
    assertThat(functionNames("xdp")).containsExactly("count");
    assertThat(functionNames("tc")).containsExactly("size");
    assertThat(functionNames(".text")).containsExactly("sum");
    assertThat(ext.functions("nothing")).isEmpty();
  }

  @Test
  void linesNameFileAndText() {
    LineRecord line =
        ext.lines("xdp").stream()
            .filter(record -> record.lineText().contains("counter +="))
            .findFirst()
            .orElseThrow();
    assertThat(line.fileName()).isEqualTo("./types.bpf.c");
    assertThat(line.lineText()).isEqualTo("  counter += limit + CONFIG_HZ;");
    assertThat(line.line()).isEqualTo(89);
    assertThat(line.column()).isPositive();
  }

  @Test
  void relocationsNameTypeAndAccess() {
    assertThat(ext.relocations(".text"))
        .extracting(CoreRecord::access)
        .containsExactlyInAnyOrder("0:0", "0:1");
    CoreRecord exists = ext.relocations("xdp").getFirst();
    assertThat(exists.kind()).isEqualTo(CoreKind.FIELD_EXISTS);
    assertThat(btf.name(exists.typeId())).isEqualTo("inner");
    CoreRecord size = ext.relocations("tc").getFirst();
    assertThat(size.kind()).isEqualTo(CoreKind.TYPE_SIZE);
    assertThat(btf.name(size.typeId())).isEqualTo("flags");
  }

  @Test
  void longerRecordsAreReadByTheirKnownPart() {
    byte[] longer = functionsOnly(32, 12, sectionName(), 1, 16, function(), 99);
    assertThat(BtfExt.parse(longer, btf).functions("xdp"))
        .containsExactly(new FunctionRecord("xdp", 16, function()));
  }

  @Test
  void headerWithoutRelocationsIsRead() {
    BtfExt older = BtfExt.parse(functionsOnly(24, 8, sectionName(), 1, 0, function()), btf);
    assertThat(older.functions("xdp")).hasSize(1);
    assertThat(older.relocations("xdp")).isEmpty();
  }

  @Test
  void recordsPastTheEndAreRefused() {
    byte[] cut = functionsOnly(32, 8, sectionName(), 2, 0, function());
    assertThatThrownBy(() -> BtfExt.parse(cut, btf))
        .isInstanceOf(BtfFormatException.class)
        .hasMessage(".BTF.ext func_info at byte 44: its records go past its end at byte 52");
  }

  @Test
  void wrongReferencesAreRefused() {
    assertThatThrownBy(() -> parseFunction(0, 1000))
        .hasMessageContaining(
            "func_info at byte 44: it names type 1000, but there are only %d types",
            btf.size() - 1);
    assertThatThrownBy(() -> parseFunction(0, 1)).hasMessageContaining("type 1 is a PTR");
    assertThatThrownBy(() -> parseFunction(12, function()))
        .hasMessageContaining("no instruction starts at byte 12");
    assertThatThrownBy(() -> parseFunction(-8, function()))
        .hasMessageContaining("no instruction starts at byte 4294967288");
  }

  @Test
  void recordsTooSmallAreRefused() {
    byte[] small = functionsOnly(32, 4, sectionName(), 1, 0);
    assertThatThrownBy(() -> BtfExt.parse(small, btf))
        .hasMessageContaining("records of 4 bytes; they have at least 8");
  }

  @Test
  void unknownRelocationKindIsRefused() {
    byte[] bytes = BtfSamples.extBytes();
    ByteBuffer section = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int firstRecord = section.getInt(4) + section.getInt(24) + 4 + 8;
    section.putInt(firstRecord + 12, 13);
    assertThatThrownBy(() -> BtfExt.parse(bytes, btf))
        .hasMessage(
            ".BTF.ext core_relo at byte %d: CO-RE relocation kind 13 is unknown", firstRecord);
  }

  private void parseFunction(int byteOffset, int type) {
    BtfExt.parse(functionsOnly(32, 8, sectionName(), 1, byteOffset, type), btf);
  }

  /** A section whose func_info is these words. */
  private static byte[] functionsOnly(int headerBytes, int... words) {
    byte[] section = new byte[headerBytes + words.length * 4];
    ByteBuffer buffer = ByteBuffer.wrap(section).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putInt(0x1_eb9f).putInt(headerBytes).putInt(0).putInt(words.length * 4);
    buffer.position(headerBytes).asIntBuffer().put(words);
    return section;
  }

  /** The offset of "xdp" in the strings, where the sample's own functions have it. */
  private static int sectionName() {
    ByteBuffer section = ByteBuffer.wrap(BtfSamples.extBytes()).order(ByteOrder.LITTLE_ENDIAN);
    Btf btf = BtfSamples.btf();
    for (int at = section.getInt(4) + section.getInt(8) + 4; ; ) {
      if (btf.raw().string(section.getInt(at)).equals("xdp")) {
        return section.getInt(at);
      }
      at += 8 + 8 * section.getInt(at + 4);
    }
  }

  private int function() {
    return btf.find("count", BtfKind.FUNC).orElseThrow();
  }

  private List<String> functionNames(String section) {
    return ext.functions(section).stream().map(record -> btf.name(record.typeId())).toList();
  }
}
