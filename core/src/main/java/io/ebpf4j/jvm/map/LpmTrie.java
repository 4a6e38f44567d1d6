package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Prefixes in a binary trie: a node's children begin with its bits and differ in the next. Ways
 * without forks are one step; a fork that is no prefix itself has a node without a value. Changes
 * are made under a lock and seen by readers at once, whole.
 *
 * <p>Keys are as programs give them: 4 bytes with the number of bits, then the bytes.
 */
final class LpmTrie {
  /** Where the bytes of a key begin. */
  static final int KEY_DATA = 4;

  private final TrieNodes nodes;
  private final long root;
  private final int maxLength;
  private final long maxEntries;
  private long entries;

  /**
   * Makes an empty trie.
   *
   * @param root address of 8 bytes that hold the address of the first node
   * @param maxLength bits of the longest prefix
   */
  LpmTrie(TrieNodes nodes, long root, int maxLength, long maxEntries) {
    this.nodes = nodes;
    this.root = root;
    this.maxLength = maxLength;
    this.maxEntries = maxEntries;
  }

  /** The node with the longest prefix that a key begins with, or 0. */
  long find(long key) {
    int length = Memory.getInt(key);
    if (Integer.compareUnsigned(length, maxLength) > 0) {
      return 0;
    }
    return maxLength == Integer.SIZE ? findWord(key, length) : find(key, length);
  }

  /** The same where a prefix's bytes are one word. */
  private long findWord(long key, int length) {
    int word = Integer.reverseBytes(Memory.getInt(key + KEY_DATA));
    long found = 0;
    long node = Memory.getLongAcquire(root);
    while (node != 0) {
      int different = word ^ Integer.reverseBytes(Memory.getInt(TrieNodes.data(node)));
      int match = Math.min(Integer.numberOfLeadingZeros(different), length);
      int nodeLength = TrieNodes.length(node);
      if (match < nodeLength) {
        break;
      }
      if (TrieNodes.hasValue(node)) {
        found = node;
      }
      if (nodeLength == Integer.SIZE) {
        break;
      }
      node = TrieNodes.child(node, word >>> Integer.SIZE - 1 - nodeLength & 1);
    }
    return found;
  }

  private long find(long key, int length) {
    long data = key + KEY_DATA;
    long found = 0;
    long node = Memory.getLongAcquire(root);
    while (node != 0) {
      int match = nodes.match(node, data, length);
      if (match == maxLength) {
        return node;
      }
      int nodeLength = TrieNodes.length(node);
      if (match < nodeLength) {
        break;
      }
      if (TrieNodes.hasValue(node)) {
        found = node;
      }
      node = TrieNodes.child(node, TrieNodes.bit(data, nodeLength));
    }
    return found;
  }

  /**
   * Puts a new node in, whose bytes and value are filled.
   *
   * @return 0 or a negative errno: then the node is still the caller's
   */
  long put(long fresh, long flags) {
    int length = TrieNodes.length(fresh);
    long data = TrieNodes.data(fresh);
    long slot = root;
    long node = Memory.getLong(slot);
    int match = 0;
    while (node != 0) {
      match = nodes.match(node, data, length);
      int nodeLength = TrieNodes.length(node);
      if (nodeLength != match || nodeLength == length) {
        break;
      }
      slot = TrieNodes.childSlot(node, TrieNodes.bit(data, nodeLength));
      node = Memory.getLong(slot);
    }
    boolean exact = node != 0 && match == length && TrieNodes.length(node) == length;
    Errno refused = refused(exact && TrieNodes.hasValue(node), flags);
    if (refused != null) {
      return -refused.number();
    }
    if (node == 0) {
      Memory.putLongRelease(slot, fresh);
    } else if (exact) {
      Memory.putLong(TrieNodes.childSlot(fresh, 0), TrieNodes.child(node, 0));
      Memory.putLong(TrieNodes.childSlot(fresh, 1), TrieNodes.child(node, 1));
      Memory.putLongRelease(slot, fresh);
      nodes.retire(node);
    } else if (match == length) {
      Memory.putLong(TrieNodes.childSlot(fresh, TrieNodes.bit(TrieNodes.data(node), length)), node);
      Memory.putLongRelease(slot, fresh);
    } else {
      long fork = nodes.allocate(match, false);
      RawCopy.copy(TrieNodes.data(node), TrieNodes.data(fork), (maxLength + 7) / 8);
      int bit = TrieNodes.bit(data, match);
      Memory.putLong(TrieNodes.childSlot(fork, bit), fresh);
      Memory.putLong(TrieNodes.childSlot(fork, 1 - bit), node);
      Memory.putLongRelease(slot, fork);
    }
    return 0;
  }

  /** Takes a prefix out; 0 or a negative errno. */
  long remove(long data, int length) {
    long slot = root;
    long parentSlot = root;
    long parent = 0;
    long node = Memory.getLong(slot);
    int match = 0;
    while (node != 0) {
      match = nodes.match(node, data, length);
      int nodeLength = TrieNodes.length(node);
      if (nodeLength != match || nodeLength == length) {
        break;
      }
      parent = node;
      parentSlot = slot;
      slot = TrieNodes.childSlot(node, TrieNodes.bit(data, nodeLength));
      node = Memory.getLong(slot);
    }
    if (node == 0
        || match != length
        || TrieNodes.length(node) != length
        || !TrieNodes.hasValue(node)) {
      return -Errno.ENOENT.number();
    }
    entries--;
    long zero = TrieNodes.child(node, 0);
    long one = TrieNodes.child(node, 1);
    if (zero != 0 && one != 0) {
      TrieNodes.dropValue(node);
    } else if (parent != 0 && !TrieNodes.hasValue(parent) && zero == 0 && one == 0) {
      int bit = slot == TrieNodes.childSlot(parent, 0) ? 0 : 1;
      Memory.putLongRelease(parentSlot, TrieNodes.child(parent, 1 - bit));
      nodes.retire(parent);
      nodes.retire(node);
    } else {
      Memory.putLongRelease(slot, zero != 0 ? zero : one);
      nodes.retire(node);
    }
    return 0;
  }

  /** The first node of the order: children before their parent, those of bit 0 before bit 1. */
  long first() {
    long node = Memory.getLong(root);
    return node == 0 ? 0 : leftmost(node);
  }

  /** The node behind a prefix in that order, the first where it is not there, or 0. */
  long after(long data, int length) {
    Deque<Long> way = new ArrayDeque<>();
    long node = Memory.getLong(root);
    int match = 0;
    while (node != 0) {
      match = nodes.match(node, data, length);
      int nodeLength = TrieNodes.length(node);
      if (nodeLength != match || nodeLength == length) {
        break;
      }
      way.push(node);
      node = TrieNodes.child(node, TrieNodes.bit(data, nodeLength));
    }
    if (node == 0 || TrieNodes.length(node) != match || !TrieNodes.hasValue(node)) {
      return first();
    }
    long child = node;
    while (!way.isEmpty()) {
      long parent = way.pop();
      long other = TrieNodes.child(parent, 1);
      if (other != 0 && other != child) {
        return leftmost(other);
      }
      if (TrieNodes.hasValue(parent)) {
        return parent;
      }
      child = parent;
    }
    return 0;
  }

  private static long leftmost(long start) {
    long node = start;
    while (true) {
      long next = TrieNodes.child(node, 0);
      if (next == 0) {
        next = TrieNodes.child(node, 1);
      }
      if (next == 0) {
        return node;
      }
      node = next;
    }
  }

  /** Why a key may not be put in, or null: then it is counted. */
  private @Nullable Errno refused(boolean exists, long flags) {
    if (exists) {
      return flags == MapFlags.NOEXIST ? Errno.EEXIST : null;
    }
    if (flags == MapFlags.EXIST) {
      return Errno.ENOENT;
    }
    if (entries == maxEntries) {
      return Errno.ENOSPC;
    }
    entries++;
    return null;
  }
}
