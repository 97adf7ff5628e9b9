/* assets.c - the dashboard's style sheet and script, put into the program by the assembler. */
#include "stats/assets.h"

/* Paths are relative to the root of the source tree, where make runs the compiler. */
#define ASSET(name, file)                                                                          \
	__asm__(".section .rodata\n"                                                               \
		".type asset_" #name ", @object\n"                                                 \
		"asset_" #name ": .incbin \"proxy/stats/assets/" file "\"\n"                       \
		".type asset_" #name "_end, @object\n"                                             \
		"asset_" #name "_end: .byte 0\n"                                                   \
		".previous\n");                                                                    \
	extern const char asset_##name[], asset_##name##_end[]

ASSET(dashboard_css, "dashboard.css");
ASSET(dashboard_js, "dashboard.js");

struct str asset_css(void)
{
	return (struct str){ asset_dashboard_css,
			     (size_t)(asset_dashboard_css_end - asset_dashboard_css) };
}

struct str asset_js(void)
{
	return (struct str){ asset_dashboard_js,
			     (size_t)(asset_dashboard_js_end - asset_dashboard_js) };
}
