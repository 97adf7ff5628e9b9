/* cfg_names.h - the words of haproxy.cfg for our enums, for parsing and for printing. */
#ifndef PROXY_CFG_NAMES_H
#define PROXY_CFG_NAMES_H

/* Each ends with NULL. */
extern const char *const cfg_state_sources[], *const cfg_reuses[], *const cfg_forwarded_fields[];
extern const char *const cfg_log_facilities[],
	*const cfg_log_levels[], *const cfg_log_formats[], *const cfg_ctl_levels[],
								   *const cfg_balances[],
									   *const cfg_hash_fns[];

/* retry-on: words and their bits, ended by a row without name. */
struct cfg_retry_word {
	const char *name;
	unsigned bit;
};
extern const struct cfg_retry_word cfg_retry_words[];

#endif
