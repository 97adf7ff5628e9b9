/* sock_io.h - reading and writing connected sockets.
 *
 * recv() and send() are cancellation points: in a program with threads they cost forty instructions
 * beside the system call, four times a request. No thread is ever cancelled here. */
#ifndef PROXY_SOCK_IO_H
#define PROXY_SOCK_IO_H

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SOCK_IO_CHECKED 1 /* these look at the buffers of calls that they know */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SOCK_IO_CHECKED 1
#endif
#endif

/* Bytes, or -1 and errno. */
static inline ssize_t sock_recv(int fd, void *bytes, size_t room)
{
#ifdef SOCK_IO_CHECKED
	return recv(fd, bytes, room, 0);
#else
	return syscall(SYS_recvfrom, fd, bytes, room, 0, NULL, NULL);
#endif
}

/* The same. A peer that is gone is an error, never a signal. */
static inline ssize_t sock_send(int fd, const void *bytes, size_t len)
{
#ifdef SOCK_IO_CHECKED
	return send(fd, bytes, len, MSG_NOSIGNAL);
#else
	return syscall(SYS_sendto, fd, bytes, len, MSG_NOSIGNAL, NULL, 0);
#endif
}

#endif
