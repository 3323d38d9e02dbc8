#include "stream-reader.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void start_stream_reader(struct stream_reader *reader) { memset(reader, 0, sizeof *reader); }

/* Appends up to the next newline; keeps the first `limit` bytes of the line and counts them all. Returns 1 where the line is whole. */
static int take_line(const char **at, const char *end, char *kept, size_t limit, size_t *bytes) {
  const char *newline = memchr(*at, '\n', (size_t)(end - *at));
  size_t count = (size_t)((newline ? newline : end) - *at);
  if (*bytes < limit) memcpy(kept + *bytes, *at, count < limit - *bytes ? count : limit - *bytes);
  *bytes += count;
  *at = newline ? newline + 1 : end;
  return newline != NULL;
}

static void end_head_line(struct stream_reader *reader) {
  char *line = reader->control;
  size_t length = reader->control_bytes < CONTROL_PREFIX ? reader->control_bytes : CONTROL_PREFIX - 1;
  line[length] = 0;
  if (strncmp(line, "HTTP/1.1 ", 9) == 0) {
    if (strncmp(line + 9, "200", 3) != 0) reader->state = IS_WRONG;
  } else if (strncasecmp(line, "transfer-encoding: chunked", 26) == 0) {
    reader->is_chunked = 1;
  } else if (length == 0 || (length == 1 && line[0] == '\r')) {
    reader->state = reader->is_chunked ? IN_CHUNK_SIZE : IN_BODY;
  }
}

static void end_size_line(struct stream_reader *reader) {
  char *line = reader->control;
  line[reader->control_bytes < CONTROL_PREFIX ? reader->control_bytes : CONTROL_PREFIX - 1] = 0;
  /* The newline that ends the chunk before. */
  if (line[0] == '\r' || line[0] == 0) return;
  reader->chunk_left = strtoul(line, NULL, 16);
  reader->state = reader->chunk_left > 0 ? IN_BODY : AT_END;
}

static void end_stream_line(struct stream_reader *reader, on_event emit, void *owner) {
  const char *line = reader->line;
  size_t bytes = reader->line_bytes;
  size_t kept = bytes < MESSAGE_PREFIX ? bytes : MESSAGE_PREFIX;
  if (bytes == 0) {
    if (reader->has_data) emit(owner, &reader->event);
    reader->has_data = 0;
  } else if (kept > 5 && memcmp(line, "data:", 5) == 0) {
    size_t from = line[5] == ' ' ? 6 : 5;
    reader->has_data = parse_message(line + from, kept - from, &reader->event.n, &reader->event.t);
    reader->event.data_bytes = bytes - from;
  }
}

void feed_stream_reader(struct stream_reader *reader, const char *bytes, size_t count, on_event emit, void *owner) {
  const char *at = bytes, *end = bytes + count;
  while (at < end) {
    if (reader->state == IN_HEAD || reader->state == IN_CHUNK_SIZE) {
      if (!take_line(&at, end, reader->control, CONTROL_PREFIX, &reader->control_bytes)) return;
      if (reader->state == IN_HEAD) end_head_line(reader);
      else end_size_line(reader);
      reader->control_bytes = 0;
    } else if (reader->state == IN_BODY) {
      const char *stop = end;
      if (reader->is_chunked && reader->chunk_left < (size_t)(end - at)) stop = at + reader->chunk_left;
      const char *from = at;
      while (at < stop && take_line(&at, stop, reader->line, MESSAGE_PREFIX, &reader->line_bytes)) {
        end_stream_line(reader, emit, owner);
        reader->line_bytes = 0;
      }
      if (!reader->is_chunked) continue;
      reader->chunk_left -= (size_t)(at - from);
      if (reader->chunk_left == 0) reader->state = IN_CHUNK_SIZE;
    } else {
      return;
    }
  }
}
