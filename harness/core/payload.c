/* A stream is cut into blocks.  Every block is the same pattern, its low six
 * bits of each byte changed by a key of four bytes that no other block of any
 * stream has (within REPEAT bytes).  So it is made and compared at the speed of
 * a copy, and the origin of a run can be computed from any four of its bytes:
 * the high two bits, which no key changes, give the few places of the pattern
 * that fit, and each place gives the key, which is block and stream. */
#include "weir/payload.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "core/place.h"
#include "weir/trace.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words of the pattern are read as little-endian");

enum {
  BLOCK_BITS = WEIR_BLOCK_BITS,
  BLOCK = WEIR_BLOCK,
  NUMBER_BITS = 15, /* of a block's number */
  STREAM_MAX = 512, /* streams: two for each of 256 connections */
  KEY_MASK = (1 << 24) - 1,
  REPEAT = 1 << (BLOCK_BITS + NUMBER_BITS), /* a stream repeats itself after 32 MiB */
  CERTAIN = 8,                              /* bytes of a run that need no nearness to be believed */
  LEAST = 4,                                /* bytes of a run that is searched for */
  SEARCHES_MAX = 1024                       /* of one identify; each is about BLOCK steps */
};

/* Arbitrary bytes (splitmix64 from 1) without those of high bits 10, which are
 * the poison's; chosen so that no four in a row occur twice. */
const _Alignas(64) uint64_t weir_payload_pattern[BLOCK / 8] = {
    0xec670a2dec025cc1, 0xf8eefb32555eeb65, 0xd10171c1ee42c90b, 0x4d0bff15027154d8, 0x75e0ec6cd7363cc3,
    0xde357e3de70f1227, 0x435c746167491718, 0x75dc7701564f61cb, 0xc0fcd44d14cffe67, 0x41d6d77476cf4b5d,
    0x794a3b6f6d6f4c57, 0x34fd0b632ac2ce17, 0x30eed0d0da572bf1, 0x63183773ef650837, 0x10e2c46865e946e2,
    0x54cd14d73c5c2a44, 0x3ef3067ef1fd0ed1, 0x497305c5d11f1063, 0x350c43407dc177f7, 0xef0d2df7f91c4a71,
    0x0b331645445bcd27, 0xd0ff6c67e8190977, 0x67c9070cd70b12c5, 0xe2685a072c6d2b19, 0x616f2f48dce01c65,
    0x40d64e2ef3fc1770, 0xe0f52e2256feff0c, 0x3553c12e02445e4b, 0x133cd16aeb185900, 0xc749607e2c27715b,
    0x634b3c401e2907dc, 0xff0d38ff3c1f5910, 0x7e38de70d101c660, 0x685ed6de6acd12c8, 0x304d530e0e6118e9,
    0x322137307328f9ea, 0x0461edd57ae4d930, 0x4673ef770574e910, 0xe8f821fd4c4ce54d, 0x29ca17536000f46a,
    0x0b0b0c5b4af03ce4, 0x1675272751ec64c7, 0xcd5fc8c6cc67cd7a, 0x52f55540f0625227, 0xce14e028525a4dc8,
    0x3a10757fc5d15ce2, 0xd25bc01a7914ff11, 0x5f6c350b62e1401e, 0x73e0f347dc673932, 0x05e141c36b0945ca,
    0x67d7136d4d0cde66, 0x1129663eec25611e, 0x28d575d2c61eeb27, 0x6f1dcf73f902155a, 0xcc6cd2330eeb094e,
    0x5453787847686643, 0xfb55dc3320ca6335, 0x2e7d77ce4542c10f, 0xc22cc57f391bea4d, 0xd738061e6ce14b31,
    0x4bf26c38537a1e49, 0x576109e31d5ce068, 0xdad8272e600e6069, 0x257e403811c379f0, 0x5c20726dfef26ec0,
    0xf3402d4de9796031, 0xc9572dde51f35b6d, 0x5b0b7e74f0c83ec7, 0xc80a5e762810c263, 0x73f3f072d1294b18,
    0x343d01f8d0ff43e1, 0x0ac13e4a180a2bd6, 0xd803ff0d13db2029, 0x35c35100077b24f2, 0x50141d014f05f037,
    0x405151ec53730140, 0x2acb3de53fe45b5d, 0xc9cf4b257bc42e78, 0x00ce2d0b764176e3, 0xe9f6c43e6ffd5ef3,
    0x6c07577a0f53e5d6, 0xeb517bd909c3151d, 0x487c5ae8e6022a79, 0x3346d1442662db17, 0xece4fe1f72235e26,
    0x6652cb17f30af45f, 0x2f19c5763a122f59, 0x4cc4fd0d1fdf4a69, 0xe7090267cae46566, 0x2205cd295d795179,
    0x3cff78defd50ff42, 0x5a587bc47b7de8f2, 0x707a2dda657470f8, 0x6ed337f608dcd26b, 0xdb4d32647003725b,
    0x73cb441805127cc0, 0x4226d36524e51ffe, 0x0312cacff83d285f, 0xf9d9ce5974e6ed52, 0x25702c7e4ff96a3d,
    0x15426b403578705d, 0x5137031a140232e3, 0x0bf9e6cbdde2d675, 0x137450076ed129d2, 0xc3deec094262167f,
    0x63573618f2152ce0, 0x2af3fefb55c353ea, 0x0a4d66c623081362, 0xf6087c21fd152fe9, 0x3ffd3e69e4e816e3,
    0x6b0d53627fd2c7d8, 0xd4d2fac5e33b4804, 0xd157210340da6155, 0xd6fcc6184d554e3e, 0xceed2ef12bec3774,
    0x4d3b26ca23c4ff68, 0xe1114d49e92cf95c, 0xda436a2ddbe23e7f, 0xf7deeb0d1df44bcc, 0x53d0ef6c07262428,
    0xdb534000c36dd011, 0x0d3b512919452b44, 0x55ee3e602dcfe545, 0x4a1d2716fa615ac6, 0x50255a6821d3d440,
    0x1c69e4f3db0ff63d, 0x631669651f144570, 0x0cf9100b6a4ed81d,
};

static const uint8_t *pattern_at(size_t place) {
  return (const uint8_t *)weir_payload_pattern + place;
}

/* ---- Keys ------------------------------------------------------------------ */
enum { MIX = 0x9E3779, UNMIX = 0xB382C9 }; /* inverse to each other modulo 2^24 */
_Static_assert(((uint64_t)MIX * UNMIX & KEY_MASK) == 1, "UNMIX undoes MIX");

/* A permutation of 24 bits: blocks next to each other differ in all four bytes. */
static inline uint32_t mix(uint32_t number) {
  number ^= number >> 12;
  number = number * MIX & KEY_MASK;
  return number ^ number >> 12;
}

static uint32_t unmix(uint32_t number) {
  number ^= number >> 12;
  number = number * UNMIX & KEY_MASK;
  return number ^ number >> 12;
}

static inline uint32_t rotate(uint32_t key, size_t bytes) {
  unsigned bits = (unsigned)(bytes & 3) * 8;
  return key >> bits | key << (-bits & 31);
}

uint32_t weir_payload_key(weir_stream stream, uint64_t block) {
  uint32_t number = (stream & (STREAM_MAX - 1)) << NUMBER_BITS | ((uint32_t)block & 0x7FFF);
  uint32_t bits = mix(number);
  return (bits & 0x3F) | (bits & 0xFC0) << 2 | (bits & 0x3F000) << 4 | (bits & 0xFC0000) << 6;
}

/* The key of the block that offset is in, turned so that it begins at offset. */
static inline uint32_t key_at(weir_stream stream, uint64_t offset) {
  return rotate(weir_payload_key(stream, offset >> BLOCK_BITS), (size_t)offset);
}

/* ---- Making and comparing within a block ------------------------------------ */
typedef uint32_t lanes __attribute__((vector_size(16)));

static inline lanes load(const uint8_t *bytes) {
  lanes value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

static inline void store(uint8_t *bytes, lanes value) {
  memcpy(bytes, &value, sizeof value);
}

static inline uint64_t load_word(const uint8_t *bytes) {
  uint64_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

static inline uint32_t load_half(const uint8_t *bytes) {
  uint32_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

static inline bool any(lanes value) {
  uint64_t words[2];
  memcpy(words, &value, sizeof words);
  return (words[0] | words[1]) != 0;
}

static inline uint64_t widen(uint32_t key) {
  return (uint64_t)key << 32 | key;
}

static void fill_few(uint8_t *out, const uint8_t *from, size_t size, uint32_t key) {
  if (size >= 8) {
    uint64_t word = load_word(from) ^ widen(key);
    memcpy(out, &word, sizeof word);
    out += 8, from += 8, size -= 8;
  }
  for (; size > 0; size--, key = rotate(key, 1)) *out++ = (uint8_t)(*from++ ^ (key & 0xFF));
}

/* Within one block; the last 16 bytes may overlap those before them. */
static inline void fill_span(uint8_t *out, const uint8_t *from, size_t size, uint32_t key) {
  if (size < 16) {
    fill_few(out, from, size, key);
    return;
  }
  const lanes keys = {key, key, key, key};
  size_t done = 0;
  for (; done + 64 <= size; done += 64) {
    store(out + done, load(from + done) ^ keys);
    store(out + done + 16, load(from + done + 16) ^ keys);
    store(out + done + 32, load(from + done + 32) ^ keys);
    store(out + done + 48, load(from + done + 48) ^ keys);
  }
  for (; done + 16 <= size; done += 16) store(out + done, load(from + done) ^ keys);
  if (size % 16 == 0) return;
  const uint32_t last = rotate(key, size);
  store(out + size - 16, load(from + size - 16) ^ (lanes){last, last, last, last});
}

static inline size_t match_few(const uint8_t *bytes, const uint8_t *from, size_t size, uint32_t key) {
  size_t done = 0;
  for (; done + 8 <= size; done += 8) {
    uint64_t difference = load_word(bytes + done) ^ load_word(from + done) ^ widen(key);
    if (difference != 0) return done + (size_t)__builtin_ctzll(difference) / 8;
  }
  for (; done < size; done++, key = rotate(key, 1))
    if (bytes[done] != (uint8_t)(from[done] ^ (key & 0xFF))) return done;
  return size;
}

static inline size_t match_span(const uint8_t *bytes, const uint8_t *from, size_t size, uint32_t key) {
  const lanes keys = {key, key, key, key};
  size_t done = 0;
  for (; done + 64 <= size; done += 64) {
    lanes first =
        (load(bytes + done) ^ load(from + done) ^ keys) | (load(bytes + done + 16) ^ load(from + done + 16) ^ keys);
    lanes second = (load(bytes + done + 32) ^ load(from + done + 32) ^ keys) |
                   (load(bytes + done + 48) ^ load(from + done + 48) ^ keys);
    if (any(first | second)) break;
  }
  return done == size ? size : done + match_few(bytes + done, from + done, size - done, key);
}

/* ---- Across blocks ----------------------------------------------------------- */
static inline size_t place_in_block(uint64_t offset) {
  return (size_t)(offset & (BLOCK - 1));
}

static inline size_t within_block(uint64_t offset, size_t size) {
  size_t room = BLOCK - place_in_block(offset);
  return size < room ? size : room;
}

static void fill_blocks(weir_stream stream, uint64_t offset, uint8_t *out, size_t size) {
  while (size > 0) {
    size_t span = within_block(offset, size);
    fill_span(out, pattern_at(place_in_block(offset)), span, key_at(stream, offset));
    out += span;
    offset += span;
    size -= span;
  }
}

void weir_payload_fill(weir_stream stream, uint64_t offset, void *bytes, size_t size) {
  if (within_block(offset, size) == size)
    fill_span(bytes, pattern_at(place_in_block(offset)), size, key_at(stream, offset));
  else
    fill_blocks(stream, offset, bytes, size);
}

static size_t match_blocks(weir_stream stream, uint64_t offset, const uint8_t *in, size_t size) {
  size_t done = 0;
  while (done < size) {
    size_t span = within_block(offset + done, size - done);
    size_t same = match_span(in + done, pattern_at(place_in_block(offset + done)), span, key_at(stream, offset + done));
    done += same;
    if (same < span) break;
  }
  return done;
}

size_t weir_payload_match(weir_stream stream, uint64_t offset, const void *bytes, size_t size) {
  if (within_block(offset, size) == size)
    return match_span(bytes, pattern_at(place_in_block(offset)), size, key_at(stream, offset));
  return match_blocks(stream, offset, bytes, size);
}

/* ---- Where stray bytes come from ----------------------------------------------- */
typedef struct weir_puzzle {
  weir_stream stream;
  uint64_t expected;
  weir_stream streams; /* how many there are */
  const uint8_t *bytes;
  size_t size;
  unsigned searches; /* left */
} weir_puzzle;

typedef struct weir_origin {
  weir_stream stream;
  uint64_t offset;
  size_t size; /* 0: none */
} weir_origin;

/* The offset nearest to `expected` that is `place` modulo REPEAT. */
static uint64_t nearest(uint64_t expected, uint64_t place) {
  uint64_t offset = (expected & ~(uint64_t)(REPEAT - 1)) | place;
  if (offset > expected + REPEAT / 2 && offset >= REPEAT) return offset - REPEAT;
  if (offset + REPEAT / 2 < expected) return offset + REPEAT;
  return offset;
}

static uint64_t distance(uint64_t left, uint64_t right) {
  return left < right ? right - left : left - right;
}

/* How far a stream is from being the expected one: itself, the reverse, another. */
static unsigned strangeness(const weir_puzzle *puzzle, weir_stream stream) {
  if (stream == puzzle->stream) return 0;
  return (stream ^ 1u) == puzzle->stream ? 1 : 2;
}

static bool better(const weir_puzzle *puzzle, const weir_origin *left, const weir_origin *right) {
  if (left->size != right->size) return left->size > right->size;
  unsigned left_strange = strangeness(puzzle, left->stream), right_strange = strangeness(puzzle, right->stream);
  if (left_strange != right_strange) return left_strange < right_strange;
  return distance(left->offset, puzzle->expected) < distance(right->offset, puzzle->expected);
}

/* What the bytes at `position` are if they stand at `place` of a block. */
static weir_origin origin_at(const weir_puzzle *puzzle, size_t position, size_t place, uint32_t difference) {
  uint32_t key = rotate(difference, (4 - (place & 3)) & 3);
  uint32_t bits = (key & 0x3F) | (key >> 2 & 0xFC0) | (key >> 4 & 0x3F000) | (key >> 6 & 0xFC0000);
  uint32_t number = unmix(bits);
  weir_origin found = {.stream = number >> NUMBER_BITS};
  if (found.stream >= puzzle->streams) return found;
  found.offset = nearest(puzzle->expected, (uint64_t)(number & 0x7FFF) << BLOCK_BITS | place);
  size_t size = weir_payload_match(found.stream, found.offset, puzzle->bytes + position, puzzle->size - position);
  bool near = distance(found.offset, puzzle->expected) <= WEIR_PAYLOAD_REACH;
  if (size >= CERTAIN || (near && size >= LEAST)) found.size = size;
  return found;
}

static weir_origin search(weir_puzzle *puzzle, size_t position) {
  weir_origin best = {.size = 0};
  if (puzzle->size - position < LEAST || puzzle->searches == 0) return best;
  puzzle->searches--;
  const uint32_t window = load_half(puzzle->bytes + position);
  for (size_t place = 0; place + LEAST <= BLOCK; place++) {
    uint32_t difference = load_half(pattern_at(place)) ^ window;
    if ((difference & 0xC0C0C0C0u) != 0) continue;
    weir_origin found = origin_at(puzzle, position, place, difference);
    if (found.size > 0 && better(puzzle, &found, &best)) best = found;
  }
  return best;
}

static size_t poison_size(const weir_puzzle *puzzle, size_t position) {
  size_t end = position;
  while (end < puzzle->size && puzzle->bytes[end] == WEIR_POISON) end++;
  return end - position;
}

static weir_payload_run run_of(const weir_puzzle *puzzle, const weir_origin *origin) {
  static const uint8_t codes[] = {WEIR_DATA_STREAM, WEIR_DATA_REVERSE, WEIR_DATA_FOREIGN};
  weir_payload_run run = {
      .data = codes[strangeness(puzzle, origin->stream)], .size = (uint32_t)origin->size, .offset = origin->offset};
  if (run.data == WEIR_DATA_FOREIGN) run.offset |= (uint64_t)(origin->stream / 2) << 56;
  return run;
}

/* The run at `position`; `place` is where the stream would go on there, and
 * `sure` says that it goes on from a place that is known. */
static weir_payload_run next_run(weir_puzzle *puzzle, size_t position, uint64_t place, bool sure, weir_origin *found) {
  size_t left = puzzle->size - position;
  size_t poison = poison_size(puzzle, position);
  *found = (weir_origin){.stream = puzzle->stream, .offset = place};
  if (poison > 0) return (weir_payload_run){.data = WEIR_DATA_POISON, .size = (uint32_t)poison};
  found->size = weir_payload_match(puzzle->stream, place, puzzle->bytes + position, left);
  if (found->size >= LEAST || found->size == left) return run_of(puzzle, found);
  weir_origin elsewhere = search(puzzle, position);
  if (elsewhere.size > 0)
    *found = elsewhere;
  else if (!sure)
    found->size = 0;
  if (found->size > 0) return run_of(puzzle, found);
  return (weir_payload_run){.data = WEIR_DATA_NONSENSE, .size = 1};
}

/* A window over the edge of a block is not found by search, so the beginning
 * of a run may have been taken for nonsense: gives it back. */
static void extend_back(const weir_puzzle *puzzle, size_t position, const weir_origin *found, weir_payload_run *before,
                        weir_payload_run *run) {
  uint64_t offset = found->offset;
  while (before->size > 0 && offset > 0 &&
         weir_payload_match(found->stream, offset - 1, puzzle->bytes + position - 1, 1) == 1) {
    before->size--, run->size++;
    position--, offset--, run->offset--;
  }
}

static bool joins(const weir_payload_run *before, const weir_payload_run *run) {
  if (before->data != run->data) return false;
  bool placed = run->data != WEIR_DATA_NONSENSE && run->data != WEIR_DATA_POISON;
  return !placed || before->offset + before->size == run->offset;
}

/* Appends a run; past `most` the last one takes it, as nonsense. */
static size_t append(weir_payload_run *runs, size_t count, size_t most, weir_payload_run run) {
  if (count > 0 && joins(&runs[count - 1], &run)) {
    runs[count - 1].size += run.size;
    return count;
  }
  if (count < most) {
    runs[count] = run;
    return count + 1;
  }
  runs[most - 1] = (weir_payload_run){.data = WEIR_DATA_NONSENSE, .size = runs[most - 1].size + run.size};
  return count;
}

size_t weir_payload_identify(weir_stream stream, uint64_t expected, unsigned connections, const void *bytes,
                             size_t size, weir_payload_run *runs, size_t most) {
  assert(size <= UINT32_MAX);
  if (most == 0) return 0;
  weir_stream streams = connections < STREAM_MAX / 2 ? connections * 2u : STREAM_MAX;
  if (streams <= stream) streams = (stream | 1u) + 1;
  weir_puzzle puzzle = {.stream = stream,
                        .expected = expected,
                        .streams = streams,
                        .bytes = bytes,
                        .size = size,
                        .searches = SEARCHES_MAX};
  size_t count = 0, position = 0;
  uint64_t place = expected;
  while (position < size) {
    const bool sure = count == 0 || runs[count - 1].data == WEIR_DATA_POISON;
    weir_origin found;
    weir_payload_run run = next_run(&puzzle, position, place, sure, &found);
    size_t end = position + run.size;
    place = run.data == WEIR_DATA_STREAM ? run.offset + run.size : place + run.size;
    if (count > 0 && runs[count - 1].data == WEIR_DATA_NONSENSE && found.size > 0 && run.data != WEIR_DATA_POISON) {
      extend_back(&puzzle, position, &found, &runs[count - 1], &run);
      if (runs[count - 1].size == 0) count--;
    }
    count = append(runs, count, most, run);
    position = end;
  }
  return count;
}
