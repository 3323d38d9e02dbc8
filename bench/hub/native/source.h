/* What epoll tells of: each such thing begins with its kind. */
#ifndef SOURCE_H
#define SOURCE_H
enum source { FOLLOWER, PUBLISHER };
#endif
