package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.map.LruList.Eviction;
import io.ebpf4j.jvm.map.LruNodes.Place;
import io.ebpf4j.jvm.memory.Blocks;

/** The elements of an LRU hash: one that holds no key, or the key that was not used for longest. */
abstract sealed class LruPool {
  final LruNodes nodes;

  LruPool(LruNodes nodes) {
    this.nodes = nodes;
  }

  /**
   * Makes a pool in which all elements are free.
   *
   * @param elements address of the first
   * @param count of them
   * @param shared whether all CPUs have one list, or each its own
   */
  static LruPool create(
      HashLayout layout,
      Blocks blocks,
      Eviction eviction,
      long elements,
      int count,
      int cpus,
      boolean shared) {
    int heads = shared ? 3 + 2 * cpus : 3 * cpus;
    LruNodes nodes = new LruNodes(elements, layout.stride(), blocks, heads);
    return shared
        ? new Shared(nodes, eviction, count, cpus)
        : new PerCpu(nodes, eviction, count, cpus);
  }

  /** An element for a thread that acts for a CPU, 0 where all are in other threads' hands. */
  abstract long take(int cpu);

  /** Takes back an element that is not in the map. */
  abstract void give(long element);

  /**
   * One list for all CPUs. Each CPU fetches some free elements at once, and keeps those that it has
   * given out since the last time: they get into the common list when it fetches again. A CPU that
   * finds none takes one of another's.
   */
  private static final class Shared extends LruPool {
    private static final int SCANS = 128;
    private static final int MOST_FETCHED = 128;

    private final LruList list;
    private final Eviction eviction;
    private final OfCpu[] cpus;
    private final int fetched;

    Shared(LruNodes nodes, Eviction eviction, int count, int cpuCount) {
      super(nodes);
      this.eviction = eviction;
      this.list = new LruList(nodes, eviction, -1, SCANS);
      this.cpus = new OfCpu[cpuCount];
      this.fetched = Math.clamp(count / cpuCount / 2, 1, MOST_FETCHED);
      for (int cpu = 0; cpu < cpuCount; cpu++) {
        cpus[cpu] = new OfCpu(-4 - 2 * cpu, -5 - 2 * cpu, cpu);
      }
      for (int node = 0; node < count; node++) {
        list.addFree(node);
      }
    }

    private static final class OfCpu {
      final NarrowLock lock = new NarrowLock();
      final int free;
      final int pending;
      int nextVictim;

      OfCpu(int free, int pending, int nextVictim) {
        this.free = free;
        this.pending = pending;
        this.nextVictim = nextVictim;
      }
    }

    @Override
    long take(int cpu) {
      OfCpu own = cpus[cpu];
      own.lock.lock();
      int node = popFree(own);
      if (node < 0) {
        fetch(own);
        node = popFree(own);
      }
      if (node >= 0) {
        addPending(own, cpu, node);
      }
      own.lock.unlock();
      return node >= 0 ? nodes.element(node) : steal(own, cpu);
    }

    @Override
    void give(long element) {
      int node = nodes.node(element);
      if (nodes.place(node) == Place.PENDING) {
        OfCpu owner = cpus[nodes.cpu(node)];
        owner.lock.lock();
        boolean still = nodes.place(node) == Place.PENDING;
        if (still) {
          nodes.place(node, Place.FREE_OF_CPU);
          nodes.clearUsed(node);
          nodes.move(node, owner.free);
        }
        owner.lock.unlock();
        if (still) {
          return;
        }
      }
      list.lock.lock();
      list.move(node, Place.FREE);
      list.lock.unlock();
    }

    private int popFree(OfCpu from) {
      if (nodes.isEmpty(from.free)) {
        return -1;
      }
      int node = nodes.next(from.free);
      nodes.remove(node);
      return node;
    }

    private void addPending(OfCpu to, int cpu, int node) {
      nodes.cpu(node, cpu);
      nodes.clearUsed(node);
      nodes.place(node, Place.PENDING);
      nodes.add(node, to.pending);
    }

    private void fetch(OfCpu own) {
      list.lock.lock();
      for (int node = nodes.previous(own.pending); node != own.pending; ) {
        int before = nodes.previous(node);
        list.move(node, nodes.isUsed(node) ? Place.ACTIVE : Place.INACTIVE);
        node = before;
      }
      list.rotate();
      int got = 0;
      for (; got < fetched && list.firstFree() >= 0; got++) {
        list.giveAway(list.firstFree(), own.free, Place.FREE_OF_CPU);
      }
      if (got < fetched) {
        list.shrink(fetched - got, own.free, Place.FREE_OF_CPU);
      }
      list.lock.unlock();
    }

    private long steal(OfCpu own, int cpu) {
      int first = own.nextVictim;
      int victim = first;
      int node;
      do {
        OfCpu from = cpus[victim];
        from.lock.lock();
        node = popFree(from);
        if (node < 0) {
          node = popPending(from, false);
        }
        if (node < 0) {
          node = popPending(from, true);
        }
        from.lock.unlock();
        victim = (victim + 1) % cpus.length;
      } while (node < 0 && victim != first);
      own.nextVictim = victim;
      if (node < 0) {
        return 0;
      }
      own.lock.lock();
      addPending(own, cpu, node);
      own.lock.unlock();
      return nodes.element(node);
    }

    private int popPending(OfCpu from, boolean evenUsed) {
      for (int node = nodes.previous(from.pending);
          node != from.pending;
          node = nodes.previous(node)) {
        if ((evenUsed || !nodes.isUsed(node)) && eviction.evict(nodes.element(node))) {
          nodes.remove(node);
          return node;
        }
      }
      return -1;
    }
  }

  /** A list for each CPU, with its share of the elements. */
  private static final class PerCpu extends LruPool {
    private static final int SCANS = 4;
    private static final int WANTED = 4;

    private final LruList[] lists;

    PerCpu(LruNodes nodes, Eviction eviction, int count, int cpus) {
      super(nodes);
      this.lists = new LruList[cpus];
      int share = count / cpus;
      for (int cpu = 0; cpu < cpus; cpu++) {
        lists[cpu] = new LruList(nodes, eviction, -1 - 3 * cpu, SCANS);
        for (int i = 0; i < share; i++) {
          int node = cpu * share + i;
          nodes.cpu(node, cpu);
          lists[cpu].addFree(node);
        }
      }
    }

    @Override
    long take(int cpu) {
      LruList list = lists[cpu];
      list.lock.lock();
      list.rotate();
      if (list.firstFree() < 0) {
        list.shrink(WANTED, -3 - 3 * cpu, Place.FREE);
      }
      int node = list.firstFree();
      if (node >= 0) {
        list.move(node, Place.INACTIVE);
      }
      list.lock.unlock();
      return node < 0 ? 0 : nodes.element(node);
    }

    @Override
    void give(long element) {
      int node = nodes.node(element);
      LruList list = lists[nodes.cpu(node)];
      list.lock.lock();
      list.move(node, Place.FREE);
      list.lock.unlock();
    }
  }
}
