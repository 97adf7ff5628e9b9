/* cli_config.c - the running configuration, in canonical form. */
#include "cli/cli.h"

#include "config/cfg_parse.h"
#include "process/process.h"

void cli_show_config(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	(void)cursor, (void)more;
	cfg_dump(process_self->cfg, rq->out);
}
