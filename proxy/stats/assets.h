/* assets.h - the dashboard's style sheet and script, files of stats/assets/ inside of the program.
 */
#ifndef PROXY_STATS_ASSETS_H
#define PROXY_STATS_ASSETS_H

#include <tandem/str.h>

struct str asset_css(void);
struct str asset_js(void);

#endif
