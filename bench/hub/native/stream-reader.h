/* Bytes of one connection -> its events: the head of the response, chunks where it is chunked, lines, blank lines that end an event.
 * Reads pieces of any size and keeps no more of a line than a message needs. */
#ifndef STREAM_READER_H
#define STREAM_READER_H
#include "message.h"

#define CONTROL_PREFIX 40

struct stream_event {
  uint32_t n;
  uint64_t t;
  /* Bytes of the data, without the name of the field. */
  size_t data_bytes;
};

typedef void (*on_event)(void *owner, const struct stream_event *event);

struct stream_reader {
  enum { IN_HEAD, IN_CHUNK_SIZE, IN_BODY, AT_END, IS_WRONG } state;
  int is_chunked;
  size_t chunk_left;
  /* A line of the head, or one that gives the size of a chunk, as far as it has come. */
  char control[CONTROL_PREFIX];
  size_t control_bytes;
  /* A line of the event stream, as far as it has come: it may go on in the next chunk. */
  char line[MESSAGE_PREFIX];
  size_t line_bytes;
  /* The data line of the event that is not ended yet. */
  int has_data;
  struct stream_event event;
};

void start_stream_reader(struct stream_reader *reader);
void feed_stream_reader(struct stream_reader *reader, const char *bytes, size_t count, on_event emit, void *owner);
#endif
