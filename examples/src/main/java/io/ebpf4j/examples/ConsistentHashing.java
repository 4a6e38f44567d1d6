package io.ebpf4j.examples;

import io.ebpf4j.Kernel;
import io.ebpf4j.jvm.JvmKernel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Consistent hashing over workers that come and go: the program finds a client's worker in a table,
 * which rendezvous hashing fills, so that only the clients of one worker move.
 */
public final class ConsistentHashing {
  private static final int TABLE_SIZE = 1021;

  private ConsistentHashing() {}

  /**
   * Who moved.
   *
   * @param toNewcomer clients that the new worker got
   * @param besidesNewcomer clients that moved otherwise then
   * @param ofLeaver clients of the worker that left
   * @param besidesLeaver clients that moved otherwise then
   */
  public record Moves(
      int clients, int toNewcomer, int besidesNewcomer, int ofLeaver, int besidesLeaver) {}

  /** Prints who moved. */
  public static void main(String[] arguments) throws IOException {
    Path object =
        Path.of(arguments.length > 0 ? arguments[0] : "examples/reuseport/consistent.bpf.o");
    try (Kernel kernel = JvmKernel.create()) {
      System.out.println(run(kernel, object, 200));
    }
  }

  /** Serves clients by four workers, then by five, then by four others. */
  public static Moves run(Kernel kernel, Path object, int clientCount) throws IOException {
    List<Client> clients = new ArrayList<>();
    try (Workers workers = Workers.open(kernel, object)) {
      for (int slot = 0; slot < 4; slot++) {
        workers.start(slot);
      }
      fill(workers, List.of(0, 1, 2, 3));
      for (int i = 0; i < clientCount; i++) {
        clients.add(new Client(workers.address()));
      }
      List<Integer> first = ask(clients);
      workers.start(4);
      fill(workers, List.of(0, 1, 2, 3, 4));
      List<Integer> second = ask(clients);
      fill(workers, List.of(0, 2, 3, 4));
      workers.stop(1);
      List<Integer> third = ask(clients);
      int toNewcomer = 0;
      int besidesNewcomer = 0;
      int ofLeaver = 0;
      int besidesLeaver = 0;
      for (int i = 0; i < clientCount; i++) {
        if (!second.get(i).equals(first.get(i))) {
          if (second.get(i) == 4) {
            toNewcomer++;
          } else {
            besidesNewcomer++;
          }
        }
        if (second.get(i) == 1) {
          ofLeaver++;
        } else if (!third.get(i).equals(second.get(i))) {
          besidesLeaver++;
        }
      }
      return new Moves(clientCount, toNewcomer, besidesNewcomer, ofLeaver, besidesLeaver);
    } finally {
      clients.forEach(Client::close);
    }
  }

  private static List<Integer> ask(List<Client> clients) throws IOException {
    List<Integer> slots = new ArrayList<>();
    for (Client client : clients) {
      slots.add(client.ask((byte) 1));
    }
    return slots;
  }

  /** Gives each entry of the table to the worker with the highest weight for it. */
  private static void fill(Workers workers, List<Integer> slots) {
    for (int index = 0; index < TABLE_SIZE; index++) {
      int entry = index;
      int best =
          slots.stream().max(Comparator.comparingLong(slot -> weight(entry, slot))).orElseThrow();
      workers.map("table").update(Workers.u32(entry), Workers.u32(best));
    }
  }

  private static long weight(int entry, int slot) {
    long mixed = (entry * 31L + slot + 1) * 0x9e37_79b9_7f4a_7c15L;
    return (mixed ^ mixed >>> 29) * 0xbf58_476d_1ce4_e5b9L;
  }
}
