package io.ebpf4j;

import io.ebpf4j.spec.MapType;

/**
 * A map as its kernel tells of it: {@code struct bpf_map_info} of the UAPI header, and what Linux
 * shows beside it in fdinfo.
 *
 * @param id the kernel-wide id
 * @param type the type
 * @param name at most 15 bytes: letters, digits, underscores and dots
 * @param keySize bytes
 * @param valueSize bytes
 * @param maxEntries elements at most
 * @param flags those it was created with
 * @param extra {@code map_extra}: what it means depends on the type
 * @param btfId the id of the types that {@code keyType} and {@code valueType} are from, or 0
 * @param keyType BTF id of the key's type, 0 for none
 * @param valueType BTF id of the value's type, 0 for none
 * @param memoryBytes memory that it holds as this kernel counts it
 * @param frozen whether users may no longer update it
 */
public record MapInfo(
    int id,
    MapType type,
    String name,
    int keySize,
    int valueSize,
    int maxEntries,
    int flags,
    long extra,
    int btfId,
    int keyType,
    int valueType,
    long memoryBytes,
    boolean frozen) {}
