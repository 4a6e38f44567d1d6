// Types of every kind that clang writes into .BTF, in maps and globals.
// clang-19 -target bpf -g -O2 -ffile-compilation-dir=. -c types.bpf.c -o types.bpf.o
// llvm-objcopy-19 --dump-section .BTF=types.btf --dump-section .BTF.ext=types.btf.ext types.bpf.o

#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int(*name)[value]
#define __type(name, value) typeof(value) *name
#define __tag(name) __attribute__((btf_type_tag(name)))

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef _Bool bool;

enum color { RED, GREEN = 5, BLUE = -1 };
enum wide { SMALL = 1, LARGE = 0x100000000ULL };

struct forward;

struct flags {
  u32 low : 3;
  u32 middle : 7;
  int negative : 5;
  u64 high : 40;
  bool on : 1;
};

struct inner {
  short x;
  short y;
} __attribute__((preserve_access_index));

union either {
  u32 number;
  u8 bytes[4];
};

typedef int (*callback)(void *context, const struct inner *in, ...);

struct everything {
  signed char small;
  char letter;
  bool yes;
  short points[3];
  char name[8];
  const volatile int *restrict pointer;
  enum color color;
  enum wide wide;
  float single;
  double real;
  __int128 huge;
  struct flags flags;
  struct inner grid[2][2];
  union either either;
  union {
    u32 first;
    struct {
      u8 left;
      u8 right;
    };
  };
  struct {
    int value;
  } named;
  struct forward *later;
  callback call;
  int __tag("user") *tagged;
  u8 rest[];
};

struct {
  __uint(type, 2);
  __uint(max_entries, 4);
  __type(key, u32);
  __type(value, struct everything);
} table SEC(".maps");

struct everything example = {.small = -3, .letter = 'x', .name = "ebpf"};
const volatile u32 limit = 7;
static volatile u64 counter __attribute__((btf_decl_tag("statistic")));
extern int CONFIG_HZ __attribute__((section(".kconfig"), weak));

static __attribute__((noinline)) int sum(struct inner *in) {
  return in->x + in->y;
}

SEC("xdp")
int count(struct inner *in) {
  counter += limit + CONFIG_HZ;
  if (__builtin_preserve_field_info(in->y, 2))
    return sum(in);
  return example.small;
}

SEC("tc")
int size(void *context) {
  return __builtin_preserve_type_info(*(struct flags *)0, 1);
}

char LICENSE[] SEC("license") = "GPL";
