/* Sound: decodes UTF-8 that may be cut anywhere; the position of an error is
 * that of its byte in the stream. */
#include "parts/lines.h"

typedef struct text {
  lines lines;
  uint64_t position;
  uint32_t point;
  unsigned missing; /* bytes of the character in hand */
} text;

static bool take(text *self, unsigned char byte) {
  if (self->missing > 0) {
    if ((byte & 0xC0u) != 0x80) return false;
    self->point = self->point << 6 | (byte & 0x3Fu);
    self->missing--;
    return true;
  }
  self->missing = byte < 0x80 ? 0 : byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
  self->point = byte < 0x80 ? byte : byte & (0x3Fu >> self->missing);
  return byte < 0x80 || (byte >= 0xC2 && byte < 0xF5);
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  text *self = (text *)protocol;
  session *base = &self->lines.session;
  for (size_t i = 0; i < nbytes && !base->closed; i++, self->position++) {
    if (!take(self, (unsigned char)self->lines.base[i]))
      session_fail(base, 1, self->position, "not UTF-8");
    else if (self->missing == 0)
      session_data(base, "points", &self->point, sizeof self->point);
  }
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(lines_get_buffer, buffer_updated)};
LINES_PLUGIN("characters", text, callbacks);
