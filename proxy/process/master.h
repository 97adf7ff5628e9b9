/* master.h - the master of -W: keeps a worker alive, passes signals on, holds copies of its
 * sockets.
 *
 *            fork                 worker died (back-off)
 *   master ------> worker ---------------------------------> fork again, sockets inherited
 *
 * The accept queues of the sockets live as long as the master does: a client that connects while
 * there is no worker is served by the next one. SIGHUP reloads in the worker, SIGUSR2 too, unless
 * the program's file was replaced: process/upgrade.h. SIGUSR1 drains, SIGTERM and SIGINT stop. */
#ifndef PROXY_MASTER_H
#define PROXY_MASTER_H

struct cfg;
struct options;

/* Runs the master; in the worker that it forks, runs the worker. cfg is taken. Returns the exit
 * status of whichever process returns. */
int master_run(const struct options *o, struct cfg *cfg);

#endif
