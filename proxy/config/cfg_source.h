/* cfg_source.h - what parsing a configuration reads from the system: files, directories, names of
 * users and hosts. Read for real, recorded, or replayed from a record.
 *
 * A process in a chroot, or without the right to read its files, reloads from a record that a
 * helper outside made (process/outside.h). Not for several threads at a time. */
#ifndef PROXY_CFG_SOURCE_H
#define PROXY_CFG_SOURCE_H

#include <stdbool.h>
#include <sys/types.h>
#include <tandem/addr.h>
#include <tandem/arena.h>
#include <tandem/str.h>

/* As lexer_read_file(). */
NODISCARD int cfg_source_read(const char *path, struct arena *a, struct str *out);
/* The names of the *.cfg files of a directory in the C locale's order, hidden ones left out; each
 * ends with NUL, in the arena. 0 or -errno; -ENOTDIR when it is something else. */
NODISCARD int cfg_source_list(const char *path, struct arena *a, struct str *names);
/* As daemon_lookup_user(); gid may be NULL. */
NODISCARD int cfg_source_user(const char *name, uid_t *uid, gid_t *gid);
NODISCARD int cfg_source_group(const char *name, gid_t *gid);
/* The first address of a host, port 0. family: AF_UNSPEC for both. 0 or an EAI_... code. */
NODISCARD int cfg_source_resolve(const char *host, int family, struct addr *out);

/* The same for a name that may do without for now. At a reload only /etc/hosts is asked, which
 * takes no time: then *is_asked is false. At a start, name servers that keep silent are asked for
 * some seconds in all, not for each name. */
NODISCARD int cfg_source_resolve_soon(const char *host, int family, struct addr *out,
				      bool *is_asked);
/* A process that serves reads its files again: it must not wait for name servers. */
void cfg_source_set_reload(bool is_reload);
/* -dr: a server whose name has no address starts without, whatever init-addr says. */
void cfg_source_let_names_fail(void);
bool cfg_source_names_may_fail(void);

/* Append every answer to out, until NULL. */
void cfg_source_record(struct strbuf *out);
/* Answer from a record (borrowed), until the empty one: what it does not have is -ENOENT. */
void cfg_source_replay(struct str record);

#endif
