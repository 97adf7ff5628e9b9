/* ctl_priv.h - what the files behind the control socket share. */
#ifndef VRRPD_CTL_PRIV_H
#define VRRPD_CTL_PRIV_H

#include <jansson.h>
#include <tandem/str.h>

#include "worker.h"

/* Words that text and JSON share. */
double ctl_seconds(int64_t us);
const char *ctl_clock_text(int64_t real_us, char out[32]);
const char *ctl_cause_text(const struct vrrp_instance *i, char out[128]);
const char *ctl_track_kind_text(enum cfg_track_kind k);
/* What a tracker says in its own words. */
const char *ctl_track_state_text(const struct vrrp_instance *i, const struct vrrp_track *t);
/* The worst of all instances; a reload that failed is a defect, too. */
enum health ctl_health(const struct worker *w);

/* ctl_text.c */
void ctl_text_instance(const struct vrrp_instance *i, struct strbuf *out);
/* ctl_json.c: new references. */
json_t *ctl_json_instance(const struct vrrp_instance *i);
json_t *ctl_json_groups(const struct worker *w);
/* The drill that runs, and the last one. */
json_t *ctl_json_drill(const struct worker *w);
/* The newest max entries. */
json_t *ctl_json_history(const struct worker *w, unsigned max);
/* ctl_explain.c, ctl_metrics.c */
void ctl_text_explain(const struct vrrp_instance *i, struct strbuf *out);
json_t *ctl_json_explain(const struct vrrp_instance *i);
void ctl_text_metrics(const struct worker *w, struct strbuf *out);
/* Print and give up o. */
void ctl_print_json(struct strbuf *out, json_t *o);

#endif
