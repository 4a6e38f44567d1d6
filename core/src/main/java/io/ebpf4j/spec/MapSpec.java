package io.ebpf4j.spec;

import io.ebpf4j.btf.Btf;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a map is to be: plain data that no kernel has seen yet. The {@code with} methods give
 * changed copies.
 *
 * @param name at most 15 bytes of letters, digits, {@code _} and {@code .}; may be empty
 * @param type the map type
 * @param keySize bytes of a key
 * @param valueSize bytes of a value
 * @param maxEntries the number of elements
 * @param flags {@link MapFlags} of creation
 * @param numaNode the node, looked at where {@link MapFlags#NUMA_NODE} is set
 * @param extra {@code map_extra}, 0 for most types
 * @param btf the types that {@code keyType} and {@code valueType} point into, or null
 * @param keyType BTF id of the key's type, 0 for none
 * @param valueType BTF id of the value's type, 0 for none
 * @param inner the template of a map of maps, or null
 * @param pinning whether the loader pins it by its name
 * @param contents initial value of a global data section's only element, or null
 * @param values initial entries of a map of programs or maps: slot to the name of the program or
 *     map
 * @param frozen whether the loader freezes it before it loads programs ({@code .rodata})
 * @param speculationMasked whether the JVM kernel rounds an array up and masks its index, as Linux
 *     does for a creator without CAP_PERFMON; Linux decides by the caller's privilege
 */
public record MapSpec(
    String name,
    MapType type,
    int keySize,
    int valueSize,
    int maxEntries,
    int flags,
    int numaNode,
    long extra,
    @Nullable Btf btf,
    int keyType,
    int valueType,
    @Nullable MapSpec inner,
    Pinning pinning,
    @Nullable MemorySegment contents,
    Map<Integer, String> values,
    boolean frozen,
    boolean speculationMasked) {

  /** What the loader does with a map's name in the pin directory. */
  public enum Pinning {
    NONE,
    BY_NAME
  }

  /** Checks that nothing is missing; sizes are for the kernel to judge. */
  public MapSpec {
    Objects.requireNonNull(name);
    Objects.requireNonNull(type);
    Objects.requireNonNull(pinning);
    values = Map.copyOf(values);
  }

  /** A map of that shape, without flags, types or contents. */
  public static MapSpec of(String name, MapType type, int keySize, int valueSize, int maxEntries) {
    return new MapSpec(
        name,
        type,
        keySize,
        valueSize,
        maxEntries,
        0,
        0,
        0,
        null,
        0,
        0,
        null,
        Pinning.NONE,
        null,
        Map.of(),
        false,
        false);
  }

  /** An {@link MapType#ARRAY} of {@code maxEntries} values of {@code valueSize} bytes. */
  public static MapSpec array(String name, int valueSize, int maxEntries) {
    return of(name, MapType.ARRAY, Integer.BYTES, valueSize, maxEntries);
  }

  /** This map with another name. */
  public MapSpec withName(String newName) {
    return new MapSpec(
        newName,
        type,
        keySize,
        valueSize,
        maxEntries,
        flags,
        numaNode,
        extra,
        btf,
        keyType,
        valueType,
        inner,
        pinning,
        contents,
        values,
        frozen,
        speculationMasked);
  }

  /** This map with another type. */
  public MapSpec withType(MapType newType) {
    return new MapSpec(
        name,
        newType,
        keySize,
        valueSize,
        maxEntries,
        flags,
        numaNode,
        extra,
        btf,
        keyType,
        valueType,
        inner,
        pinning,
        contents,
        values,
        frozen,
        speculationMasked);
  }

  /** This map with another key size. */
  public MapSpec withKeySize(int bytes) {
    return new MapSpec(
        name,
        type,
        bytes,
        valueSize,
        maxEntries,
        flags,
        numaNode,
        extra,
        btf,
        keyType,
        valueType,
        inner,
        pinning,
        contents,
        values,
        frozen,
        speculationMasked);
  }

  /** This map with another value size. */
  public MapSpec withValueSize(int bytes) {
    return new MapSpec(
        name,
        type,
        keySize,
        bytes,
        maxEntries,
        flags,
        numaNode,
        extra,
        btf,
        keyType,
        valueType,
        inner,
        pinning,
        contents,
        values,
        frozen,
        speculationMasked);
  }

  /** This map with another number of elements. */
  public MapSpec withMaxEntries(int entries) {
    return new MapSpec(
        name,
        type,
        keySize,
        valueSize,
        entries,
        flags,
        numaNode,
        extra,
        btf,
        keyType,
        valueType,
        inner,
        pinning,
        contents,
        values,
        frozen,
        speculationMasked);
  }

  /** This map with other creation flags. */
  public MapSpec withFlags(int newFlags) {
    return new MapSpec(
        name,
        type,
        keySize,
        valueSize,
        maxEntries,
        newFlags,
        numaNode,
        extra,
        btf,
        keyType,
        valueType,
        inner,
        pinning,
        contents,
        values,
        frozen,
        speculationMasked);
  }

  /** This map with another NUMA node. */
  public MapSpec withNumaNode(int node) {
    return new MapSpec(
        name,
        type,
        keySize,
        valueSize,
        maxEntries,
        flags,
        node,
        extra,
        btf,
        keyType,
        valueType,
        inner,
        pinning,
        contents,
        values,
        frozen,
        speculationMasked);
  }

  /** This map with another {@code map_extra}. */
  public MapSpec withExtra(long newExtra) {
    return new MapSpec(
        name,
        type,
        keySize,
        valueSize,
        maxEntries,
        flags,
        numaNode,
        newExtra,
        btf,
        keyType,
        valueType,
        inner,
        pinning,
        contents,
        values,
        frozen,
        speculationMasked);
  }

  /** This map with other BTF types. */
  public MapSpec withTypes(@Nullable Btf newBtf, int newKeyType, int newValueType) {
    return new MapSpec(
        name,
        type,
        keySize,
        valueSize,
        maxEntries,
        flags,
        numaNode,
        extra,
        newBtf,
        newKeyType,
        newValueType,
        inner,
        pinning,
        contents,
        values,
        frozen,
        speculationMasked);
  }

  /** This map with another template of its inner maps. */
  public MapSpec withInner(@Nullable MapSpec template) {
    return new MapSpec(
        name,
        type,
        keySize,
        valueSize,
        maxEntries,
        flags,
        numaNode,
        extra,
        btf,
        keyType,
        valueType,
        template,
        pinning,
        contents,
        values,
        frozen,
        speculationMasked);
  }

  /** This map with another pinning. */
  public MapSpec withPinning(Pinning newPinning) {
    return new MapSpec(
        name,
        type,
        keySize,
        valueSize,
        maxEntries,
        flags,
        numaNode,
        extra,
        btf,
        keyType,
        valueType,
        inner,
        newPinning,
        contents,
        values,
        frozen,
        speculationMasked);
  }

  /** This map with other initial contents. */
  public MapSpec withContents(@Nullable MemorySegment bytes) {
    return new MapSpec(
        name,
        type,
        keySize,
        valueSize,
        maxEntries,
        flags,
        numaNode,
        extra,
        btf,
        keyType,
        valueType,
        inner,
        pinning,
        bytes,
        values,
        frozen,
        speculationMasked);
  }

  /** This map with other initial entries. */
  public MapSpec withValues(Map<Integer, String> newValues) {
    return new MapSpec(
        name,
        type,
        keySize,
        valueSize,
        maxEntries,
        flags,
        numaNode,
        extra,
        btf,
        keyType,
        valueType,
        inner,
        pinning,
        contents,
        newValues,
        frozen,
        speculationMasked);
  }

  /** This map with the loader freezing it or not. */
  public MapSpec withFrozen(boolean freeze) {
    return new MapSpec(
        name,
        type,
        keySize,
        valueSize,
        maxEntries,
        flags,
        numaNode,
        extra,
        btf,
        keyType,
        valueType,
        inner,
        pinning,
        contents,
        values,
        freeze,
        speculationMasked);
  }

  /** This map with its index masked against speculation or not. */
  public MapSpec withSpeculationMasked(boolean masked) {
    return new MapSpec(
        name,
        type,
        keySize,
        valueSize,
        maxEntries,
        flags,
        numaNode,
        extra,
        btf,
        keyType,
        valueType,
        inner,
        pinning,
        contents,
        values,
        frozen,
        masked);
  }
}
