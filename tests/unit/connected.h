/* connected.h: a connect(2) that leaves connected sockets as they are.
 *
 * libcurl 7.88 calls it on sockets that are connected; inside the role the filter
 * answers that call with 0. Tests run without the filter, so the executable has a
 * function of that name, which the libraries then find first. */
#ifndef ARRESTOR_TESTS_CONNECTED_H
#define ARRESTOR_TESTS_CONNECTED_H

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t length) {
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0)
        return 0;
    return (int)syscall(SYS_connect, fd, address.__sockaddr__, length);
}

#endif
