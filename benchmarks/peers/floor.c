/* What a name server on this machine takes at least: it receives and sends in batches and does nothing in between but
 * copy the question and put one fixed record behind it. `floor PORT TTL`, on 127.0.0.1, until it is killed. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BATCH 64 /* messages a system call, as many as pydns takes */
#define SIZE 4096
#define HEADER 12
#define TYPE_A 1

/* NAME is a pointer to the question, TYPE A, CLASS IN, TTL, RDLENGTH, 10.0.0.1 (RFC 1035 section 4.1.3). */
static unsigned char record[] = {0xc0, HEADER, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4, 10, 0, 0, 1};

/* Where the question ends, 0 where there is none. Names in questions are not compressed. */
static size_t end_of_question(const unsigned char *message, size_t length)
{
    size_t at = HEADER;
    while (at < length && message[at] && message[at] < 64)
        at += message[at] + 1;
    return at + 5 <= length && !message[at] ? at + 5 : 0;
}

/* Makes a query its own answer; its length, 0 where it gets none. */
static size_t answer(unsigned char *message, size_t length)
{
    size_t end = length < HEADER || message[2] & 0x80 ? 0 : end_of_question(message, length);
    if (!end)
        return 0;
    int has_record = message[end - 4] == 0 && message[end - 3] == TYPE_A;
    message[2] = 0x84 | (message[2] & 0x01); /* QR, AA, and RD as it was */
    message[3] = 0;
    memcpy(message + 4, "\0\1\0\0\0\0\0\0", 8); /* one question, and what stood behind it is gone */
    if (!has_record)
        return end; /* no data */
    message[7] = 1;
    memcpy(message + end, record, sizeof record);
    return end + sizeof record;
}

static void serve(int sock)
{
    static unsigned char room[BATCH][SIZE + sizeof record];
    static struct sockaddr_in clients[BATCH];
    static struct iovec pieces[BATCH];
    static struct mmsghdr messages[BATCH];
    for (;;) {
        for (int i = 0; i < BATCH; i++) {
            pieces[i] = (struct iovec){room[i], SIZE};
            messages[i].msg_hdr = (struct msghdr){
                .msg_name = &clients[i], .msg_namelen = sizeof clients[i], .msg_iov = &pieces[i], .msg_iovlen = 1};
        }
        int count = recvmmsg(sock, messages, BATCH, MSG_WAITFORONE, NULL), answers = 0;
        for (int i = 0; i < count; i++) {
            size_t length = answer(room[i], messages[i].msg_len);
            if (!length)
                continue;
            pieces[i].iov_len = length;
            messages[answers++].msg_hdr = messages[i].msg_hdr;
        }
        for (int sent = 0; sent < answers;) {
            int now = sendmmsg(sock, messages + sent, answers - sent, 0);
            sent += now > 0 ? now : 1; /* one that cannot be sent is lost, and the rest goes out */
        }
    }
}

int main(int count, char **words)
{
    if (count == 2 && !strcmp(words[1], "-v")) {
        puts("floor, compiler " __VERSION__);
        return 0;
    }
    if (count != 3) {
        fputs("usage: floor PORT TTL\n", stderr);
        return 2;
    }
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(atoi(words[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    uint32_t ttl = htonl(strtoul(words[2], NULL, 10));
    memcpy(record + 6, &ttl, sizeof ttl);
    int sock = socket(AF_INET, SOCK_DGRAM, 0), space = 4 << 20;
    setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &space, sizeof space);
    if (sock < 0 || bind(sock, (struct sockaddr *)&address, sizeof address)) {
        perror("floor");
        return 1;
    }
    serve(sock);
}
