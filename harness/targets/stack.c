#include "targets/stack.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  SYMBOLS_AT_ONCE = 512,
  SYMBOLS_MAX = 1 << 24, /* of one table: more is no table */
  NAME_MAX_BYTES = 80
};

static bool read_at(int file, void *out, size_t size, uint64_t offset) {
  return offset <= INT64_MAX && pread(file, out, size, (off_t)offset) == (ssize_t)size;
}

static bool is_ours(const Elf64_Ehdr *head) {
  const int data = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
  return memcmp(head->e_ident, ELFMAG, SELFMAG) == 0 && head->e_ident[EI_CLASS] == ELFCLASS64 &&
         head->e_ident[EI_DATA] == data && head->e_shentsize == sizeof(Elf64_Shdr) && head->e_shnum > 0;
}

static bool read_section(int file, const Elf64_Ehdr *head, uint32_t number, Elf64_Shdr *section) {
  return number < head->e_shnum && read_at(file, section, sizeof *section, head->e_shoff + number * sizeof *section);
}

static bool find_section(int file, const Elf64_Ehdr *head, uint32_t type, Elf64_Shdr *section) {
  for (uint32_t i = 0; read_section(file, head, i, section); i++)
    if (section->sh_type == type) return true;
  return false;
}

static bool covers(const Elf64_Sym *symbol, uint64_t place) {
  return ELF64_ST_TYPE(symbol->st_info) == STT_FUNC && symbol->st_shndx != SHN_UNDEF && place >= symbol->st_value &&
         place - symbol->st_value < symbol->st_size;
}

/* The function that a place is in. */
static bool find_symbol(int file, const Elf64_Shdr *table, uint64_t place, Elf64_Sym *found) {
  Elf64_Sym some[SYMBOLS_AT_ONCE];
  const uint64_t all = table->sh_size / sizeof *some;
  for (uint64_t first = 0; first < all && first < SYMBOLS_MAX; first += SYMBOLS_AT_ONCE) {
    const uint64_t count = all - first < SYMBOLS_AT_ONCE ? all - first : SYMBOLS_AT_ONCE;
    if (!read_at(file, some, count * sizeof *some, table->sh_offset + first * sizeof *some)) return false;
    for (uint64_t i = 0; i < count; i++) {
      if (!covers(&some[i], place)) continue;
      *found = some[i];
      return true;
    }
  }
  return false;
}

static bool name_in(int file, const Elf64_Ehdr *head, uint32_t type, uint64_t place, char *name, uint64_t *into) {
  Elf64_Shdr table, names;
  Elf64_Sym symbol;
  if (!find_section(file, head, type, &table) || !read_section(file, head, table.sh_link, &names)) return false;
  if (!find_symbol(file, &table, place, &symbol) || symbol.st_name >= names.sh_size) return false;
  ssize_t length = pread(file, name, NAME_MAX_BYTES - 1, (off_t)(names.sh_offset + symbol.st_name));
  name[length > 0 ? length : 0] = '\0';
  for (char *c = name; *c != '\0'; c++)
    if (*c < '!' || *c > '~') *c = '?';
  *into = place - symbol.st_value;
  return name[0] != '\0';
}

/* What a file calls the function at a place: its own table knows more than the
 * one that the dynamic linker is given.  Nothing is allocated, so that what is
 * told does not depend on how much memory is left. */
static bool find_name(const char *path, uint64_t place, char *name, uint64_t *into) {
  struct stat about;
  Elf64_Ehdr head;
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return false;
  bool found =
      fstat(file, &about) == 0 && S_ISREG(about.st_mode) && read_at(file, &head, sizeof head, 0) && is_ours(&head) &&
      (name_in(file, &head, SHT_SYMTAB, place, name, into) || name_in(file, &head, SHT_DYNSYM, place, name, into));
  (void)close(file);
  return found;
}

static size_t print_frame(const weir_crash_frame *frame, char *out, size_t size) {
  char path[WEIR_CRASH_FILE_MAX], name[NAME_MAX_BYTES];
  (void)snprintf(path, sizeof path, "%.*s", (int)sizeof frame->file - 1, frame->file);
  const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
  uint64_t into = 0;
  int length;
  if (path[0] == '\0')
    length = snprintf(out, size, "?\n");
  else if (find_name(path, frame->place, name, &into))
    length = snprintf(out, size, "%s+0x%" PRIx64 " (%s)\n", name, into, base);
  else
    length = snprintf(out, size, "%s+0x%" PRIx64 "\n", base, frame->place);
  return length > 0 && (size_t)length < size ? (size_t)length : 0;
}

void weir_stack_print(const weir_crash *crash, char *out, size_t size) {
  size_t used = 0;
  out[0] = '\0';
  for (uint32_t i = 0; i < crash->count && i < WEIR_CRASH_FRAMES; i++) {
    size_t more = print_frame(&crash->frames[i], out + used, size - used);
    out[used + more] = '\0';
    if (more == 0) break;
    used += more;
  }
  if (used > 0) out[used - 1] = '\0';
}
